/**
 * The repository's own checks, for what no other tool looks at: `npm run check:tidy`.
 *
 * Line width, length of functions and files (with a list of exceptions that may only shrink), leftovers of
 * work in progress, links and commands in the documentation that lead nowhere.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readTree } from './tidy/files.ts'
import { checkCommands, checkLinks, readKnown } from './tidy/markdown.ts'
import { checkMarkers } from './tidy/markers.ts'
import { type Allowed, checkLength, checkRatchet, checkWidth } from './tidy/size.ts'

const ALLOW_LIST = 'tools/tidy-allow.json'

interface TidyReport {
  readonly problems: readonly string[]
  readonly filesCount: number
}

/** Every problem as `path:line: what is wrong`. Looking at no file is a problem too. */
export function checkTidy(root: string): TidyReport {
  const files = readTree(root)
  if (files.length === 0) return { problems: [`no file under ${root}`], filesCount: 0 }
  const known = readKnown(root)
  const allowed = readAllowed(root)
  const problems = files.flatMap((file) => [
    ...checkWidth(file),
    ...checkMarkers(file),
    ...checkLinks(root, file),
    ...checkCommands(root, file, known),
  ])
  const ratchet = committedLists(root).flatMap((before) => checkRatchet(before, allowed))
  return {
    problems: [...problems, ...checkLength(files, allowed), ...new Set(ratchet)],
    filesCount: files.length,
  }
}

function readAllowed(root: string): Allowed {
  const path = join(root, ALLOW_LIST)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Allowed) : {}
}

/** The list in the last commit and in the one before, where git and the commits are there to ask. */
function committedLists(root: string): Allowed[] {
  return ['HEAD', 'HEAD^'].flatMap((revision) => {
    try {
      const text = execFileSync('git', ['show', `${revision}:${ALLOW_LIST}`], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      return [JSON.parse(text) as Allowed]
    } catch {
      return []
    }
  })
}

function main(): void {
  const { problems, filesCount } = checkTidy(resolve(import.meta.dirname, '..'))
  for (const problem of problems) console.error(problem)
  console.log(`tidy: ${filesCount} files, ${problems.length} problems`)
  if (problems.length > 0) process.exitCode = 1
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main()

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, matchesGlob } from 'node:path'

/** A text file of the repository. */
export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly lines: readonly string[]
}

/** The directory may be a copy without .git, so git is not asked: .gitignore is read here. */
export function readTree(root: string): SourceFile[] {
  const ignored = ignoredNames(root)
  return walk(root, '', ignored)
    .sort()
    .flatMap((path) => readText(root, path))
}

export function isCode(path: string): boolean {
  return /\.(?:ts|js|mjs|cjs)$/.test(path)
}

export function isTest(path: string): boolean {
  return /(?:^|\/)test\//.test(path)
}

/** Only what our .gitignore uses is understood: a name or a glob without a path. */
function ignoredNames(root: string): string[] {
  const path = join(root, '.gitignore')
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
  const patterns = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  for (const pattern of patterns) {
    if (/^!|\/./.test(pattern)) throw new Error(`tools/tidy/files.ts cannot read "${pattern}" in .gitignore`)
  }
  return ['.git', ...patterns.map((pattern) => pattern.replace(/\/$/, ''))]
}

function walk(root: string, folder: string, ignored: readonly string[]): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((item) => {
    const path = folder === '' ? item.name : `${folder}/${item.name}`
    if (ignored.some((pattern) => matchesGlob(basename(path), pattern))) return []
    if (item.isDirectory()) return walk(root, path, ignored)
    return item.isFile() ? [path] : []
  })
}

/** Nothing for a binary file: one that holds a zero byte. */
function readText(root: string, path: string): SourceFile[] {
  const bytes = readFileSync(join(root, path))
  if (bytes.includes(0)) return []
  const text = bytes.toString('utf8')
  return [{ path, text, lines: text.replace(/\n$/, '').split('\n') }]
}

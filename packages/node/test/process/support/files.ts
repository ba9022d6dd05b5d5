import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** LevelDB's own journal of what it did, and who holds the directory: written by merely looking. */
const WRITTEN_BY_LOOKING = /^(?:ledger\/LOG(?:\.old)?|ledger\/LOCK)$/

/** SHA-256 of each file below a directory, by its path: what must stay as it is when a start is refused. */
export function digests(directory: string): Record<string, string> {
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name).slice(directory.length + 1))
    .filter((path) => !WRITTEN_BY_LOOKING.test(path))
    .sort()
  return Object.fromEntries(paths.map((path) => [path, digest(join(directory, path))]))
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

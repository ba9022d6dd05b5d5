/**
 * LevelDB, on opening, writes what it could read of its write-ahead log into a table, without a damaged tail,
 * and deletes the log. Whether that tail was confirmed is only known afterwards, from the anchor. So such a
 * log gets a second name before:
 *
 *   ledger/000003.log   the log, which LevelDB deletes
 *   damaged-000003.log  the same bytes, removed once the anchor says that nothing confirmed is missing
 */
import { copyFileSync, existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ledgerPath } from './data-directory.ts'

/**
 * Whether the kept file holds the bytes of this log, so that it may be removed again. One that is already
 * there is never overwritten; with other bytes it belongs to an earlier damage.
 */
export function keepLog(directory: string, name: string): boolean {
  const log = join(ledgerPath(directory), name)
  const kept = keptPath(directory, name)
  // With the same bytes it was left by an opening that was killed.
  if (existsSync(kept)) return readFileSync(kept).equals(readFileSync(log))
  try {
    linkSync(log, kept)
  } catch {
    // Not every file system has links. Renamed, so that a crash leaves no half of a copy under this name.
    copyFileSync(log, `${kept}.new`)
    renameSync(`${kept}.new`, kept)
  }
  return true
}

/** `names`: of the logs in the ledger. */
export function releaseLogs(directory: string, names: readonly string[]): void {
  for (const name of names) rmSync(keptPath(directory, name), { force: true })
}

/** Names of all that are kept, also since an earlier opening. */
export function keptLogs(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^damaged-\d+\.log$/.test(name))
    .sort()
}

function keptPath(directory: string, name: string): string {
  return join(directory, `damaged-${name}`)
}

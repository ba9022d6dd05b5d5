import { InvariantError, printable } from '@pulseledger/core'
import { NodeFailure } from '../../ports.ts'

/**
 * What LevelDB and the file system say, as codes of ours. LevelDB gives a text ("IO error: <file>: No space
 * left on device"), the file system a code ("ENOSPC"); both end up here.
 */
export type Doing = 'opening' | 'reading' | 'writing'

const DISK_FULL = /No space left|Disk quota exceeded|ENOSPC|EDQUOT/
const PERMISSION =
  /Permission denied|not permitted|Read-only|Not a directory|EACCES|EPERM|EROFS|ENOTDIR|EISDIR|EEXIST/
/** Of a file that LevelDB expects. A limit of open files or memory says something else. */
const GONE = /No such file|ENOENT/

/** `path`: the data directory, or the file in question. A failure of ours passes through. */
export function storeFailure(error: unknown, doing: Doing, path: string): Error {
  if (error instanceof NodeFailure || error instanceof InvariantError) return error
  const { code, text } = origin(error)
  const failure = (code: NodeFailure['code'], what: string): NodeFailure =>
    new NodeFailure(code, `${what} (${printable(text, 500)})`, { cause: error })

  if (code === 'LEVEL_LOCKED') return failure('STORE_LOCKED', `${path} is in use`)
  if (code === 'LEVEL_CORRUPTION') return failure('STORE_DAMAGED', `the database in ${path} is damaged`)
  if (DISK_FULL.test(text)) return failure('STORE_DISK_FULL', `the disk of ${path} is full`)
  if (PERMISSION.test(text)) return failure('STORE_PERMISSION', `${path} is not accessible`)
  if (doing === 'writing') return failure('STORE_WRITE_FAILED', `writing to ${path} failed`)
  if (GONE.test(text)) return failure('STORE_DAMAGED', `a file of the database in ${path} is missing`)
  return failure('STORE_READ_FAILED', `${doing} ${path} failed`)
}

export function damaged(path: string, what: string): NodeFailure {
  return new NodeFailure('STORE_DAMAGED', `the database in ${path} is damaged: ${what}`)
}

/** abstract-level wraps what the binding says, at times twice. */
function origin(error: unknown): { code: string; text: string } {
  let at = error
  while (at instanceof Error && at.cause instanceof Error) at = at.cause
  if (!(at instanceof Error)) return { code: '', text: String(at) }
  return { code: (at as NodeJS.ErrnoException).code ?? '', text: at.message }
}

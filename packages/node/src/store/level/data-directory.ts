import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { NODE_LIMITS } from '../../limits.ts'
import { NodeFailure } from '../../ports.ts'
import { storeFailure } from './failures.ts'

/**
 * The data directory, which only its owner may enter, because readings are private:
 *
 *   ledger/     the database (LevelDB); `ledger/LOCK` decides who holds the directory
 *   node.json   who that is, for people and for commands that want to talk to it
 *   HEAD        the last commit, noted apart from the database: see anchor.ts
 *   damaged-*.log  a write-ahead log that lost something: see kept-logs.ts
 *   key         the signing key: see keys/key-file.ts
 *   peers.json  where other nodes were reached: see network/libp2p/address-book.ts
 *   set-aside-<time>  a ledger that gave way to another history, and `rejoin` on the way there: see swap.ts
 */
export function ledgerPath(directory: string): string {
  return join(directory, 'ledger')
}

export function holderPath(directory: string): string {
  return join(directory, 'node.json')
}

export function anchorPath(directory: string): string {
  return join(directory, 'HEAD')
}

export function keyPath(directory: string): string {
  return join(directory, 'key')
}

export function addressBookPath(directory: string): string {
  return join(directory, 'peers.json')
}

/**
 * Makes the directories that are missing, mode 0700; one that exists keeps its mode. STORE_PERMISSION or
 * STORE_DISK_FULL.
 */
export function makeDataDirectory(directory: string): void {
  for (const path of [directory, ledgerPath(directory)]) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 })
    } catch (error) {
      const failure = storeFailure(error, 'writing', path)
      if (failure instanceof NodeFailure && failure.code === 'STORE_DISK_FULL') throw failure
      // The code says little: Node answers ENOENT when the disk is read-only.
      const { message } = error as Error
      throw new NodeFailure('STORE_PERMISSION', `${path} cannot be made (${message})`, { cause: error })
    }
  }
}

/** Who holds a data directory. Written by the holder, one JSON object. */
export interface Holder {
  readonly pid: number
  /** ms since 1970. */
  readonly startedAt: number
  /** Path of its control socket. */
  readonly control?: string
  /** Where its terminals are served, as `host:port`. */
  readonly addresses?: readonly string[]
}

/**
 * The holder as it described itself; undefined when there is no readable description. It may be stale: a
 * killed process leaves its own behind. Only the lock of the database tells whether anybody holds the
 * directory.
 */
export function readHolder(directory: string): Holder | undefined {
  try {
    const file = openSync(holderPath(directory), 'r')
    try {
      if (fstatSync(file).size > NODE_LIMITS.holderFileBytesMax) return undefined
      return parseHolder(JSON.parse(readFileSync(file, 'utf8')))
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}

function parseHolder(value: unknown): Holder | undefined {
  if (value === null || typeof value !== 'object') return undefined
  const { pid, startedAt, control, addresses } = value as Partial<Record<keyof Holder, unknown>>
  if (!isCount(pid) || !isCount(startedAt)) return undefined
  return {
    pid,
    startedAt,
    ...(typeof control === 'string' && { control }),
    ...(isTexts(addresses) && { addresses }),
  }
}

/**
 * Only by the process that holds the lock. Written beside it and renamed, so that a reader sees the old one
 * or the new one. A crash in between leaves `node.json.new`, which the next holder overwrites.
 */
export function writeHolder(directory: string, holder: Holder): void {
  const path = holderPath(directory)
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  } catch (error) {
    throw storeFailure(error, 'writing', path)
  }
}

/** Only by the process that holds the lock, before it lets go. */
export function removeHolder(directory: string): void {
  const path = holderPath(directory)
  try {
    rmSync(path, { force: true })
  } catch (error) {
    throw storeFailure(error, 'writing', path)
  }
}

/** For the message of a second start: "process 4711, since 2026-01-01T00:00:00.000Z". */
export function describeHolder(directory: string): string {
  const holder = readHolder(directory)
  if (holder === undefined || !isRunning(holder.pid)) return 'a process that has not said which'
  return `process ${holder.pid}, since ${new Date(holder.startedAt).toISOString()}`
}

/** Whether the last holder ended without removing its description. Says nothing while a holder runs. */
export function isLeftBehind(directory: string): boolean {
  const holder = readHolder(directory)
  // In a container each process may get the number of the one before it.
  return holder !== undefined && (holder.pid === process.pid || !isRunning(holder.pid))
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** 1..2^31 - 1 would do for a pid and 0..8.64e15 for a time; both are what `Date` and `kill` take. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= 8.64e15
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes } from '@pulseledger/core'
import { ClassicLevel } from 'classic-level'
import { NODE_LIMITS } from '../../limits.ts'
import { NodeFailure } from '../../ports.ts'
import { describeHolder, isLeftBehind, ledgerPath } from './data-directory.ts'
import { damaged, storeFailure } from './failures.ts'
import { keepLog, releaseLogs } from './kept-logs.ts'
import { canonicalKey, META } from './keys.ts'
import { readManifest } from './manifest.ts'
import type { Database, RecordReader } from './record-reader.ts'
import { decodeHash, decodeNumber, decodeState, encodeNumber, type State, seal } from './records.ts'
import { findTableFaults, tableBytes } from './table-files.ts'
import { findLogDamage } from './write-ahead-log.ts'

/** Of docs/spec/store.md. One that is greater was written by a later version. */
export const FORMAT_VERSION = 1

export interface OpenedDatabase {
  readonly database: Database
  /** Logs with a damaged end that are kept until the anchor has said whether it was confirmed. */
  readonly kept: readonly string[]
}

/**
 * Opens LevelDB, which takes the lock. STORE_LOCKED with its holder, STORE_DAMAGED, STORE_PERMISSION,
 * STORE_DISK_FULL, STORE_READ_FAILED. `checkTables`: whether to compare all checksums first, however long it
 * takes.
 */
export async function openDatabase(directory: string, checkTables: boolean): Promise<OpenedDatabase> {
  const path = ledgerPath(directory)
  const kept: string[] = []
  try {
    const isNew = !existsSync(join(path, 'CURRENT'))
    if (isNew) checkNew(directory)
    else {
      const torn = await checkFiles(directory, checkTables)
      for (const name of torn) if (keepLog(directory, name)) kept.push(name)
    }

    const database: Database = new ClassicLevel<Uint8Array, Uint8Array>(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      createIfMissing: isNew,
      compression: false,
      cacheSize: NODE_LIMITS.storeCacheBytes,
      writeBufferSize: NODE_LIMITS.storeWriteBufferBytes,
      maxOpenFiles: NODE_LIMITS.storeOpenFilesMax,
    })
    await database.open()
    return { database, kept }
  } catch (error) {
    // Those that LevelDB has not replaced need no second name.
    releaseLogs(
      directory,
      kept.filter((name) => existsSync(join(path, name))),
    )
    const failure = storeFailure(error, 'opening', directory)
    if (!(failure instanceof NodeFailure) || failure.code !== 'STORE_LOCKED') throw failure
    const message = `${directory} is in use by ${describeHolder(directory)}`
    throw new NodeFailure('STORE_LOCKED', message, { cause: error })
  }
}

/**
 * A crash while LevelDB makes a new database leaves no file CURRENT: then there is nothing in it yet, and it
 * is made again. Without CURRENT but with tables or logs it is damaged: LevelDB would begin anew and delete
 * them.
 */
function checkNew(directory: string): void {
  const lost = readdirSync(ledgerPath(directory)).find((name) => /\.(?:ldb|sst|log)$/.test(name))
  if (lost) throw damaged(directory, `ledger/CURRENT is missing although there is ledger/${lost}`)
}

/**
 * LevelDB drops what is damaged in its log, and ends the process at some damages of its tables, so both are
 * looked at before. Tables take about 2 ms a megabyte; a large ledger is only looked at when the last process
 * did not end in order, as one that LevelDB ended would not. Returns the logs with a damaged end.
 */
async function checkFiles(directory: string, checkTables: boolean): Promise<readonly string[]> {
  const path = ledgerPath(directory)
  const { hole, torn } = findLogDamage(path, readManifest(path)?.firstLogNumber ?? 0)
  if (hole !== undefined) throw damaged(directory, `ledger/${hole}`)
  const isSmall = tableBytes(path) <= NODE_LIMITS.storeCheckBytesMax
  if (!checkTables && !isSmall && !isLeftBehind(directory)) return torn
  for await (const { name, what } of findTableFaults(path)) throw damaged(directory, `ledger/${name} ${what}`)
  return torn
}

/**
 * How far the database is, once it is known to be whole where it can be told at once; undefined when it is
 * new.
 */
export async function readState(reader: RecordReader): Promise<State | undefined> {
  const format = reader.get(META.format, decodeNumber)
  if (format === undefined) {
    // The first commit writes the format, so a crash before it leaves nothing at all.
    for await (const _ of reader.keys({})) {
      throw new NodeFailure(
        'STORE_FORMAT',
        'the database has no format version: it is not one of pulseledger',
      )
    }
    return undefined
  }
  if (format !== FORMAT_VERSION) {
    const known = `this version knows ${FORMAT_VERSION}`
    throw new NodeFailure('STORE_FORMAT', `the database has format ${format}, ${known}`)
  }
  const state = reader.need(META.state, decodeState)
  checkEnds(reader, state)
  return state
}

/** Genesis and the head are where they must be. What lies between is for `verify`. */
function checkEnds(reader: RecordReader, { head }: State): void {
  const expected = [
    { height: 0, hash: reader.need(META.ledgerId, decodeHash) },
    { height: head.height, hash: head.hash },
  ]
  for (const { height, hash } of expected) {
    if (equalBytes(reader.need(canonicalKey(height), decodeHash), hash)) continue
    throw reader.damaged(`another block is canonical at height ${height} than its state says`)
  }
}

/** What only the first commit writes. */
export function firstRecords(ledgerId: Uint8Array): [Uint8Array, Uint8Array][] {
  return [
    [META.format, seal(META.format, encodeNumber(FORMAT_VERSION))],
    [META.ledgerId, seal(META.ledgerId, ledgerId)],
  ]
}

/**
 * What the store finds wrong with itself, for `verify`: damaged files, records that are not as they were
 * written, and the links between records that cannot be seen through the port. What the records say about the
 * ledger is for `verify` to recompute.
 */
import { setImmediate } from 'node:timers/promises'
import { type Crypto, decodeEntry, equalBytes } from '@pulseledger/core'
import { NodeFailure, type StoreFault } from '../../ports.ts'
import { ledgerPath } from './data-directory.ts'
import { storeFailure } from './failures.ts'
import {
  blockKey,
  describeKey,
  heightKey,
  KIND,
  pendingIdKey,
  pendingKey,
  readUint64,
  siblingsKey,
} from './keys.ts'
import type { RecordReader } from './record-reader.ts'
import { decodeHashes, decodeNumber, decodePending, unseal } from './records.ts'
import { readBlock } from './stored-blocks.ts'
import { findTableFaults } from './table-files.ts'

/** All of them. `reader` must stay at one moment meanwhile. */
export async function* findFaults(
  reader: RecordReader,
  directory: string,
  crypto: Crypto,
): AsyncGenerator<StoreFault> {
  let isReadable = true
  try {
    for await (const { name, what } of findTableFaults(ledgerPath(directory))) {
      const place = `ledger/${name}`
      yield { place, message: `${place} ${what}`, isUnsafe: true }
      isReadable = false
    }
    // LevelDB ends the process at some damages, so it is not asked to read these tables.
    if (!isReadable) return
    for await (const records of reader.records({})) {
      for (const [key, value] of records) {
        const message = attempt(directory, () => recordFault(reader, crypto, key, value))
        if (message !== undefined) {
          const place = describeKey(key)
          yield { place, message: `${place}: ${message}` }
        }
        // A block is read with all of its entries, which takes milliseconds: others have their turn in
        // between.
        if (key[0] === KIND.block) await setImmediate()
      }
    }
  } catch (error) {
    yield { place: 'ledger', message: messageOf(error, directory) }
  }
}

/**
 * What looking found, or why looking failed: one damaged record does not keep the others from being looked
 * at.
 */
function attempt(directory: string, look: () => string | undefined): string | undefined {
  try {
    return look()
  } catch (error) {
    return messageOf(error, directory)
  }
}

function messageOf(error: unknown, directory: string): string {
  const failure = storeFailure(error, 'reading', directory)
  if (failure instanceof NodeFailure) return failure.message
  throw failure
}

function recordFault(
  reader: RecordReader,
  crypto: Crypto,
  key: Uint8Array,
  value: Uint8Array,
): string | undefined {
  const kind = key[0]
  if (kind === KIND.body) return reader.raw(heightKey(key.subarray(1))) ? undefined : 'it belongs to no block'
  const content = unseal(key, value)
  if (content === undefined) return 'it does not match its checksum'
  if (!KINDS.has(kind as number)) return 'it is of no known kind'
  switch (kind) {
    case KIND.block:
      return blockFault(reader, crypto, readUint64(key, 1), key.subarray(9))
    case KIND.height: {
      const height = decodeNumber(content)
      return height === undefined ? 'it is no height' : missing(reader, blockKey(height, key.subarray(1)))
    }
    case KIND.siblings: {
      const height = readUint64(key, 1)
      const faults = decodeHashes(content)?.map((hash) => missing(reader, blockKey(height, hash)))
      return faults ? faults.find((fault) => fault !== undefined) : 'it is no list of hashes'
    }
    case KIND.pending: {
      const decoded = decodePending(content)
      const entry = decoded && decodeEntry(decoded.entryBytes, crypto)
      if (!entry?.ok) return 'it is not an entry'
      const counter = reader.get(pendingIdKey(entry.value.id), decodeNumber)
      return counter === readUint64(key, 1) ? undefined : 'it is not found by its id'
    }
    case KIND.pendingId: {
      const counter = decodeNumber(content)
      return counter === undefined ? 'it is no counter' : missing(reader, pendingKey(counter))
    }
    default:
      return undefined
  }
}

function missing(reader: RecordReader, key: Uint8Array): string | undefined {
  return reader.raw(key) ? undefined : `there is no ${describeKey(key)}`
}

function blockFault(
  reader: RecordReader,
  crypto: Crypto,
  height: number,
  hash: Uint8Array,
): string | undefined {
  if (reader.get(heightKey(hash), decodeNumber) !== height) return 'it is not found by its hash'
  if (!reader.get(siblingsKey(height), decodeHashes)?.some((other) => equalBytes(other, hash))) {
    return 'it is not found by its height'
  }
  readBlock(reader, crypto, height, hash)
  return undefined
}

const KINDS = new Set<number>(Object.values(KIND))

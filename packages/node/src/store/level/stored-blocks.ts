import type { Crypto, EntryWithPayload, Hash, WeighedBlock } from '@pulseledger/core'
import { decodeEntry, equalBytes, parseBlock, toHex } from '@pulseledger/core'
import { blockKey, bodyKey, describeKey, payloadKey, pendingKey } from './keys.ts'
import type { RecordReader } from './record-reader.ts'
import { decodeBlockRecord, decodePending } from './records.ts'

/**
 * The block from its records, parsed as if it came from elsewhere; a payload that is not there was erased.
 * STORE_DAMAGED when a record is missing, does not parse or is not that of this block.
 */
export function readBlock(reader: RecordReader, crypto: Crypto, height: number, hash: Hash): WeighedBlock {
  const { weight, entryCount, signature, headerBytes } = reader.need(
    blockKey(height, hash),
    decodeBlockRecord,
  )
  const bodyBytes = reader.raw(bodyKey(hash))
  if (bodyBytes === undefined)
    throw reader.damaged(`body of block ${toHex(hash)} of height ${height} is missing`)

  // The ids of the entries say where their payloads are, so they come second.
  const payloads: null[] = new Array(entryCount).fill(null)
  const parsed = parseBlock({ headerBytes, signature, bodyBytes, payloads }, crypto)
  if (!parsed.ok) throw reader.damaged(`${describeKey(blockKey(height, hash))}: ${parsed.error.message}`)
  const block = parsed.value
  if (block.header.height !== height || !equalBytes(block.hash, hash)) {
    throw reader.damaged(`${describeKey(blockKey(height, hash))} is another block`)
  }
  return {
    block: { ...block, payloads: block.entries.map(({ id }) => readPayload(reader, id) ?? null) },
    weight,
  }
}

/** As it was stored: it is compared with the commitment of the entry by whoever validates. */
export function readPayload(reader: RecordReader, entryId: Hash): Uint8Array | undefined {
  return reader.get(payloadKey(entryId), (content) => content)
}

export function readPending(reader: RecordReader, crypto: Crypto, counter: number): EntryWithPayload {
  const { entryBytes, payload } = reader.need(pendingKey(counter), decodePending)
  const entry = decodeEntry(entryBytes, crypto)
  if (!entry.ok) throw reader.damaged(`${describeKey(pendingKey(counter))}: ${entry.error.message}`)
  return { entry: entry.value, payload }
}

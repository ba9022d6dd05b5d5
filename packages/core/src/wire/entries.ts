/**
 * Entries with their payloads, by gossip: what somebody submitted and no block carries yet. Canonical
 * dag-cbor:
 *
 *   [{"entry": {"author": h'<32>', ...}, "payload": h'<payload>'}, ...]
 */
import { decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import type { Crypto } from '../crypto.ts'
import { type EntryWithPayload, readEntry } from '../entry/entry.ts'
import { LIMITS } from '../limits.ts'
import { invariant, type Result } from '../result.ts'
import { detach, headBytes, stringBytes } from './parts.ts'

const FORMAT: Format = { name: 'entries', code: 'MESSAGE_INVALID', bytesMax: LIMITS.gossipBytesMax }

/** One byte for the map, six for the key `entry`, eight for the key `payload`. */
const FRAME_BYTES = 15

/**
 * How many items from the one at `from` on fit one message of at most `bytesMax`: at least one, when there is
 * one, so that whoever sends a long list in pieces comes to its end.
 */
export function countEntriesThatFit(
  items: readonly EntryWithPayload[],
  from = 0,
  bytesMax: number = LIMITS.gossipBytesMax,
): number {
  const end = Math.min(items.length, from + LIMITS.gossipEntriesMax)
  let total = 0
  for (let i = from; i < end; i++) {
    total += itemBytes(items[i] as EntryWithPayload)
    if (i > from && headBytes(i + 1 - from) + total > bytesMax) return i - from
  }
  return Math.max(0, end - from)
}

/** 1..gossipEntriesMax items that fit: see `countEntriesThatFit`. Canonical dag-cbor. */
export function encodeEntries(items: readonly EntryWithPayload[]): Uint8Array {
  invariant(items.length > 0 && countEntriesThatFit(items) === items.length, 'what is encoded fits a message')
  let capacity = 16
  for (const item of items) capacity += itemBytes(item)
  const writer = new CborWriter(capacity).array(items.length)
  for (const { entry, payload } of items) {
    writer.map(2).key('entry').raw(entry.bytes)
    writer.key('payload').byteString(payload)
  }
  return writer.finish()
}

/**
 * Strict, each entry too; signatures are not verified, and payloads are neither decoded nor compared with
 * commitments. Each item stands in a copy of its own. Errors: CBOR_MALFORMED, MESSAGE_INVALID (with the place
 * of what is wrong, in an entry too).
 */
export function decodeEntries(bytes: Uint8Array, crypto: Crypto): Result<EntryWithPayload[]> {
  return decodeStrict(bytes, FORMAT, (reader) => {
    const items = reader.list(LIMITS.gossipEntriesMax, () => {
      const start = reader.offset
      reader.openMap()
      reader.key('entry')
      const { id, sequence, ...entry } = readEntry(reader, crypto)
      reader.key('payload')
      const payload = reader.byteString(1, LIMITS.payloadBytesMax)
      reader.closeMap()
      const own = detach(reader.since(start))
      return {
        entry: {
          bytes: own(entry.bytes),
          id,
          author: own(entry.author),
          sequence,
          commitment: own(entry.commitment),
          signature: own(entry.signature),
        },
        payload: own(payload),
      }
    })
    return items.length > 0 ? items : reader.refuse('an empty list, at least one entry was expected')
  })
}

function itemBytes({ entry, payload }: EntryWithPayload): number {
  return FRAME_BYTES + entry.bytes.length + stringBytes(payload.length)
}

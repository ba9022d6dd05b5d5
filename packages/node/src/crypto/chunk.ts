/**
 * A chunk of entries on its way to a verifier thread: one ArrayBuffer, of this process and never stored or
 * sent further, so numbers are in the byte order of the machine.
 *
 *   uint32 count | 8 uint32 = ledger id | count x (uint32 entry bytes, uint32 payload bytes) | all the bytes
 */
import type { EntryWithPayload, Hash } from '@pulseledger/core'

const LEDGER_ID_AT = 4
const LENGTHS_AT = LEDGER_ID_AT + 32
const LENGTHS_BYTES = 8

/** One item as it came: nothing of it is decoded yet. */
export interface PackedItem {
  readonly entry: Uint8Array
  readonly payload: Uint8Array
}

export function packChunk(ledgerId: Hash, items: readonly EntryWithPayload[]): ArrayBuffer {
  let size = LENGTHS_AT + LENGTHS_BYTES * items.length
  for (const { entry, payload } of items) size += entry.bytes.length + payload.length
  const chunk = new ArrayBuffer(size)
  const bytes = new Uint8Array(chunk)
  const numbers = new Uint32Array(chunk, 0, (LENGTHS_AT + LENGTHS_BYTES * items.length) / 4)
  numbers[0] = items.length
  bytes.set(ledgerId, LEDGER_ID_AT)
  let lengthAt = LENGTHS_AT / 4
  let at = numbers.byteLength
  for (const { entry, payload } of items) {
    numbers[lengthAt++] = entry.bytes.length
    numbers[lengthAt++] = payload.length
    bytes.set(entry.bytes, at)
    at += entry.bytes.length
    bytes.set(payload, at)
    at += payload.length
  }
  return chunk
}

/** What `packChunk` packed. The items are views of the chunk. */
export function unpackChunk(chunk: ArrayBuffer): { ledgerId: Hash; items: PackedItem[] } {
  const count = new Uint32Array(chunk, 0, 1)[0] as number
  const lengths = new Uint32Array(chunk, LENGTHS_AT, 2 * count)
  const items: PackedItem[] = []
  let at = LENGTHS_AT + LENGTHS_BYTES * count
  for (let i = 0; i < count; i++) {
    const entry = new Uint8Array(chunk, at, lengths[2 * i])
    at += entry.length
    const payload = new Uint8Array(chunk, at, lengths[2 * i + 1])
    at += payload.length
    items.push({ entry, payload })
  }
  return { ledgerId: new Uint8Array(chunk, LEDGER_ID_AT, 32), items }
}

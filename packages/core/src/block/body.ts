/**
 * The body of a block: the dag-cbor list of its entries, in the order of the log. A header links to it.
 *
 * Sample, of a block without entries: `80`, an empty list.
 */
import { decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import type { Crypto } from '../crypto.ts'
import { type Entry, readEntry } from '../entry/entry.ts'
import { LIMITS } from '../limits.ts'
import type { Result } from '../result.ts'

const FORMAT: Format = { name: 'body', code: 'ENTRY_INVALID', bytesMax: LIMITS.blockBytesCeiling }

/** The head of the list and the bytes of each entry as they are. */
export function encodeBody(entries: readonly Entry[]): Uint8Array {
  const writer = new CborWriter(9 + entries.length * LIMITS.entryBytesMax)
  writer.array(entries.length)
  for (const entry of entries) writer.raw(entry.bytes)
  return writer.finish()
}

/**
 * Strict; does not check signatures. The entries are views of `bytes`. Errors: CBOR_MALFORMED, ENTRY_INVALID,
 * BLOCK_TOO_LARGE for more entries than any ledger allows.
 */
export function decodeBody(bytes: Uint8Array, crypto: Crypto): Result<Entry[]> {
  return decodeStrict(bytes, FORMAT, (reader) =>
    reader.list(LIMITS.blockEntriesCeiling, (item) => readEntry(item, crypto), 'BLOCK_TOO_LARGE'),
  )
}

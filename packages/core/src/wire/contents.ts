/**
 * The contents of a block: what its header does not say. Canonical dag-cbor:
 *
 *   {"body": h'<body>', "payloads": [h'<payload>', ...]}
 *
 * The body is sent as the bytes that its header links to. Nothing in here is decoded before it was compared
 * with a header, by `parseBlock`. A block of which a payload was erased is not sent.
 */
import type { CborReader } from '../codec/reader.ts'
import type { CborWriter } from '../codec/writer.ts'
import { LIMITS } from '../limits.ts'
import { headBytes, stringBytes } from './parts.ts'

export interface BlockContents {
  /** The list of entries as the header links to it. */
  readonly bodyBytes: Uint8Array
  /** One for each entry, in the order of the body. */
  readonly payloads: readonly Uint8Array[]
}

/** One byte for the map, five for the key `body`, nine for the key `payloads`. */
const FRAME_BYTES = 15

/** Bytes of the contents in a message, exactly; null takes one. */
export function contentsBytes(contents: BlockContents | null): number {
  if (contents === null) return 1
  const { bodyBytes, payloads } = contents
  let total = FRAME_BYTES + stringBytes(bodyBytes.length) + headBytes(payloads.length)
  for (const payload of payloads) total += stringBytes(payload.length)
  return total
}

export function writeContents(writer: CborWriter, contents: BlockContents | null): void {
  if (contents === null) {
    writer.null()
    return
  }
  writer.map(2).key('body').byteString(contents.bodyBytes)
  writer.key('payloads').array(contents.payloads.length)
  for (const payload of contents.payloads) writer.byteString(payload)
}

/** Views. To be called under `decodeStrict`. */
export function readContents(reader: CborReader): BlockContents | null {
  if (reader.optionalNull()) return null
  reader.openMap()
  reader.key('body')
  const bodyBytes = reader.byteString(1, LIMITS.blockBytesCeiling)
  reader.key('payloads')
  // A million empty payloads fit a megabyte, and a hundred in memory: so no more than the body has entries.
  const countMax = Math.min(LIMITS.blockEntriesCeiling, Math.floor(bodyBytes.length / LIMITS.entryBytesMin))
  const payloads = reader.list(countMax, (item) => item.byteString(1, LIMITS.payloadBytesMax))
  reader.closeMap()
  return { bodyBytes, payloads }
}

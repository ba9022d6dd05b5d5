/**
 * What several messages have in common: hashes, signed headers, and how many bytes something takes.
 *
 * Decoders of this program give views of what they decode. A message of many items is the exception: whoever
 * keeps one item of it for long would keep all of the message in memory, up to a thousand times what any
 * bound accounts for, and a stranger chooses what stands beside that item. So each item is copied once, as a
 * whole, and its fields are views of that copy.
 */
import { parseSignedHeader, type SignedHeader } from '../block/signed-header.ts'
import type { Hash } from '../bytes.ts'
import type { CborReader } from '../codec/reader.ts'
import type { CborWriter } from '../codec/writer.ts'
import type { Crypto } from '../crypto.ts'
import { LIMITS } from '../limits.ts'
import { invariant } from '../result.ts'

/** Bytes that a CBOR head with this length or count takes. 0 <= argument < 2^32. */
export function headBytes(argument: number): number {
  if (argument < 24) return 1
  if (argument < 0x100) return 2
  return argument < 0x10000 ? 3 : 5
}

/** Bytes of a byte string of this length with its head. */
export function stringBytes(length: number): number {
  return headBytes(length) + length
}

/** Views of the bytes of `item` become the same views of one copy of it. */
export function detach(item: Uint8Array): (view: Uint8Array) => Uint8Array {
  const copy = item.slice()
  return (view) => {
    const start = view.byteOffset - item.byteOffset
    return copy.subarray(start, start + view.length)
  }
}

/** A list of 1..countMax hashes. */
export function writeHashes(writer: CborWriter, hashes: readonly Hash[], countMax: number): void {
  invariant(hashes.length >= 1 && hashes.length <= countMax, `1..${countMax} hashes are sent`)
  writer.array(hashes.length)
  for (const hash of hashes) {
    invariant(hash.length === 32, 'a hash has 32 bytes')
    writer.byteString(hash)
  }
}

/** Views. To be called under `decodeStrict`. */
export function readHashes(reader: CborReader, countMax: number): Hash[] {
  const hashes = reader.list(countMax, (item) => item.byteString(32, 32))
  return hashes.length > 0 ? hashes : reader.refuse('an empty list, at least one hash was expected')
}

/** The pairs `header` and `signature` of a map; `between` writes what stands between them. */
export function writeSigned(writer: CborWriter, signed: SignedHeader, between?: () => void): void {
  invariant(signed.signature.length === 64, 'a signature has 64 bytes')
  writer.key('header').byteString(signed.headerBytes)
  between?.()
  writer.key('signature').byteString(signed.signature)
}

/** The header's bytes, undecoded, as a view. To be called under `decodeStrict`. */
export function readHeaderBytes(reader: CborReader): Uint8Array {
  reader.key('header')
  return reader.byteString(1, LIMITS.headerBytesMax)
}

/** The signature that follows, as a view. */
export function readSignature(reader: CborReader): Uint8Array {
  reader.key('signature')
  return reader.byteString(64, 64)
}

/** The parts as a signed header; what is wrong with the header is refused with its own code. */
export function signedHeaderOf(
  reader: CborReader,
  headerBytes: Uint8Array,
  signature: Uint8Array,
  crypto: Crypto,
): SignedHeader {
  const parsed = parseSignedHeader(headerBytes, signature, crypto)
  return parsed.ok ? parsed.value : reader.refuse(parsed.error.message, parsed.error.code)
}

/**
 * Content identifiers: CIDv1 over SHA-256, the only ones that a ledger holds. All of them are 36 bytes:
 *
 *   01        CID version 1
 *   71        codec: dag-cbor (ours), 55 raw or 70 dag-pb (files kept elsewhere)
 *   12 20     multihash: sha2-256, 32 bytes
 *   ...       the digest
 *
 * As text: `b` (multibase: base32, lower case, no padding) and the base32 of those bytes, such as
 * `bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku` for the SHA-256 of the empty string, 59
 * characters. Specification: github.com/multiformats/cid, RFC 4648 section 6 for base32.
 */
import { concatBytes, fromHex, type Hash } from '../bytes.ts'
import { invariant } from '../result.ts'
import { findNoDigit, fromBase32, toBase32 } from './base32.ts'

export const CID_BYTES = 36
const HEAD_BYTES = 4
const DAG_CBOR = 0x71
const CODECS: readonly number[] = [0x55, 0x70, DAG_CBOR]

const DAG_CBOR_HEAD = fromHex('01711220') as Uint8Array

/** The CID of dag-cbor whose SHA-256 is `hash`. 36 bytes. */
export function cidOfHash(hash: Hash): Uint8Array {
  invariant(hash.length === 32, 'a SHA-256 digest has 32 bytes')
  return concatBytes(DAG_CBOR_HEAD, hash)
}

/** Whether the bytes are a CIDv1 of raw, dag-pb or dag-cbor over SHA-256. */
export function isCid(bytes: Uint8Array): boolean {
  return (
    bytes.length === CID_BYTES &&
    bytes[0] === 0x01 &&
    CODECS.includes(bytes[1] as number) &&
    bytes[2] === 0x12 &&
    bytes[3] === 0x20
  )
}

/** The SHA-256 in a CID of dag-cbor, as a view of its bytes; undefined when it is a CID of something else. */
export function hashOfCid(cid: Uint8Array): Hash | undefined {
  return isCid(cid) && cid[1] === DAG_CBOR ? cid.subarray(HEAD_BYTES) : undefined
}

/** The text of a CID: `b` and 58 characters of base32. */
export function cidToText(cid: Uint8Array): string {
  invariant(isCid(cid), 'a CID is written as text')
  return `b${toBase32(cid)}`
}

/** The CID that a text stands for; undefined when it is not exactly what `cidToText` writes. */
export function cidFromText(text: string): Uint8Array | undefined {
  if (text.length !== 1 + Math.ceil((CID_BYTES * 8) / 5) || text[0] !== 'b') return undefined
  const digits = text.slice(1)
  if (findNoDigit(digits) >= 0) return undefined
  const { bytes, isExact } = fromBase32(digits)
  return isExact && isCid(bytes) ? bytes : undefined
}

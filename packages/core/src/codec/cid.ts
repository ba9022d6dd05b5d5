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

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** The text of a CID: `b` and 58 characters of base32. */
export function cidToText(cid: Uint8Array): string {
  invariant(isCid(cid), 'a CID is written as text')
  let text = 'b'
  let bits = 0
  let held = 0
  for (const byte of cid) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += BASE32[(held >>> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + BASE32[(held << (5 - bits)) & 31]
}

/** The CID that a text stands for; undefined when it is not exactly what `cidToText` writes. */
export function cidFromText(text: string): Uint8Array | undefined {
  if (text.length !== 1 + Math.ceil((CID_BYTES * 8) / 5) || text[0] !== 'b') return undefined
  const cid = new Uint8Array(CID_BYTES)
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 1; i < text.length; i++) {
    const digit = BASE32.indexOf(text[i] as string)
    if (digit < 0) return undefined
    held = (held << 5) | digit
    bits += 5
    if (bits >= 8) {
      bits -= 8
      cid[at++] = held >>> bits
      held &= (1 << bits) - 1
    }
  }
  return held === 0 && isCid(cid) ? cid : undefined
}

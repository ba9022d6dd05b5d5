import { fromHex } from '../bytes.ts'

/**
 * Libraries disagree on a few hostile Ed25519 signatures: some accept a public key of small order (for which
 * one signature can verify for many messages), some accept points encoded in a second, non-canonical way,
 * some multiply by the cofactor. A ledger on which two nodes disagree about one signature is two ledgers. So
 * the inputs on which they differ are refused here, before any library sees them, by comparing bytes alone:
 *
 * - A (the key) and R (the first half of a signature) must be canonical: y, the low 255 bits, is below
 *   p = 2^255 - 19.
 * - Neither may be one of the eight points of small order. Their y are 0, 1, -1 and two more; the sign bit
 *   does not matter, because the negative of such a point has small order too.
 * - S, the second half, is below the group order L (RFC 8032 section 5.1.7 asks for it, not everyone checks).
 *
 * What remains, RFC 8032 decides. The list is that of libsodium (ge25519_has_small_order), without its two
 * entries above p, which the first rule covers. Read: Chalkias, Garillot, Nikolaenko, "Taming the Many
 * EdDSAs" (2020).
 */

/** y of the points of small order, little-endian: orders 4, 1, 2, 8 and 8. */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map((hex) => fromHex(hex) as Uint8Array)

/** p = 2^255 - 19, little-endian. */
const FIELD_PRIME = fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f') as Uint8Array

/** L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
const GROUP_ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010') as Uint8Array

/**
 * Whether a key and a signature may be given to an Ed25519 library at all: lengths 32 and 64, A and R
 * canonical and not of small order, S below L. Says nothing about whether the signature verifies.
 */
export function isAcceptableKeyAndR(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    isAcceptableKey(publicKey) &&
    signature.length === 64 &&
    isAcceptablePoint(signature) &&
    isBelow(signature, 32, GROUP_ORDER, 0xff)
  )
}

/** Whether 32 bytes may be the key of an author or a producer: the part of the rule that concerns A. */
export function isAcceptableKey(publicKey: Uint8Array): boolean {
  return publicKey.length === 32 && isAcceptablePoint(publicKey)
}

/** Looks at the first 32 bytes. */
function isAcceptablePoint(bytes: Uint8Array): boolean {
  if (!isBelow(bytes, 0, FIELD_PRIME, 0x7f)) return false
  for (const y of SMALL_ORDER_Y) if (isSameY(bytes, y)) return false
  return true
}

/** Equal in the first 32 bytes, whatever the sign bit says. */
function isSameY(bytes: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (bytes[i] !== y[i]) return false
  return ((bytes[31] as number) & 0x7f) === y[31]
}

/** Whether the 32 little-endian bytes from `start`, the top one masked, are below `bound`. */
function isBelow(bytes: Uint8Array, start: number, bound: Uint8Array, topMask: number): boolean {
  for (let i = 31; i >= 0; i--) {
    const byte = (bytes[start + i] as number) & (i === 31 ? topMask : 0xff)
    const limit = bound[i] as number
    if (byte !== limit) return byte < limit
  }
  return false
}

import type { Hash } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { fail, ok, type Result } from '../result.ts'
import { blockSigningBytes, decodeHeader, type EncodedHeader, hashHeader } from './header.ts'

/** A header with its producer's signature: all that is known of a block before its body was fetched. */
export interface SignedHeader extends EncodedHeader {
  /** SHA-256 of `headerBytes`. */
  readonly hash: Hash
  /** The producer's, of `blockSigningBytes`: 64 bytes. */
  readonly signature: Uint8Array
}

/** Decodes strictly; the signature is not verified. Errors: CBOR_MALFORMED, HEADER_INVALID. Never genesis. */
export function parseSignedHeader(
  headerBytes: Uint8Array,
  signature: Uint8Array,
  crypto: Crypto,
): Result<SignedHeader> {
  const header = decodeHeader(headerBytes)
  if (!header.ok) return header
  if (header.value.height === 0) return fail('HEADER_INVALID', 'header: genesis is not sent as a block')
  return ok({ header: header.value, headerBytes, hash: hashHeader(headerBytes, crypto), signature })
}

/** Whether its producer signed it for this ledger. Errors: BLOCK_SIGNATURE_INVALID. */
export function verifySignedHeader(
  { header, hash, signature }: SignedHeader,
  ledgerId: Hash,
  crypto: Crypto,
): Result<undefined> {
  if (crypto.verify(header.producer, blockSigningBytes(ledgerId, hash), signature)) return ok()
  return fail('BLOCK_SIGNATURE_INVALID', `the signature of block ${header.height} does not verify`)
}

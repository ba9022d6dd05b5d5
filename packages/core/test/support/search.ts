import { encodeHeader, type Header } from '../../src/block/header.ts'
import { compareBytes, concatBytes } from '../../src/bytes.ts'
import { withNonce, workPrefix } from '../../src/consensus/work.ts'
import type { Crypto } from '../../src/crypto.ts'

/** Far more than the difficulties of these tests ask for. */
const TRIES_MAX = 200_000n

/** The first nonce from 0 that does the work, in the plainest way. */
export function searchNonce(
  { prefix, target }: { readonly prefix: Uint8Array; readonly target: Uint8Array },
  crypto: Pick<Crypto, 'sha256'>,
): bigint {
  const bytes = new Uint8Array(8)
  for (let nonce = 0n; nonce < TRIES_MAX; nonce++) {
    new DataView(bytes.buffer).setBigUint64(0, nonce)
    if (compareBytes(crypto.sha256(concatBytes(prefix, bytes)), target) <= 0) return nonce
  }
  throw new Error(`none of ${TRIES_MAX} nonces does the work: the difficulty is not one for tests`)
}

/** The header with a nonce that does the work. */
export function solve(header: Header, target: Uint8Array, crypto: Pick<Crypto, 'sha256'>): Header {
  const prefix = workPrefix({ header, headerBytes: encodeHeader(header) })
  return { ...header, seal: withNonce(header.seal, searchNonce({ prefix, target }, crypto)) }
}

import { hash } from 'node:crypto'
import type { Hash } from '@pulseledger/core'

const HASH_BYTES = 32
/** Digests that share one allocation. One digest that is kept long keeps its neighbours: 8 KiB at most. */
const SLAB_BYTES = 256 * HASH_BYTES

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
let used = 0

/**
 * SHA-256 by OpenSSL. Short inputs are all that is hashed here, and for them allocation costs more than
 * hashing: as a one-byte string the digest comes out of OpenSSL in about a third of the time that a Buffer
 * takes. The result is a plain Uint8Array, not a Buffer, because `slice` of a Buffer does not copy.
 */
export function sha256(data: Uint8Array): Hash {
  if (used === SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    used = 0
  }
  // 'binary' is the older name of latin1, one byte a character.
  slab.write(hash('sha256', data, 'binary'), used, HASH_BYTES, 'latin1')
  const digest = new Uint8Array(slab.buffer, used, HASH_BYTES)
  used += HASH_BYTES
  return digest
}

/**
 * The work of a block: a nonce with which a digest of its header is at most a target.
 *
 *   digest = SHA-256(prefix | nonce)
 *
 * The prefix is the header's bytes with the nonce, the last 8 bytes of its seal, set to zero, and zeros after
 * them up to a multiple of 64. The nonce is 8 bytes, big-endian; digest and target are compared as
 * big-endian integers of 256 bits. So all SHA-256 blocks but the last are the same for every nonce: a miner
 * hashes them once, and then one block for each nonce. Sample, of a header of 269 bytes: the prefix has 320,
 * with zeros at 133..140, where the nonce is, and from 269 on.
 */
import { type EncodedHeader, sealOffset } from '../block/header.ts'
import { compareBytes, concatBytes } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'

export const NONCE_BYTES = 8
/** Of SHA-256. FIPS 180-4 section 5.2.1 */
const HASH_BLOCK_BYTES = 64

/** One past the greatest digest. */
export const DIGEST_END = 1n << 256n

/** What stands before the nonce in what is hashed. The header's seal ends with a nonce. */
export function workPrefix({ header, headerBytes }: EncodedHeader): Uint8Array {
  const blocks = Math.ceil(headerBytes.length / HASH_BLOCK_BYTES)
  const prefix = new Uint8Array(blocks * HASH_BLOCK_BYTES)
  prefix.set(headerBytes)
  const end = sealOffset(header.seal.length) + header.seal.length
  prefix.fill(0, end - NONCE_BYTES, end)
  return prefix
}

/** The digest of a header with the nonce in its seal. 32 bytes. */
export function workDigest(block: EncodedHeader, crypto: Pick<Crypto, 'sha256'>): Uint8Array {
  return crypto.sha256(concatBytes(workPrefix(block), block.header.seal.subarray(-NONCE_BYTES)))
}

/** Whether that nonce does the work. `target`: 32 bytes. */
export function isWorkDone(block: EncodedHeader, target: Uint8Array, crypto: Crypto): boolean {
  return compareBytes(workDigest(block, crypto), target) <= 0
}

/** `seal` with this nonce, 0..2^64 - 1, in its last 8 bytes. */
export function withNonce(seal: Uint8Array, nonce: bigint): Uint8Array {
  const sealed = new Uint8Array(seal)
  new DataView(sealed.buffer).setBigUint64(sealed.length - NONCE_BYTES, nonce)
  return sealed
}

/** The greatest target that takes `hashes` tries on average. 1 <= hashes <= 2^128 */
export function targetOf(hashes: bigint): bigint {
  return DIGEST_END / hashes - 1n
}

/** How many tries a target takes on average: what a block of it weighs. 0 <= target < 2^256 */
export function expectedHashes(target: bigint): bigint {
  return DIGEST_END / (target + 1n)
}

/** 32 bytes, big-endian. 0 <= value < 2^256 */
export function uint256(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < 4; i++) view.setBigUint64(8 * i, value >> BigInt(192 - 64 * i))
  return bytes
}

/** The integer of 32 big-endian bytes. */
export function readUint256(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 32)
  let value = 0n
  for (let i = 0; i < 4; i++) value = (value << 64n) | view.getBigUint64(8 * i)
  return value
}

/**
 * SHA-256 of FIPS 180-4 (sections 4.1.2, 4.2.2, 5.3.3 and 6.2.2), its compression alone.
 *
 * A proof of work hashes the same long prefix with one short end after another. SHA-256 reads its input in
 * blocks of 64 bytes and carries eight words from block to block, so the words after the prefix, its
 * midstate, are computed once here, and every nonce then costs the one compression of the last block. That
 * one is in `module.ts`; this file is plain because it runs once for each job. Everything else in the node is
 * hashed by OpenSSL.
 */

export const BLOCK_BYTES = 64

/** The first 32 bits of the fractional parts of the square roots of the first 8 primes. */
const INITIAL: readonly number[] = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes: one for each round. */
export const ROUND_CONSTANTS: readonly number[] = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]

/** The state of SHA-256 after `prefix`: 8 words. `prefix` is whole blocks, none included. */
export function midstate(prefix: Uint8Array): Uint32Array {
  const state = Uint32Array.from(INITIAL)
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength)
  for (let at = 0; at < prefix.length; at += BLOCK_BYTES) compress(state, schedule(view, at))
  return state
}

/** The 64 words of a block, section 6.2.2 step 1. */
function schedule(view: DataView, at: number): Uint32Array {
  const w = new Uint32Array(64)
  for (let t = 0; t < 16; t++) w[t] = view.getUint32(at + 4 * t)
  for (let t = 16; t < 64; t++) {
    const w2 = w[t - 2] as number
    const w15 = w[t - 15] as number
    const s1 = rotr(w2, 17) ^ rotr(w2, 19) ^ (w2 >>> 10)
    const s0 = rotr(w15, 7) ^ rotr(w15, 18) ^ (w15 >>> 3)
    w[t] = s1 + (w[t - 7] as number) + s0 + (w[t - 16] as number)
  }
  return w
}

/** Steps 2 to 4. Sums may leave 32 bits on the way: the shifts and the array take them modulo 2^32. */
function compress(state: Uint32Array, w: Uint32Array): void {
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  for (let t = 0; t < 64; t++) {
    const s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + (ROUND_CONSTANTS[t] as number) + (w[t] as number)
    const s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] as number) + value
}

function rotr(x: number, by: number): number {
  return (x >>> by) | (x << (32 - by))
}

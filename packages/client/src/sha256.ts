/**
 * SHA-256 in plain JavaScript, FIPS 180-4 section 6.2.
 *
 * The core hashes synchronously, which WebCrypto cannot, and the small build of libsodium has no SHA-256.
 * What is hashed here is a block or three long, so that a call into WebAssembly would cost as much as it
 * saves.
 *
 * Numbers are 32-bit integers throughout: the bitwise operators of JavaScript keep them so.
 */
import type { Hash } from '@pulseledger/core'

const BLOCK_BYTES = 64
/** 0x80 and the length in bits follow the data. */
const PADDING_BYTES_MIN = 9

/**
 * First 32 bits of the fractional parts of the cube roots of the first 64 primes. FIPS 180-4 section 4.2.2
 */
// biome-ignore format: eight to a line, as they are printed everywhere
const ROUND_CONSTANTS = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
])

/** The same of the square roots of the first 8 primes. FIPS 180-4 section 5.3.3 */
// biome-ignore format: one line
const INITIAL_STATE = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]

// Hashing is synchronous, so one schedule and one state serve every call.
const schedule = new Int32Array(64)
const state = new Int32Array(8)

/** 32 bytes. `data` may have up to 2^50 bytes. */
export function sha256(data: Uint8Array): Hash {
  state.set(INITIAL_STATE)
  const wholeBytes = data.length - (data.length % BLOCK_BYTES)
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  for (let at = 0; at < wholeBytes; at += BLOCK_BYTES) compress(view, at)
  const tail = padded(data.subarray(wholeBytes), data.length)
  for (let at = 0; at < tail.byteLength; at += BLOCK_BYTES) compress(tail, at)

  const digest = new Uint8Array(32)
  const words = new DataView(digest.buffer)
  for (let i = 0; i < 8; i++) words.setInt32(4 * i, state[i] as number)
  return digest
}

/** The last bytes of the data with their padding: one or two blocks. FIPS 180-4 section 5.1.1 */
function padded(rest: Uint8Array, length: number): DataView {
  const blocks = rest.length + PADDING_BYTES_MIN > BLOCK_BYTES ? 2 : 1
  const bytes = new Uint8Array(blocks * BLOCK_BYTES)
  bytes.set(rest)
  bytes[rest.length] = 0x80
  const tail = new DataView(bytes.buffer)
  tail.setBigUint64(bytes.length - 8, BigInt(length) * 8n)
  return tail
}

/** Works the 64 bytes from `at` into the state. FIPS 180-4 section 6.2.2 */
function compress(view: DataView, at: number): void {
  fillSchedule(view, at)
  let a = state[0] as number
  let b = state[1] as number
  let c = state[2] as number
  let d = state[3] as number
  let e = state[4] as number
  let f = state[5] as number
  let g = state[6] as number
  let h = state[7] as number
  for (let i = 0; i < 64; i++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const choice = (e & f) ^ (~e & g)
    const t1 = (h + sum1 + choice + (ROUND_CONSTANTS[i] as number) + (schedule[i] as number)) | 0
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + sum0 + majority) | 0
  }
  add(0, a)
  add(1, b)
  add(2, c)
  add(3, d)
  add(4, e)
  add(5, f)
  add(6, g)
  add(7, h)
}

/** The 16 words of the block, and 48 that are mixed from them. */
function fillSchedule(view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) schedule[i] = view.getInt32(at + 4 * i)
  for (let i = 16; i < 64; i++) {
    const w15 = schedule[i - 15] as number
    const w2 = schedule[i - 2] as number
    const sigma0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3)
    const sigma1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10)
    schedule[i] = ((schedule[i - 16] as number) + sigma0 + (schedule[i - 7] as number) + sigma1) | 0
  }
}

/** To the right, by 1..31 bits. */
function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

function add(index: number, word: number): void {
  state[index] = ((state[index] as number) + word) | 0
}

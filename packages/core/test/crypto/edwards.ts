/**
 * Edwards25519 in bigint, as RFC 8032 section 5.1 writes it, slow and plain. It is the judge of these tests:
 * it decides by arithmetic what the libraries and the rule of the ledger decide by other means, and it makes
 * signatures that no library would make.
 */
import { createHash } from 'node:crypto'

const P = 2n ** 255n - 19n
/** The order of the base point. */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n
const D = mod(-121665n * inverse(121666n))
const SQRT_OF_MINUS_1 = power(2n, (P - 1n) / 4n)

/** Affine; both coordinates in 0..P - 1. */
export interface Point {
  readonly x: bigint
  readonly y: bigint
}

const IDENTITY: Point = { x: 0n, y: 1n }
export const BASE: Point = decodePoint(littleEndian(mod(4n * inverse(5n)))) as Point

function mod(a: bigint, m = P): bigint {
  const r = a % m
  return r < 0n ? r + m : r
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) {
    if (e & 1n) result = (result * b) % P
  }
  return result
}

function inverse(a: bigint): bigint {
  return power(a, P - 2n)
}

/** 32 bytes, little-endian. `value` < 2^256. */
export function littleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32)
  for (let i = 0, v = value; i < 32; i++, v >>= 8n) bytes[i] = Number(v & 0xffn)
  return bytes
}

export function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number)
  return value
}

/** The complete addition law: it holds for all pairs of points. */
export function add(a: Point, b: Point): Point {
  const product = mod(D * a.x * b.x * a.y * b.y)
  return {
    x: mod((a.x * b.y + b.x * a.y) * inverse(1n + product)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - product)),
  }
}

/** In projective coordinates, because an inverse for each addition would take seconds. */
export function multiply(scalar: bigint, point: Point): Point {
  let sum = { x: 0n, y: 1n, z: 1n }
  let double = { x: point.x, y: point.y, z: 1n }
  for (let s = scalar; s > 0n; s >>= 1n) {
    if (s & 1n) sum = addProjective(sum, double)
    double = addProjective(double, double)
  }
  const scale = inverse(sum.z)
  return { x: mod(sum.x * scale), y: mod(sum.y * scale) }
}

interface Projective extends Point {
  readonly z: bigint
}

function addProjective(a: Projective, b: Projective): Projective {
  const zz = (a.z * b.z) % P
  const square = (zz * zz) % P
  const xx = (a.x * b.x) % P
  const yy = (a.y * b.y) % P
  const product = (((D * xx) % P) * yy) % P
  const minus = mod(square - product)
  const plus = (square + product) % P
  const cross = mod((a.x + a.y) * (b.x + b.y) - xx - yy)
  return {
    x: (((zz * minus) % P) * cross) % P,
    y: (((zz * plus) % P) * (yy + xx)) % P,
    z: (minus * plus) % P,
  }
}

function equal(a: Point, b: Point): boolean {
  return a.x === b.x && a.y === b.y
}

export function encodePoint(point: Point): Uint8Array {
  return littleEndian(point.y | ((point.x & 1n) << 255n))
}

/** RFC 8032 section 5.1.3, except that y above P and the sign of x = 0 are let through: see `isCanonical`. */
export function decodePoint(bytes: Uint8Array): Point | undefined {
  const encoded = fromLittleEndian(bytes)
  const y = mod(encoded & (2n ** 255n - 1n))
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n))
  let x = power(square, (P + 3n) / 8n)
  if (mod(x * x) !== square) x = mod(x * SQRT_OF_MINUS_1)
  if (mod(x * x) !== square) return undefined
  return { x: (x & 1n) === encoded >> 255n ? x : mod(-x), y }
}

/** Whether these are the bytes that `encodePoint` would write. */
function isCanonical(bytes: Uint8Array): boolean {
  const point = decodePoint(bytes)
  return point !== undefined && Buffer.compare(encodePoint(point), bytes) === 0
}

function isSmallOrder(point: Point): boolean {
  return equal(multiply(8n, point), IDENTITY)
}

/** SHA-512(R || A || message) as a number, not reduced. */
export function challenge(r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint {
  return fromLittleEndian(createHash('sha512').update(r).update(a).update(message).digest())
}

export type Verdict =
  | 'valid'
  | 'length'
  | 'S not below L'
  | 'A not a point'
  | 'R not a point'
  | 'A not canonical'
  | 'R not canonical'
  | 'A of small order'
  | 'R of small order'
  | 'equation'

/**
 * The rule of the ledger, by arithmetic: A and R are canonical points and not of small order, S < L, and
 * [S]B = R + [k]A without a cofactor. The reason tells which condition fails first.
 */
export function judge(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdict {
  if (publicKey.length !== 32 || signature.length !== 64) return 'length'
  const rBytes = signature.subarray(0, 32)
  const s = fromLittleEndian(signature.subarray(32))
  if (s >= L) return 'S not below L'
  const a = decodePoint(publicKey)
  const r = decodePoint(rBytes)
  if (a === undefined) return 'A not a point'
  if (r === undefined) return 'R not a point'
  if (!isCanonical(publicKey)) return 'A not canonical'
  if (!isCanonical(rBytes)) return 'R not canonical'
  if (isSmallOrder(a)) return 'A of small order'
  if (isSmallOrder(r)) return 'R of small order'
  const k = challenge(rBytes, publicKey, message) % L
  return equal(multiply(s, BASE), add(r, multiply(k, a))) ? 'valid' : 'equation'
}

/**
 * Whether the equation times the cofactor 8 holds: what some libraries ask for instead. RFC 8032 section
 * 5.1.7
 */
export function holdsWithCofactor(publicKey: Uint8Array, k: bigint, signature: Uint8Array): boolean {
  const a = decodePoint(publicKey)
  const r = decodePoint(signature.subarray(0, 32))
  const s = fromLittleEndian(signature.subarray(32))
  if (a === undefined || r === undefined) return false
  return equal(multiply(8n * s, BASE), multiply(8n, add(r, multiply(k, a))))
}

/** The eight points whose order divides 8: point i is i times a point of order 8. */
export const TORSION: readonly Point[] = (() => {
  for (let y = 2n; ; y++) {
    const point = decodePoint(littleEndian(y))
    if (point === undefined) continue
    const torsion = multiply(L, point)
    if (equal(multiply(4n, torsion), IDENTITY)) continue
    return Array.from({ length: 8 }, (_, i) => multiply(BigInt(i), torsion))
  }
})()

/** The encodings of points of small order that `encodePoint` would not write: x = 0 with a sign, y >= P. */
export const NON_CANONICAL_SMALL_ORDER: readonly Uint8Array[] = [
  1n | (1n << 255n),
  (P - 1n) | (1n << 255n),
  P,
  P | (1n << 255n),
  P + 1n,
  (P + 1n) | (1n << 255n),
].map(littleEndian)

/** y of 2..18 above P that decode: points of full order, encoded in their second way. */
export const NON_CANONICAL_LARGE_ORDER: readonly Uint8Array[] = Array.from(
  { length: 17 },
  (_, i) => P + 2n + BigInt(i),
)
  .flatMap((y) => [littleEndian(y), littleEndian(y | (1n << 255n))])
  .filter((bytes) => decodePoint(bytes) !== undefined)

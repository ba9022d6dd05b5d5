/**
 * edwards25519 with whole numbers, as RFC 8032 section 5.1 states it: slow, short and easy to check by eye.
 * A twin for tests only.
 */
export const PRIME = 2n ** 255n - 19n
export const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

export interface Point {
  readonly x: bigint
  readonly y: bigint
}

const D = modulo(-121665n * inverse(121666n))
const IDENTITY: Point = { x: 0n, y: 1n }

function modulo(a: bigint): bigint {
  const rest = a % PRIME
  return rest < 0n ? rest + PRIME : rest
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = modulo(base)
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = modulo(result * square)
    square = modulo(square * square)
  }
  return result
}

function inverse(a: bigint): bigint {
  return power(a, PRIME - 2n)
}

function add(a: Point, b: Point): Point {
  const cross = modulo(D * a.x * b.x * a.y * b.y)
  return {
    x: modulo((a.x * b.y + b.x * a.y) * inverse(1n + cross)),
    y: modulo((a.y * b.y + a.x * b.x) * inverse(1n - cross)),
  }
}

export function multiply(times: bigint, point: Point): Point {
  let result = IDENTITY
  let double = point
  for (let rest = times; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = add(result, double)
    double = add(double, double)
  }
  return result
}

/** A point with this y, when the curve has one. -x^2 + y^2 = 1 + d x^2 y^2 */
function pointOf(y: bigint): Point | undefined {
  const square = modulo((y * y - 1n) * inverse(D * y * y + 1n))
  const root = power(square, (PRIME + 3n) / 8n)
  for (const x of [root, modulo(root * power(2n, (PRIME - 1n) / 4n))]) {
    if (modulo(x * x) === square) return { x, y }
  }
  return undefined
}

/** The eight points P with 8 P = identity: the multiples of any of order 8, which L times some point is. */
export function torsionPoints(): Point[] {
  for (let y = 2n; ; y++) {
    const point = pointOf(y)
    if (point === undefined) continue
    const torsion = multiply(GROUP_ORDER, point)
    const four = multiply(4n, torsion)
    if (four.x === IDENTITY.x && four.y === IDENTITY.y) continue
    return Array.from({ length: 8 }, (_, i) => multiply(BigInt(i), torsion))
  }
}

/** 0 <= value < 2^256, in 32 bytes. */
export function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
}

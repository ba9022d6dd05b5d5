/** Expressions of WebAssembly text over vectors of four 32-bit words, as `wat.ts` needs them. */

export const get = (local: string): string => `(local.get $${local})`

export const set = (local: string, value: string): string => `(local.set $${local} ${value})`

export const tee = (local: string, value: string): string => `(local.tee $${local} ${value})`

/** The word at this address of the memory, four times over. */
export const load = (at: number): string => `(v128.load32_splat offset=${at} (i32.const 0))`

export const splat = (value: number): string => `(i32x4.splat (i32.const 0x${(value >>> 0).toString(16)}))`

/** At least one term. */
export const add = (...terms: readonly string[]): string => terms.reduce((a, b) => `(i32x4.add ${a} ${b})`)

export const xor = (...terms: readonly string[]): string => terms.reduce((a, b) => `(v128.xor ${a} ${b})`)

export const and = (a: string, b: string): string => `(v128.and ${a} ${b})`

const shr = (value: string, by: number): string => `(i32x4.shr_u ${value} (i32.const ${by}))`

const rotr = (value: string, by: number): string =>
  `(v128.or ${shr(value, by)} (i32x4.shl ${value} (i32.const ${32 - by})))`

/** The functions of FIPS 180-4 section 4.1.2, over a local. */
export const bigSigma0 = (local: string): string =>
  xor(rotr(get(local), 2), rotr(get(local), 13), rotr(get(local), 22))

export const bigSigma1 = (local: string): string =>
  xor(rotr(get(local), 6), rotr(get(local), 11), rotr(get(local), 25))

export const smallSigma0 = (local: string): string =>
  xor(rotr(get(local), 7), rotr(get(local), 18), shr(get(local), 3))

export const smallSigma1 = (local: string): string =>
  xor(rotr(get(local), 17), rotr(get(local), 19), shr(get(local), 10))

/** `(e and f) xor (not e and g)`, with one operation less. */
export const choose = (e: string, f: string, g: string): string =>
  xor(get(g), and(get(e), xor(get(f), get(g))))

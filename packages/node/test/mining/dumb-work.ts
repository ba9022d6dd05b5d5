import { createHash } from 'node:crypto'

export const HARDEST = new Uint8Array(32)
export const EASIEST = new Uint8Array(32).fill(0xff)

/** SHA-256(prefix || nonce) by OpenSSL, the nonce as 8 bytes, big-endian. */
export function digestOf(prefix: Uint8Array, nonce: bigint): Buffer {
  const last = Buffer.alloc(8)
  last.writeBigUInt64BE(nonce)
  return createHash('sha256').update(prefix).update(last).digest()
}

export function meets(prefix: Uint8Array, nonce: bigint, target: Uint8Array): boolean {
  return digestOf(prefix, nonce).compare(target) <= 0
}

/** The least nonce in [from, from + count) that meets the target, one after another. */
export function dumbFind(
  { prefix, target }: { prefix: Uint8Array; target: Uint8Array },
  from: bigint,
  count: number,
): bigint | undefined {
  for (let nonce = from; nonce < from + BigInt(count); nonce++) {
    if (meets(prefix, nonce, target)) return nonce
  }
  return undefined
}

/** One in 2^`bits` nonces meets it. */
export function targetOf(bits: number): Uint8Array {
  const value = (1n << BigInt(256 - bits)) - 1n
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))
}

/** The integer before it. */
export function oneLess(target: Uint8Array): Uint8Array {
  const value = BigInt(`0x${Buffer.from(target).toString('hex')}`) - 1n
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))
}

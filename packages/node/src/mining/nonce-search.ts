/**
 * The search for a nonce on the calling thread.
 *
 * A nonce is found when SHA-256(prefix || nonce), read as a big-endian integer, is at most the target; the
 * nonce is 8 bytes, big-endian. The prefix is whole blocks of SHA-256, so that its midstate is computed once
 * and each nonce costs one compression, in the WebAssembly of `module.ts`. `tools/mining/wat.ts` describes
 * its memory and what `search` promises.
 */
import { invariant } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import { BLOCK_BYTES, midstate } from './midstate.ts'
import { MINING_MODULE } from './module.ts'

export interface MiningJob {
  /** The bytes before the nonce: a multiple of 64, at most `miningPrefixBytesMax`. */
  readonly prefix: Uint8Array
  /** 32 bytes, big-endian. */
  readonly target: Uint8Array
}

const NONCE_BYTES = 8
const TARGET_BYTES = 32
const TARGET_AT = 32
const LENGTH_AT = 64
const LOW_COUNT = 2 ** 32
/** The index that the module returns is a signed integer of 32 bits. */
const COUNT_MAX = 2 ** 31 - 1

interface MiningExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  search(high: number, low: number, count: number): number
}

/** Throws an `InvariantError` for a job that no block gives. */
export function checkJob({ prefix, target }: MiningJob): void {
  const { miningPrefixBytesMax } = NODE_LIMITS
  invariant(
    prefix.length % BLOCK_BYTES === 0 && prefix.length <= miningPrefixBytesMax,
    `a prefix of ${prefix.length} bytes, not whole blocks of ${BLOCK_BYTES}, ${miningPrefixBytesMax} at most`,
  )
  invariant(target.length === TARGET_BYTES, `a target of ${target.length} bytes instead of ${TARGET_BYTES}`)
}

export class NonceSearch {
  readonly #exports: MiningExports

  private constructor(exports: MiningExports) {
    this.#exports = exports
  }

  /** Compiles the module: some 10 ms. Before `setJob` there is nothing to find. */
  static async create(moduleBase64: string = MINING_MODULE): Promise<NonceSearch> {
    const { instance } = await WebAssembly.instantiate(Buffer.from(moduleBase64, 'base64'))
    return new NonceSearch(instance.exports as unknown as MiningExports)
  }

  setJob(job: MiningJob): void {
    checkJob(job)
    const memory = new DataView(this.#exports.memory.buffer)
    for (const [i, word] of midstate(job.prefix).entries()) memory.setUint32(4 * i, word, true)
    const target = new DataView(job.target.buffer, job.target.byteOffset, TARGET_BYTES)
    for (let at = 0; at < TARGET_BYTES; at += 4) {
      memory.setUint32(TARGET_AT + at, target.getUint32(at), true)
    }
    memory.setUint32(LENGTH_AT, 8 * (job.prefix.length + NONCE_BYTES), true)
  }

  /**
   * The least nonce in [from, from + count) that meets the target; undefined when there is none. `count` is
   * an integer from 0 to 2^31 - 1. Past 2^64 the nonces begin at 0 again.
   */
  find(from: bigint, count: number): bigint | undefined {
    invariant(Number.isInteger(count) && count >= 0 && count <= COUNT_MAX, `a search of ${count} nonces`)
    const low = Number(BigInt.asUintN(32, from))
    // The module counts in the low half alone, so a range over its end is two.
    const before = Math.min(count, LOW_COUNT - low)
    const index = this.#exports.search(Number(BigInt.asUintN(32, from >> 32n)), low, before)
    if (index >= 0) return from + BigInt(index)
    if (before === count) return undefined
    return this.find(BigInt.asUintN(64, from + BigInt(before)), count - before)
  }
}

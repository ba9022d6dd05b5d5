import type { Block } from '../block/block.ts'
import type { Header } from '../block/header.ts'
import { type Hash, keyOf } from '../bytes.ts'
import { LIMITS } from '../limits.ts'
import { ownHeader } from './own-header.ts'

/** A branch that leaves the chain below the final block, as far as its headers have been seen. */
export interface RefusedBlock {
  readonly hash: Hash
  readonly header: Header
  readonly weight: bigint
  /** Height of the known block that the branch stands on: where it left the chain, or later. */
  readonly forkHeight: number
}

/**
 * Blocks refused because they fork the chain below its final block. Only their headers are followed, so
 * that an operator can be told once such a branch outgrows the chain: then one of the two histories is not
 * what the group agreed on, and no rule can say which. Bounded; the oldest is forgotten first.
 */
export class RefusedBlocks {
  readonly #blocks = new Map<string, RefusedBlock>()
  readonly #headersMax: number
  #alarmedForks = new Set<number>()

  constructor(headersMax: number = LIMITS.refusedHeadersMax) {
    this.#headersMax = headersMax
  }

  get(hash: Hash): RefusedBlock | undefined {
    return this.#blocks.get(keyOf(hash))
  }

  add(block: Block, weight: bigint, forkHeight: number): RefusedBlock {
    const refused = { hash: block.hash, header: ownHeader(block.header), weight, forkHeight }
    this.#blocks.set(keyOf(block.hash), refused)
    if (this.#blocks.size > this.#headersMax) {
      this.#blocks.delete(this.#blocks.keys().next().value as string)
    }
    return refused
  }

  /** True the first time it is asked for a fork at this height. */
  isFirstAlarm(forkHeight: number): boolean {
    if (this.#alarmedForks.has(forkHeight)) return false
    if (this.#alarmedForks.size >= this.#headersMax) this.#alarmedForks = new Set()
    this.#alarmedForks.add(forkHeight)
    return true
  }
}

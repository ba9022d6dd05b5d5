import type { Block } from '../block/block.ts'
import { blockBytes } from '../block/block.ts'
import { keyOf } from '../bytes.ts'
import { LIMITS } from '../limits.ts'

/**
 * Blocks that cannot be placed yet: their parent is unknown, or their time has not come. Bounded by count and
 * bytes; the oldest is dropped first, which costs only time, since sync fetches what is missing again.
 */
export class WaitingBlocks {
  readonly #byKey = new Map<string, Block>()
  readonly #byParent = new Map<string, Set<Block>>()
  readonly #limits: { readonly blocksMax: number; readonly bytesMax: number }
  #byteCount = 0

  constructor(limits: { readonly blocksMax?: number; readonly bytesMax?: number } = {}) {
    this.#limits = {
      blocksMax: limits.blocksMax ?? LIMITS.waitingBlocksMax,
      bytesMax: limits.bytesMax ?? LIMITS.waitingBytesMax,
    }
  }

  get count(): number {
    return this.#byKey.size
  }

  has(block: Block): boolean {
    return this.#byKey.has(keyOf(block.hash))
  }

  /** Keeps `block`; returns those that were dropped for it, which may be the block itself. */
  add(block: Block): Block[] {
    if (this.has(block)) return []
    this.#byKey.set(keyOf(block.hash), block)
    this.#byteCount += blockBytes(block)
    const siblings = this.#byParent.get(parentKey(block))
    if (siblings) siblings.add(block)
    else this.#byParent.set(parentKey(block), new Set([block]))

    const dropped: Block[] = []
    for (const oldest of this.#byKey.values()) {
      if (this.#byKey.size <= this.#limits.blocksMax && this.#byteCount <= this.#limits.bytesMax) break
      this.#remove(oldest)
      dropped.push(oldest)
    }
    return dropped
  }

  /** Removes and returns the blocks that wait for this parent. */
  takeChildren(parent: Block): Block[] {
    const children = [...(this.#byParent.get(keyOf(parent.hash)) ?? [])]
    for (const child of children) this.#remove(child)
    return children
  }

  /** Removes and returns the blocks whose time is not after `timeMax`. */
  takeDue(timeMax: number): Block[] {
    const due = [...this.#byKey.values()].filter((block) => block.header.time <= timeMax)
    for (const block of due) this.#remove(block)
    return due
  }

  /** The earliest time of a block that waits; undefined when none does. */
  earliestTime(): number | undefined {
    let earliest: number | undefined
    for (const { header } of this.#byKey.values()) {
      if (earliest === undefined || header.time < earliest) earliest = header.time
    }
    return earliest
  }

  #remove(block: Block): void {
    this.#byKey.delete(keyOf(block.hash))
    this.#byteCount -= blockBytes(block)
    const siblings = this.#byParent.get(parentKey(block))
    siblings?.delete(block)
    if (siblings?.size === 0) this.#byParent.delete(parentKey(block))
  }
}

function parentKey(block: Block): string {
  return block.header.parent === null ? '' : keyOf(block.header.parent)
}

import {
  type Block,
  type CompactRange,
  type Crypto,
  EMPTY_RANGE,
  equalBytes,
  type GrownLog,
  growLog,
  type Hash,
  type Header,
  LIMITS,
  type ParentView,
  rangeFromNodes,
  rangeRoot,
} from '@pulseledger/core'
import type { BlockStore } from '../ports.ts'

/** What a block is validated against: the chain up to and with its parent. */
export interface ChainPoint {
  readonly hash: Hash
  readonly header: Header
  /** Of the last blocks up to this one; fewer than the median takes when those before could not be read. */
  readonly times: readonly number[]
  readonly range: CompactRange
  readonly weight: bigint
}

export function pointAfter(
  block: Block,
  weight: bigint,
  range: CompactRange,
  times: readonly number[],
): ChainPoint {
  const { hash, header } = block
  return { hash, header, weight, range, times: [...times, header.time].slice(-LIMITS.medianBlocks) }
}

/** The point as the core's validation takes it. */
export function viewOf(point: ChainPoint, nextSequence: ParentView['nextSequence']): ParentView {
  const { hash, header, range, times } = point
  const timeCount = Math.min(LIMITS.medianBlocks, header.height + 1)
  // With some of the times missing the median could be too late, and would accuse a block that is right.
  return { hash, header, range, times: times.length === timeCount ? times : [-1], nextSequence }
}

/** The log after a canonical block, from the stored tree; undefined when the tree does not give its root. */
export function storedRange(header: Header, store: BlockStore, crypto: Crypto): CompactRange | undefined {
  const range = readRange(header.size, store)
  return range && equalBytes(rangeRoot(range, crypto), header.root) ? range : undefined
}

/**
 * The log as a canonical block grows it, when the log before it is not known from its parent: from the stored
 * tree. Undefined when that does not lead to the root in its header.
 */
export function regrow(block: Block, store: BlockStore, crypto: Crypto): GrownLog | undefined {
  const sizeBefore = block.header.size - block.entries.length
  const before = sizeBefore < 0 ? undefined : readRange(sizeBefore, store)
  const grown = before && growLog(before, block.entries, crypto)
  return grown && equalBytes(rangeRoot(grown.range, crypto), block.header.root) ? grown : undefined
}

function readRange(size: number, store: BlockStore): CompactRange | undefined {
  if (size === 0) return EMPTY_RANGE
  let isWhole = true
  const range = rangeFromNodes(size, (level, index) => {
    const node = store.treeNode(level, index)
    if (node === undefined) isWhole = false
    return node ?? new Uint8Array(32)
  })
  return isWhole ? range : undefined
}

/** The times of the blocks before this one, as far as they can be read, at most as many as a median needs. */
export function timesBefore(block: Block, store: BlockStore): number[] {
  const times: number[] = []
  for (let at = block; at.header.parent !== null && times.length < LIMITS.medianBlocks - 1; ) {
    const parent = store.block(at.header.parent)
    if (parent === undefined) break
    times.unshift(parent.block.header.time)
    at = parent.block
  }
  return times
}

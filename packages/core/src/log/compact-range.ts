/**
 * The right edge of the log: all that is needed to append to it.
 *
 * A log of n leaves is a row of perfect subtrees, one for each bit of n that is set, the largest first:
 * seven leaves are subtrees of 4, 2 and 1. Their roots are the peaks. Appending a leaf adds a peak of one
 * leaf, then joins the last two peaks as long as they are of one size, which is binary addition with carry.
 * The root of the log folds the peaks from the right. So a block is appended in time proportional to its
 * entries, at any height, and the state is at most 53 hashes.
 *
 * A node of the tree has a level and an index: node (level, index) is the root of the perfect subtree over
 * leaves [index * 2^level, (index + 1) * 2^level). Once complete it never changes. Whoever keeps the complete
 * nodes can prove anything about any earlier size; the incomplete ones are joined from peaks when needed.
 *
 * Sizes go to 2^53 - 1, so nothing here may use the operators of JavaScript that cut numbers to 32 bits.
 *
 * Read: RFC 6962 section 2.1; "Compact ranges" in the design notes of Trillian.
 */
import type { Hash } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { invariant } from '../result.ts'
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hash.ts'

/** The perfect subtrees over leaves [0, size). Immutable: appending gives another one. */
export interface CompactRange {
  /** Leaves, 0..2^53 - 1. */
  readonly size: number
  /** Roots of the perfect subtrees, the largest first; as many as `size` has bits set. 32 bytes each. */
  readonly peaks: readonly Hash[]
}

/** Where a node is: level 0 are the leaves; `index` counts from the left within the level. */
export interface NodeCoordinates {
  readonly level: number
  readonly index: number
}

/** A complete node of the tree: the root of the perfect subtree at these coordinates. */
export interface TreeNode extends NodeCoordinates {
  readonly hash: Hash
}

/**
 * The hash of a complete node. It throws when the node is absent: whoever asks knows that it must be
 * there.
 */
export type NodeReader = (level: number, index: number) => Hash

/** Told of each node that becomes complete. */
export type NodeSink = (level: number, index: number, hash: Hash) => void

export const EMPTY_RANGE: CompactRange = { size: 0, peaks: [] }

/**
 * The range after appending `leaves` (leaf hashes, 32 bytes each, kept by reference). `onNode` is called for
 * every node that becomes complete: each leaf, and after it the nodes that it completes, from the bottom up.
 */
export function appendLeaves(
  range: CompactRange,
  leaves: readonly Hash[],
  crypto: Crypto,
  onNode?: NodeSink,
): CompactRange {
  invariant(Number.isSafeInteger(range.size + leaves.length), 'a log has at most 2^53 - 1 leaves')
  const peaks = range.peaks.slice()
  let size = range.size
  for (const leaf of leaves) {
    invariant(leaf.length === HASH_BYTES, 'leaves of the log are 32 bytes')
    let hash = leaf
    let level = 0
    let index = size
    onNode?.(level, index, hash)
    while (index % 2 === 1) {
      hash = nodeHash(peaks.pop() as Hash, hash, crypto)
      index = (index - 1) / 2
      level += 1
      onNode?.(level, index, hash)
    }
    peaks.push(hash)
    size += 1
  }
  return { size, peaks }
}

/** Root over leaves [0, size). 32 bytes. RFC 6962 section 2.1 */
export function rangeRoot(range: CompactRange, crypto: Crypto): Hash {
  return foldPeaks(range.peaks, crypto)
}

/** The root over a row of perfect subtrees, the largest first; the empty root when there is none. */
export function foldPeaks(peaks: readonly Hash[], crypto: Crypto): Hash {
  let root = peaks[peaks.length - 1]
  if (root === undefined) return EMPTY_ROOT
  for (let i = peaks.length - 2; i >= 0; i--) root = nodeHash(peaks[i] as Hash, root, crypto)
  return root
}

/** The range over leaves [0, size), from complete nodes that were kept. */
export function rangeFromNodes(size: number, node: NodeReader): CompactRange {
  return { size, peaks: peakCoordinates(0, size).map(({ level, index }) => node(level, index)) }
}

/**
 * The perfect subtrees, from left to right, of leaves [start, start + size), where `start` is a multiple of
 * the smallest power of two that is not below `size`: then they are nodes of the tree.
 */
export function peakCoordinates(start: number, size: number): NodeCoordinates[] {
  invariant(Number.isSafeInteger(start + size) && start >= 0 && size >= 0, 'sizes are 0..2^53 - 1')
  const found: NodeCoordinates[] = []
  let level = 0
  let width = 1
  while (width <= size / 2) {
    width *= 2
    level += 1
  }
  let at = start
  let left = size
  for (; left > 0; level--, width /= 2) {
    if (left < width) continue
    found.push({ level, index: at / width })
    at += width
    left -= width
  }
  return found
}

/**
 * The nodes that growing from `fromSize` to `toSize` leaves completes, in the order in which `appendLeaves`
 * reports them. A reorg deletes them.
 */
export function* completedNodes(fromSize: number, toSize: number): Generator<NodeCoordinates> {
  invariant(Number.isSafeInteger(fromSize) && Number.isSafeInteger(toSize), 'sizes are integers')
  invariant(0 <= fromSize && fromSize <= toSize, 'a log does not shrink')
  for (let leaf = fromSize; leaf < toSize; leaf++) {
    let level = 0
    let index = leaf
    yield { level, index }
    while (index % 2 === 1) {
      index = (index - 1) / 2
      level += 1
      yield { level, index }
    }
  }
}

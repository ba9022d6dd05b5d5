import type { Block } from '../block/block.ts'
import type { Hash } from '../bytes.ts'
import type { EntryWithPayload } from '../entry/entry.ts'
import type { TreeNode } from '../log/compact-range.ts'

/**
 * What one step of the ledger changes in the store: applied all at once or not at all, so that a crash leaves
 * either the old head or the new one, each with its whole index. The parts are applied in the order of the
 * fields: an entry that leaves with one block and comes back with another ends where the new block puts it.
 */
export interface Change {
  /** Blocks seen for the first time, on whatever branch, parents before children. */
  readonly blocks: readonly WeighedBlock[]
  /** Blocks that leave the canonical chain, highest first. Their bytes stay stored. */
  readonly disconnect: readonly PlacedBlock[]
  /** Blocks that join the canonical chain, lowest first. The last of them is the new head. */
  readonly connect: readonly ConnectedBlock[]
  /** Accepted entries that wait for a block again, and those that wait no longer (by id). */
  readonly pendingAdd: readonly EntryWithPayload[]
  readonly pendingRemove: readonly Hash[]
}

export interface WeighedBlock {
  readonly block: Block
  /** Sum of the engine's weights from genesis to this block, 0 <= weight < 2^256. */
  readonly weight: bigint
}

export interface PlacedBlock {
  readonly block: Block
  /** Log index of the first entry of the block: the log's size before it. */
  readonly firstIndex: number
}

export interface ConnectedBlock extends PlacedBlock {
  /** The subtrees of the log that became complete with this block, leaves (level 0) included. */
  readonly nodes: readonly TreeNode[]
}

/**
 * What the ledger reads back, synchronously, from what is durable. Reads may lag behind changes that are
 * still being written; the ledger keeps those in memory until it is told that they are durable.
 */
export interface ChainReader {
  /** The author's next free sequence on the durable canonical chain; 0 when it has no entry. */
  nextSequence(author: Uint8Array): number
  /** A stored block of any branch. */
  block(hash: Hash): StoredBlock | undefined
  /** Where an entry stands on the durable canonical chain; `index` in the log. */
  entryById(id: Hash): { readonly height: number; readonly index: number } | undefined
  /** Of the durable canonical chain; undefined above its head. */
  canonicalHash(height: number): Hash | undefined
}

export interface StoredBlock extends WeighedBlock {
  readonly canonical: boolean
}

import { equalBytes, type Hash, keyOf } from '../bytes.ts'
import type { TreeBlock } from './block-tree.ts'
import type { ChainReader } from './change.ts'

export interface IncludedPlace {
  readonly entryId: Hash
  readonly height: number
  readonly blockHash: Hash
  /** Index in the log. */
  readonly index: number
}

/**
 * Where an entry stands on the chain of `head`: in a block that is being written, or in the store. Undefined
 * when it is not there, also while the store has it in a block that is about to leave the chain.
 */
export function findIncluded(
  entryId: Hash,
  head: TreeBlock,
  writing: ReadonlyMap<string, TreeBlock>,
  reader: ChainReader,
): IncludedPlace | undefined {
  for (let at: TreeBlock | undefined = head; at?.fresh; at = at.parent) {
    const { entries } = at.fresh.block
    const i = entries.findIndex(({ id }) => equalBytes(id, entryId))
    if (i < 0) continue
    const { height, size } = at.header
    return { entryId, height, blockHash: at.hash, index: size - entries.length + i }
  }
  const stored = reader.entryById(entryId)
  if (stored === undefined) return undefined
  const { height, index } = stored
  const blockHash = canonicalHash(height, head, writing, reader)
  const storedHash = reader.canonicalHash(height)
  if (!blockHash || !storedHash || !equalBytes(blockHash, storedHash)) return undefined
  return { entryId, height, blockHash, index }
}

/** The hash at this height of the chain of `head`, durable or not; undefined above it. */
export function canonicalHash(
  height: number,
  head: TreeBlock,
  writing: ReadonlyMap<string, TreeBlock>,
  reader: ChainReader,
): Hash | undefined {
  if (height > head.header.height) return undefined
  let at = head
  while (at.header.height > height) {
    const parent = at.parent ?? (at.header.parent && writing.get(keyOf(at.header.parent)))
    if (!parent) return reader.canonicalHash(height)
    at = parent
  }
  return at.hash
}

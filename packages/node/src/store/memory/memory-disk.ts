import type { EntryWithPayload, Hash, WeighedBlock } from '@pulseledger/core'
import type { EntryPosition, HeadPosition } from '../../ports.ts'

/** Bytes as a key of a Map; see `keyOf` of core. */
type Key = string

export interface AuthorEntries {
  readonly author: Uint8Array
  /** By sequence, from 0. */
  readonly ids: Hash[]
}

/**
 * What a MemoryStore keeps, apart from it: as a directory outlives the process, this outlives the store. A
 * simulated crash forgets the store and opens another one over the disk, or over a copy.
 */
export class MemoryDisk {
  /** Whether a store has it open. */
  held = false
  head: HeadPosition | undefined
  readonly blocks: Map<Key, WeighedBlock>
  /** Hashes by height, from genesis. */
  readonly canonical: Hash[]
  readonly positions: Map<Key, EntryPosition>
  /** By author. */
  readonly authors: Map<Key, AuthorEntries>
  readonly payloads: Map<Key, Uint8Array>
  /** By level and index. */
  readonly treeNodes: Map<string, Hash>
  /** In the order in which they were added. */
  readonly pending: Map<Key, EntryWithPayload>

  constructor(from?: MemoryDisk) {
    this.head = from?.head
    this.blocks = new Map(from?.blocks)
    this.canonical = [...(from?.canonical ?? [])]
    this.positions = new Map(from?.positions)
    this.authors = new Map()
    for (const [key, { author, ids }] of from?.authors ?? []) this.authors.set(key, { author, ids: [...ids] })
    this.payloads = new Map(from?.payloads)
    this.treeNodes = new Map(from?.treeNodes)
    this.pending = new Map(from?.pending)
  }

  /** The same state, held by nobody: what a crash at this moment leaves. */
  copy(): MemoryDisk {
    return new MemoryDisk(this)
  }
}

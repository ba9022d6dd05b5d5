import type {
  Change,
  ConnectedBlock,
  EntryWithPayload,
  Hash,
  PlacedBlock,
  StoredBlock,
  WeighedBlock,
} from '@pulseledger/core'
import { compareBytes, completedNodes, equalBytes, invariant, keyOf } from '@pulseledger/core'
import {
  type AuthorRecord,
  type BlockStore,
  type EntryPosition,
  type HeadPosition,
  NodeFailure,
  type StoreCensus,
  type StoreFault,
} from '../../ports.ts'
import { headAfter } from '../head-move.ts'
import { MemoryDisk } from './memory-disk.ts'

export interface MemoryStoreInit {
  readonly disk?: MemoryDisk
  /**
   * Called before a change is applied: it is applied when the promise resolves, and not at all when it
   * rejects, which fails the commit. The simulator delays and fails commits here.
   */
  readonly beforeCommit?: (change: Change) => Promise<void> | void
}

/**
 * The store as Maps, so simple that it is right: the others are compared with it. As durable as its
 * MemoryDisk.
 */
export class MemoryStore implements BlockStore {
  readonly #disk: MemoryDisk
  readonly #beforeCommit: MemoryStoreInit['beforeCommit']
  #isOpen = false
  #failure: unknown
  #running: Promise<void> = Promise.resolve()

  constructor(init: MemoryStoreInit = {}) {
    this.#disk = init.disk ?? new MemoryDisk()
    this.#beforeCommit = init.beforeCommit
  }

  async open(): Promise<void> {
    if (this.#disk.held) throw new NodeFailure('STORE_LOCKED', 'another store has this disk open')
    this.#disk.held = true
    this.#isOpen = true
  }

  async close(): Promise<void> {
    await this.#running
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#disk.held = false
  }

  commit(change: Change): Promise<void> {
    const commit = this.#running.then(() => this.#commit(change))
    this.#running = commit.catch(() => undefined)
    return commit
  }

  async #commit(change: Change): Promise<void> {
    invariant(this.#isOpen, 'the store is open')
    if (this.#failure !== undefined) throw this.#failure
    try {
      await this.#beforeCommit?.(change)
      this.#apply(change)
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  /** Checks first and changes then: nothing throws in between, so it is all or nothing. */
  #apply(change: Change): void {
    const disk = this.#disk
    const head = headAfter(disk.head, change)
    this.#checkBlocks(change)

    for (const weighed of change.blocks) {
      const key = keyOf(weighed.block.hash)
      if (disk.blocks.has(key)) continue
      disk.blocks.set(key, weighed)
      for (const [i, entry] of weighed.block.entries.entries()) {
        const payload = weighed.block.payloads[i]
        if (payload) disk.payloads.set(keyOf(entry.id), payload)
      }
    }
    for (const placed of change.disconnect) this.#disconnect(placed)
    for (const placed of change.connect) this.#connect(placed)
    for (const item of change.pendingAdd) {
      const key = keyOf(item.entry.id)
      if (!disk.pending.has(key)) disk.pending.set(key, item)
    }
    for (const id of change.pendingRemove) disk.pending.delete(keyOf(id))
    disk.head = head
  }

  #checkBlocks(change: Change): void {
    const added = new Set<string>()
    const isKnown = (hash: Hash) => added.has(keyOf(hash)) || this.#disk.blocks.has(keyOf(hash))
    for (const { block } of change.blocks) {
      const { parent } = block.header
      invariant(parent === null || isKnown(parent), 'the parent of a block is stored before it')
      added.add(keyOf(block.hash))
    }
    for (const { block } of change.connect)
      invariant(isKnown(block.hash), 'a block is stored before it connects')
  }

  #disconnect({ block, firstIndex }: PlacedBlock): void {
    const disk = this.#disk
    disk.canonical.length = block.header.height
    for (const entry of block.entries) {
      disk.positions.delete(keyOf(entry.id))
      const { ids } = disk.authors.get(keyOf(entry.author)) ?? { ids: [] }
      ids.length = Math.min(ids.length, entry.sequence)
      if (ids.length === 0) disk.authors.delete(keyOf(entry.author))
    }
    for (const { level, index } of completedNodes(firstIndex, firstIndex + block.entries.length)) {
      disk.treeNodes.delete(`${level}/${index}`)
    }
  }

  #connect({ block, firstIndex, nodes }: ConnectedBlock): void {
    const disk = this.#disk
    disk.canonical.push(block.hash)
    for (const [i, entry] of block.entries.entries()) {
      disk.positions.set(keyOf(entry.id), { height: block.header.height, index: firstIndex + i })
      const { author, sequence, id } = entry
      const known = disk.authors.get(keyOf(author)) ?? { author, ids: [] }
      known.ids[sequence] = id
      disk.authors.set(keyOf(author), known)
    }
    for (const { level, index, hash } of nodes) disk.treeNodes.set(`${level}/${index}`, hash)
  }

  head(): HeadPosition | undefined {
    return this.#read().head
  }

  canonicalHash(height: number): Hash | undefined {
    return this.#read().canonical[height]
  }

  block(hash: Hash): StoredBlock | undefined {
    const weighed = this.#read().blocks.get(keyOf(hash))
    if (weighed === undefined) return undefined
    const canonical = this.#disk.canonical[weighed.block.header.height]
    return {
      ...this.#withPayloads(weighed),
      canonical: canonical !== undefined && equalBytes(canonical, hash),
    }
  }

  *blocksFrom(height: number): Iterable<WeighedBlock> {
    const found = [...this.#read().blocks.values()].filter(({ block }) => block.header.height >= height)
    found.sort((a, b) => {
      return a.block.header.height - b.block.header.height || compareBytes(a.block.hash, b.block.hash)
    })
    for (const weighed of found) yield this.#withPayloads(weighed)
  }

  /** Payloads are kept apart, once for each entry, so they may be there though the block came without. */
  #withPayloads({ block, weight }: WeighedBlock): WeighedBlock {
    const payloads = block.entries.map((entry) => this.#disk.payloads.get(keyOf(entry.id)) ?? null)
    return { block: { ...block, payloads }, weight }
  }

  nextSequence(author: Uint8Array): number {
    return this.#read().authors.get(keyOf(author))?.ids.length ?? 0
  }

  entryById(id: Hash): EntryPosition | undefined {
    return this.#read().positions.get(keyOf(id))
  }

  entryIdByAuthor(author: Uint8Array, sequence: number): Hash | undefined {
    return this.#read().authors.get(keyOf(author))?.ids[sequence]
  }

  entryIdByIndex(index: number): Hash | undefined {
    return this.treeNode(0, index)
  }

  payload(entryId: Hash): Uint8Array | undefined {
    return this.#read().payloads.get(keyOf(entryId))
  }

  treeNode(level: number, index: number): Hash | undefined {
    return this.#read().treeNodes.get(`${level}/${index}`)
  }

  *pending(): Iterable<EntryWithPayload> {
    yield* [...this.#read().pending.values()]
  }

  async census(): Promise<StoreCensus> {
    const disk = this.#read()
    return {
      blocks: disk.blocks.size,
      canonical: disk.canonical.length,
      entryIds: disk.positions.size,
      authorSequences: [...disk.authors.values()].reduce((count, { ids }) => count + ids.length, 0),
      authors: disk.authors.size,
      payloads: disk.payloads.size,
      treeNodes: disk.canonical.filter((hash) => this.#hasEntries(hash)).length,
      pending: disk.pending.size,
    }
  }

  async *authors(): AsyncIterable<AuthorRecord> {
    const records = [...this.#read().authors.values()].map(({ author, ids }) => ({
      author,
      next: ids.length,
    }))
    yield* records.sort((a, b) => compareBytes(a.author, b.author))
  }

  anchor(): HeadPosition | undefined {
    return this.#read().head
  }

  async *faults(): AsyncIterable<StoreFault> {}

  #hasEntries(hash: Hash): boolean {
    return (this.#disk.blocks.get(keyOf(hash))?.block.entries.length ?? 0) > 0
  }

  #read(): MemoryDisk {
    invariant(this.#isOpen, 'the store is open')
    return this.#disk
  }
}

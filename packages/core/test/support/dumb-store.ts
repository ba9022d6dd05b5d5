/**
 * A store that does what a `Change` says in the dumbest way, and finds fault with a change that no store
 * could carry out. It holds lists and goes through them.
 */
import type { Block } from '../../src/block/block.ts'
import { compareBytes, equalBytes, fromHex, type Hash, toHex } from '../../src/bytes.ts'
import type { EntryWithPayload } from '../../src/entry/entry.ts'
import type { Change, PlacedBlock, StoredBlock, WeighedBlock } from '../../src/machine/change.ts'
import type { LoadReader } from '../../src/machine/load.ts'

export class DumbStore implements LoadReader {
  readonly blocks = new Map<string, WeighedBlock>()
  /** Hashes by height. */
  readonly canonical: string[] = []
  /** Ids of all entries of the canonical chain. */
  readonly log: string[] = []
  /** By level/index. */
  readonly nodes = new Map<string, Hash>()
  readonly waiting = new Map<string, EntryWithPayload>()

  apply(change: Change): void {
    for (const weighed of change.blocks) {
      const { hash, header } = weighed.block
      check(!this.blocks.has(toHex(hash)), 'a block is stored once')
      check(header.parent === null || this.blocks.has(toHex(header.parent)), 'parents are stored first')
      this.blocks.set(toHex(hash), weighed)
    }
    for (const placed of change.disconnect) this.#disconnect(placed)
    for (const { nodes, ...placed } of change.connect) {
      this.#connect(placed)
      for (const { level, index, hash } of nodes) this.nodes.set(`${level}/${index}`, hash)
    }
    for (const item of change.pendingAdd) {
      check(!this.waiting.has(toHex(item.entry.id)), 'an entry is added to pending once')
      this.waiting.set(toHex(item.entry.id), item)
    }
    for (const id of change.pendingRemove) {
      check(this.waiting.delete(toHex(id)), 'what is removed from pending was there')
    }
  }

  #connect({ block, firstIndex }: PlacedBlock): void {
    const { hash, header } = block
    check(this.blocks.has(toHex(hash)), 'a block that is connected is stored')
    check(header.height === this.canonical.length, 'blocks are connected lowest first')
    check(header.parent === null || toHex(header.parent) === this.canonical.at(-1), 'a block joins the head')
    check(firstIndex === this.log.length, 'the first index of a connected block is the size before it')
    this.canonical.push(toHex(hash))
    this.log.push(...block.entries.map(({ id }) => toHex(id)))
  }

  #disconnect({ block, firstIndex }: PlacedBlock): void {
    check(this.canonical.pop() === toHex(block.hash), 'the head is disconnected first')
    const gone = this.log.splice(firstIndex)
    check(gone.join() === block.entries.map(({ id }) => toHex(id)).join(), 'its entries leave the log')
    for (const key of this.nodes.keys()) {
      const [level = 0, index = 0] = key.split('/').map(Number)
      if ((index + 1) * 2 ** level > firstIndex) this.nodes.delete(key)
    }
  }

  head(): { height: number; hash: Hash } | undefined {
    const hash = this.canonical.at(-1)
    return hash === undefined ? undefined : { height: this.canonical.length - 1, hash: fromHex(hash) as Hash }
  }

  entryById(id: Hash): { height: number; index: number } | undefined {
    const index = this.log.indexOf(toHex(id))
    if (index < 0) return undefined
    return { height: this.canonicalBlocks().findIndex(({ header }) => header.size > index), index }
  }

  canonicalHash(height: number): Hash | undefined {
    const hash = this.canonical[height]
    return hash === undefined ? undefined : (fromHex(hash) as Hash)
  }

  nextSequence(author: Uint8Array): number {
    return this.canonicalBlocks()
      .flatMap(({ entries }) => entries)
      .filter((entry) => equalBytes(entry.author, author)).length
  }

  block(hash: Hash): StoredBlock | undefined {
    const found = this.blocks.get(toHex(hash))
    return found && { ...found, canonical: this.canonical.includes(toHex(hash)) }
  }

  blocksFrom(height: number): WeighedBlock[] {
    const found = [...this.blocks.values()].filter(({ block }) => block.header.height >= height)
    const order = (a: Block, b: Block) => a.header.height - b.header.height || compareBytes(a.hash, b.hash)
    return found.sort((a, b) => order(a.block, b.block))
  }

  treeNode(level: number, index: number): Hash | undefined {
    return this.nodes.get(`${level}/${index}`)
  }

  pending(): EntryWithPayload[] {
    return [...this.waiting.values()]
  }

  canonicalBlocks(): Block[] {
    return this.canonical.map((hash) => (this.blocks.get(hash) as WeighedBlock).block)
  }

  /** Forgets the payload of an entry wherever it is stored in a block. */
  erase(id: Hash): void {
    for (const [key, { block, weight }] of this.blocks) {
      const payloads = block.payloads.map((payload, i) =>
        equalBytes((block.entries[i] as { id: Hash }).id, id) ? null : payload,
      )
      this.blocks.set(key, { block: { ...block, payloads }, weight })
    }
  }
}

function check(condition: boolean, claim: string): void {
  if (!condition) throw new Error(`a change that cannot be right: ${claim}`)
}

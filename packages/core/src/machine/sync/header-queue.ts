/**
 * The headers that wait for their bodies: one chain, each on the one before, the first on a block that the
 * ledger has. It is what the node is catching up with; headers of another chain replace it from the fork on.
 */
import { blockBytes } from '../../block/block.ts'
import type { Header } from '../../block/header.ts'
import { equalBytes, type Hash, keyOf } from '../../bytes.ts'
import { invariant } from '../../result.ts'
import type { Item } from './item.ts'

/** A block that others stand on: known in any way. */
export interface Standing {
  readonly hash: Hash
  readonly header: Header
  readonly weight: bigint
}

export class HeaderQueue {
  #items: Item[] = []
  readonly #byKey = new Map<string, Item>()
  #base: Standing | undefined
  /** Changes whenever the chain of the queue becomes another one. */
  #epoch = 0
  #bytesCount = 0

  get length(): number {
    return this.#items.length
  }

  get items(): readonly Item[] {
    return this.#items
  }

  get front(): Item | undefined {
    return this.#items[0]
  }

  get tip(): Item | undefined {
    return this.#items.at(-1)
  }

  /** What the front stands on. Undefined only when the queue was never filled or was dropped. */
  get base(): Standing | undefined {
    return this.#base
  }

  get epoch(): number {
    return this.#epoch
  }

  /** Bytes of the bodies that wait for those before them. */
  get bytesCount(): number {
    return this.#bytesCount
  }

  get(hash: Hash): Item | undefined {
    return this.#byKey.get(keyOf(hash))
  }

  isTip(hash: Hash): boolean {
    const tip = this.tip
    return tip !== undefined && equalBytes(tip.header.hash, hash)
  }

  /** Empty -> filled. */
  begin(base: Standing): void {
    invariant(this.#items.length === 0, 'a queue begins empty')
    this.#base = base
    this.#epoch += 1
  }

  append(item: Item): void {
    this.#items.push(item)
    this.#byKey.set(item.key, item)
    if (item.body) this.#bytesCount += blockBytes(item.body.block)
  }

  /** Keeps the items up to and with that of `hash`; returns the others. The chain becomes another one. */
  cutAfter(hash: Hash): Item[] {
    const index = this.#items.findIndex(({ key }) => key === keyOf(hash))
    this.#epoch += 1
    return this.#removed(this.#items.splice(index + 1))
  }

  /** Takes `count` items off the front: the ledger has them, or is about to. */
  shift(count: number): Item[] {
    const items = this.#removed(this.#items.splice(0, count))
    const last = items.at(-1)
    if (last) this.#base = { hash: last.header.hash, header: last.header.header, weight: last.weight }
    return items
  }

  /** Filled -> empty. */
  clear(): Item[] {
    this.#base = undefined
    this.#epoch += 1
    return this.#removed(this.#items.splice(0))
  }

  /** A body has come for an item of the queue. */
  grew(bytesCount: number): void {
    this.#bytesCount += bytesCount
  }

  #removed(items: Item[]): Item[] {
    for (const item of items) {
      this.#byKey.delete(item.key)
      if (item.body) this.#bytesCount -= blockBytes(item.body.block)
    }
    return items
  }
}

/**
 * What became of submissions that were told to be included: as long as their block is not final it may lose
 * its place, and then whoever submitted them is told so, and again when they have a new one.
 *
 * Kept by block, so that it costs little as long as nothing happens. Bounded: the oldest blocks are forgotten
 * first, and moves of their entries are not told of any more.
 */
import type { Block } from '../block/block.ts'
import { keyOf } from '../bytes.ts'
import { LIMITS } from '../limits.ts'
import type { IncludedPlace } from './chain-lookup.ts'
import type { Notice, Ticket } from './events.ts'

interface WatchedBlock {
  readonly height: number
  readonly entryKeys: string[]
}

export class Receipts {
  readonly #blocks = new Map<string, WatchedBlock>()
  readonly #withdrawn = new Set<string>()
  readonly #entriesMax: number
  #count = 0
  #finalHeight = 0

  constructor(entriesMax: number = LIMITS.receiptsWatchedMax) {
    this.#entriesMax = entriesMax
  }

  /** Entries that are watched, on the chain or off it. */
  get count(): number {
    return this.#count + this.#withdrawn.size
  }

  get isAnyWithdrawn(): boolean {
    return this.#withdrawn.size > 0
  }

  /** Whether this entry was told to be included, and is not on the chain. */
  isWithdrawn(entryKey: string): boolean {
    return this.#withdrawn.has(entryKey)
  }

  /** The submitted ones among the entries of a connected block. */
  watch(block: Block, entryKeys: string[]): void {
    if (entryKeys.length === 0) return
    this.#blocks.set(keyOf(block.hash), { height: block.header.height, entryKeys })
    this.#count += entryKeys.length
    this.#forgetOldest()
  }

  /** Somebody asks for an entry that is on the chain already: it is watched like those that were included. */
  tell(ticket: Ticket, place: IncludedPlace): Notice {
    if (place.height > this.#finalHeight) this.#watchAlso(place)
    return { kind: 'included', ticket, ...place }
  }

  disconnect(block: Block): void {
    const key = keyOf(block.hash)
    const watched = this.#blocks.get(key)
    if (watched === undefined) return
    this.#forget(key)
    for (const entryKey of watched.entryKeys) this.#withdrawn.add(entryKey)
    for (const oldest of this.#withdrawn) {
      if (this.#withdrawn.size <= this.#entriesMax) break
      this.#withdrawn.delete(oldest)
    }
  }

  /** The entry is on the chain, or never will be again. True when it had been withdrawn. */
  settle(entryKey: string): boolean {
    return this.#withdrawn.size > 0 && this.#withdrawn.delete(entryKey)
  }

  /** Those of these blocks that are still withdrawn. */
  withdrawals(blocks: readonly Block[]): Notice[] {
    if (this.#withdrawn.size === 0) return []
    return blocks
      .flatMap(({ entries }) => entries)
      .filter(({ id }) => this.#withdrawn.has(keyOf(id)))
      .map(({ id }) => ({ kind: 'receipt-withdrawn', entryId: id }))
  }

  /** Blocks up to this height stay where they are. */
  final(height: number): void {
    this.#finalHeight = height
    for (const [key, watched] of this.#blocks) {
      if (watched.height > height) break
      this.#forget(key)
    }
  }

  #watchAlso({ blockHash, height, entryId }: IncludedPlace): void {
    const key = keyOf(blockHash)
    const entryKey = keyOf(entryId)
    const watched = this.#blocks.get(key) ?? { height, entryKeys: [] }
    if (watched.entryKeys.includes(entryKey)) return
    watched.entryKeys.push(entryKey)
    this.#blocks.set(key, watched)
    this.#count += 1
    this.#forgetOldest()
  }

  #forgetOldest(): void {
    for (const key of this.#blocks.keys()) {
      if (this.#count <= this.#entriesMax) break
      this.#forget(key)
    }
  }

  #forget(key: string): void {
    this.#count -= this.#blocks.get(key)?.entryKeys.length ?? 0
    this.#blocks.delete(key)
  }
}

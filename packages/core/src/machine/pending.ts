/**
 * Accepted entries that wait for a block.
 *
 * An author's entries must go into the chain in the order of their sequences, without a gap. So each author
 * has its entries by sequence, and all entries stand in one line by arrival. Taking walks the line from the
 * front and takes what is next for its author; what stands too early in the line is passed over until the
 * next block. Entries may arrive out of order, as far ahead of a missing one as `pendingGapMax`.
 *
 * An entry leaves when it is on the chain, or when another entry of the author took its sequence there.
 * Entries of a block that lost its place come back, and are marked as stored: they were acknowledged, so
 * they must survive a crash here too.
 */
import { type Hash, keyOf } from '../bytes.ts'
import type { EntryWithPayload } from '../entry/entry.ts'
import { LIMITS } from '../limits.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Ticket } from './events.ts'

export interface PendingEntry extends EntryWithPayload {
  readonly key: string
  readonly authorKey: string
  /** Whom to tell; none when nobody here asked, several when it was submitted more than once. */
  readonly tickets: Ticket[]
  /** In the store's pending index, so that its removal must be written there. */
  readonly isStored: boolean
}

interface AuthorQueue {
  readonly bySequence: Map<number, PendingEntry>
  /** First free sequence: all from the chain's next one up to it are pending. */
  next: number
}

/** The next sequence of an author on the chain of the head. */
export type NextOnChain = (author: Uint8Array, authorKey: string) => number

export interface PendingLimits {
  readonly entriesMax: number
  readonly bytesMax: number
  readonly gapMax: number
}

const DEFAULT_LIMITS: PendingLimits = {
  entriesMax: LIMITS.pendingEntriesMax,
  bytesMax: LIMITS.pendingBytesMax,
  gapMax: LIMITS.pendingGapMax,
}

export class Pending {
  readonly #limits: PendingLimits
  readonly #line = new Map<string, PendingEntry>()
  readonly #authors = new Map<string, AuthorQueue>()
  #byteCount = 0

  constructor(limits: Partial<PendingLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  get count(): number {
    return this.#line.size
  }

  /** Bytes of entries and payloads together. */
  get byteCount(): number {
    return this.#byteCount
  }

  entries(): Iterable<PendingEntry> {
    return this.#line.values()
  }

  get(id: Hash): PendingEntry | undefined {
    return this.#line.get(keyOf(id))
  }

  /** The author's first sequence that is neither on the chain nor pending. */
  nextSequence(author: Uint8Array, nextOnChain: NextOnChain): number {
    const authorKey = keyOf(author)
    return this.#next(authorKey, nextOnChain(author, authorKey))
  }

  /** Accepts an entry that was found valid by itself. One that waits already only gets the ticket. */
  add(item: EntryWithPayload, nextOnChain: NextOnChain, ticket?: Ticket): Result<undefined> {
    const { entry } = item
    const key = keyOf(entry.id)
    const known = this.#line.get(key)
    if (known) {
      if (ticket !== undefined) known.tickets.push(ticket)
      return ok()
    }
    if (this.#line.size >= this.#limits.entriesMax) {
      return fail('PENDING_FULL', `${this.#line.size} entries wait for a block already`)
    }
    if (this.#byteCount + itemBytes(item) > this.#limits.bytesMax) {
      return fail('PENDING_FULL', `${this.#byteCount} bytes wait for a block already`)
    }
    const authorKey = keyOf(entry.author)
    const onChain = nextOnChain(entry.author, authorKey)
    const next = this.#next(authorKey, onChain)
    if (entry.sequence < next || this.#authors.get(authorKey)?.bySequence.has(entry.sequence)) {
      return fail('ENTRY_SEQUENCE_TAKEN', `sequence ${entry.sequence} is taken; the author's next is ${next}`)
    }
    if (entry.sequence - next > this.#limits.gapMax) {
      return fail(
        'ENTRY_SEQUENCE_GAP',
        `sequence ${entry.sequence} is too far from the author's next, ${next}`,
      )
    }
    const tickets = ticket === undefined ? [] : [ticket]
    this.#insert({ entry, payload: item.payload, key, authorKey, tickets, isStored: false }, onChain)
    return ok()
  }

  /**
   * Takes back entries that had been accepted before, whatever the limits: those of a block that lost its
   * place, or those that the store kept. They go before others with their sequence, which are returned as
   * displaced.
   */
  restore(
    items: readonly EntryWithPayload[],
    nextOnChain: NextOnChain,
  ): { added: PendingEntry[]; displaced: PendingEntry[] } {
    const added: PendingEntry[] = []
    const displaced: PendingEntry[] = []
    for (const { entry, payload } of items) {
      const key = keyOf(entry.id)
      const authorKey = keyOf(entry.author)
      const onChain = nextOnChain(entry.author, authorKey)
      if (this.#line.has(key) || entry.sequence < onChain) continue
      const rival = this.leave(entry.author, entry.sequence)
      if (rival) displaced.push(rival)
      const item = { entry, payload, key, authorKey, tickets: [], isStored: true }
      this.#insert(item, onChain)
      added.push(item)
    }
    return { added, displaced }
  }

  /**
   * The entry at this place of the author is on the chain now: whatever waited there leaves and is
   * returned. It is the same entry, or one that has lost its place for good.
   */
  leave(author: Uint8Array, sequence: number): PendingEntry | undefined {
    const found = this.#authors.get(keyOf(author))?.bySequence.get(sequence)
    if (found) this.#delete(found)
    return found
  }

  /** Entries for the next block, in order: as many as fit. They stay until `leave`. */
  take(limits: { entriesMax: number; bytesMax: number }, nextOnChain: NextOnChain): PendingEntry[] {
    const taken: PendingEntry[] = []
    const expected = new Map<string, number>()
    let bytes = 0
    for (const item of this.#line.values()) {
      if (taken.length >= limits.entriesMax) break
      const next = expected.get(item.authorKey) ?? nextOnChain(item.entry.author, item.authorKey)
      if (item.entry.sequence !== next) continue
      bytes += itemBytes(item)
      if (bytes > limits.bytesMax) break
      taken.push(item)
      expected.set(item.authorKey, next + 1)
    }
    return taken
  }

  /** The chain of the head changed by more than an appended block: find each author's next sequence again. */
  rebase(nextOnChain: NextOnChain): void {
    for (const [authorKey, queue] of this.#authors) {
      const first = queue.bySequence.values().next().value as PendingEntry
      queue.next = nextOnChain(first.entry.author, authorKey)
      advance(queue)
    }
  }

  #next(authorKey: string, onChain: number): number {
    const queue = this.#authors.get(authorKey)
    if (queue === undefined) return onChain
    if (queue.next < onChain) {
      queue.next = onChain
      advance(queue)
    }
    return queue.next
  }

  #insert(item: PendingEntry, onChain: number): void {
    let queue = this.#authors.get(item.authorKey)
    if (queue === undefined) {
      queue = { bySequence: new Map(), next: onChain }
      this.#authors.set(item.authorKey, queue)
    }
    queue.bySequence.set(item.entry.sequence, item)
    advance(queue)
    this.#line.set(item.key, item)
    this.#byteCount += itemBytes(item)
  }

  #delete(item: PendingEntry): void {
    const queue = this.#authors.get(item.authorKey) as AuthorQueue
    queue.bySequence.delete(item.entry.sequence)
    if (queue.bySequence.size === 0) this.#authors.delete(item.authorKey)
    this.#line.delete(item.key)
    this.#byteCount -= itemBytes(item)
  }
}

function advance(queue: AuthorQueue): void {
  while (queue.bySequence.has(queue.next)) queue.next += 1
}

function itemBytes({ entry, payload }: EntryWithPayload): number {
  return entry.bytes.length + payload.length
}

/**
 * Accepted entries that wait for a block.
 *
 * An author's entries must go into the chain in the order of their sequences, without a gap. So each author
 * has its entries by sequence, and all entries stand in one line by arrival. Taking walks the line from the
 * front and takes what is next for its author; what stands too early in the line is passed over until the
 * next block. Entries may arrive out of order, as far ahead of a missing one as `pendingGapMax`.
 *
 * Entries are ours when this node answers for them: somebody here waits for them, or their author is its key.
 * Those of others are taken along, and may fill no more than a share. Ours are in the store's pending index
 * or not; `unstored` and `stored` walk the two, the latter in the order of their last publication.
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
  isStored: boolean
  isOurs: boolean
  /** A reading that was signed here and never confirmed: its payload may be signed for another sequence. */
  readonly isReading: boolean
  /** When it came, in ms since 1970. */
  since: number
  /** When it was last published; 0 before. */
  publishedAt: number
}

/** Where an entry comes from. */
export interface Origin {
  readonly tickets?: readonly Ticket[]
  readonly isOurs?: boolean
  readonly isReading?: boolean
  readonly now?: number
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
  readonly gappedMax: number
  readonly foreignPercent: number
}

const DEFAULT_LIMITS: PendingLimits = {
  entriesMax: LIMITS.pendingEntriesMax,
  bytesMax: LIMITS.pendingBytesMax,
  gapMax: LIMITS.pendingGapMax,
  gappedMax: LIMITS.pendingGappedMax,
  foreignPercent: LIMITS.pendingForeignPercent,
}

export class Pending {
  readonly #limits: PendingLimits
  readonly #line = new Map<string, PendingEntry>()
  readonly #authors = new Map<string, AuthorQueue>()
  /** Each entry is in one of these three. */
  readonly #unstored = new Set<PendingEntry>()
  readonly #stored = new Set<PendingEntry>()
  readonly #foreign = new Set<PendingEntry>()
  /** Those that wait for a missing one of their author. */
  readonly #gapped = new Set<PendingEntry>()
  #byteCount = 0
  #changeCount = 0

  constructor(limits: Partial<PendingLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  get count(): number {
    return this.#line.size
  }

  /** Grows whenever an entry comes or leaves. */
  get changeCount(): number {
    return this.#changeCount
  }

  /** Bytes of entries and payloads together. */
  get byteCount(): number {
    return this.#byteCount
  }

  /** Entries of which no earlier one of their author is missing: one of them can go into the next block. */
  get readyCount(): number {
    return this.#line.size - this.#gapped.size
  }

  /** Ours that the store does not have. */
  get unstored(): ReadonlySet<PendingEntry> {
    return this.#unstored
  }

  /** Ours that it has, the one that was published longest ago first. */
  get stored(): ReadonlySet<PendingEntry> {
    return this.#stored
  }

  /** The longest waiting entries that could go into a block, of ours and of others. */
  oldestReady(): { readonly ours: PendingEntry | undefined; readonly foreign: PendingEntry | undefined } {
    const unstored = this.#firstReady(this.#unstored)
    const stored = this.#firstReady(this.#stored)
    const ours = stored && unstored && unstored.since < stored.since ? unstored : (stored ?? unstored)
    return { ours, foreign: this.#firstReady(this.#foreign) }
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

  /** Accepts an entry that was found valid by itself. One that waits already only gets the tickets. */
  add(item: EntryWithPayload, nextOnChain: NextOnChain, origin: Origin = {}): Result<undefined> {
    const { entry } = item
    const key = keyOf(entry.id)
    const known = this.#line.get(key)
    if (known) {
      if (origin.tickets) known.tickets.push(...origin.tickets)
      if (origin.isOurs) this.#own(known)
      return ok()
    }
    const room = this.#checkRoom(item, origin.isOurs === true)
    if (!room.ok) return room
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
    if (entry.sequence > next && this.#gapped.size >= this.#limits.gappedMax) {
      const message = `sequence ${entry.sequence} is not ${next}; ${this.#gapped.size} such entries wait`
      return fail('ENTRY_SEQUENCE_GAP', message)
    }
    this.#insert(made(item, key, authorKey, origin), onChain)
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
    isOurs: (item: EntryWithPayload, key: string, authorKey: string) => boolean = () => true,
    now = 0,
  ): { added: PendingEntry[]; displaced: PendingEntry[] } {
    const added: PendingEntry[] = []
    const displaced: PendingEntry[] = []
    for (const item of items) {
      const { entry } = item
      const key = keyOf(entry.id)
      const authorKey = keyOf(entry.author)
      const onChain = nextOnChain(entry.author, authorKey)
      if (this.#line.has(key) || entry.sequence < onChain) continue
      const rival = this.#authors.get(authorKey)?.bySequence.get(entry.sequence)
      if (rival) {
        this.#delete(rival)
        displaced.push(rival)
      }
      const restored = made(item, key, authorKey, { isOurs: isOurs(item, key, authorKey), now })
      restored.isStored = true
      this.#insert(restored, onChain)
      added.push(restored)
    }
    return { added, displaced }
  }

  /**
   * The first `countMax` of `unstored`, which count as stored from now on: the caller has them written before
   * anything else that is decided later.
   */
  store(countMax: number): PendingEntry[] {
    const items: PendingEntry[] = []
    for (const item of this.#unstored) {
      if (items.length >= countMax) break
      items.push(item)
    }
    for (const item of items) {
      item.isStored = true
      this.#unstored.delete(item)
      this.#stored.add(item)
    }
    return items
  }

  /** Those among `items` that are stored move to the end of `stored`. */
  markPublished(items: readonly PendingEntry[], now: number): void {
    for (const item of items) {
      item.publishedAt = now
      if (this.#stored.delete(item)) this.#stored.add(item)
    }
  }

  /**
   * The entry at this place of the author is on the chain now: whatever waited there leaves and is
   * returned. It is the same entry, or one that has lost its place for good.
   */
  leave(author: Uint8Array, sequence: number): PendingEntry | undefined {
    const queue = this.#authors.get(keyOf(author))
    const found = queue?.bySequence.get(sequence)
    if (found) this.#delete(found)
    if (queue && queue.next <= sequence) {
      queue.next = sequence + 1
      this.#advance(queue)
    }
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
    this.#gapped.clear()
    for (const [authorKey, queue] of this.#authors) {
      const first = queue.bySequence.values().next().value as PendingEntry
      const onChain = nextOnChain(first.entry.author, authorKey)
      queue.next = onChain
      this.#advance(queue)
      if (queue.bySequence.size === queue.next - onChain) continue
      for (const item of queue.bySequence.values()) {
        if (item.entry.sequence >= queue.next) this.#gapped.add(item)
      }
    }
  }

  #checkRoom(item: EntryWithPayload, isOurs: boolean): Result<undefined> {
    const share = isOurs ? 1 : this.#limits.foreignPercent / 100
    if (this.#line.size >= this.#limits.entriesMax * share) {
      return fail('PENDING_FULL', `${this.#line.size} entries wait for a block already`)
    }
    if (this.#byteCount + itemBytes(item) > this.#limits.bytesMax * share) {
      return fail('PENDING_FULL', `${this.#byteCount} bytes wait for a block already`)
    }
    return ok()
  }

  #next(authorKey: string, onChain: number): number {
    const queue = this.#authors.get(authorKey)
    if (queue === undefined) return onChain
    if (queue.next < onChain) {
      queue.next = onChain
      this.#advance(queue)
    }
    return queue.next
  }

  /** Past what follows without a gap. */
  #advance(queue: AuthorQueue): void {
    for (let item = queue.bySequence.get(queue.next); item; item = queue.bySequence.get(queue.next)) {
      if (this.#gapped.size > 0) this.#gapped.delete(item)
      queue.next += 1
    }
  }

  #firstReady(group: ReadonlySet<PendingEntry>): PendingEntry | undefined {
    for (const item of group) if (!this.#gapped.has(item)) return item
    return undefined
  }

  #own(item: PendingEntry): void {
    if (item.isOurs) return
    item.isOurs = true
    this.#foreign.delete(item)
    this.#groupOf(item).add(item)
  }

  #groupOf(item: PendingEntry): Set<PendingEntry> {
    if (!item.isOurs) return this.#foreign
    return item.isStored ? this.#stored : this.#unstored
  }

  #insert(item: PendingEntry, onChain: number): void {
    let queue = this.#authors.get(item.authorKey)
    if (queue === undefined) {
      queue = { bySequence: new Map(), next: onChain }
      this.#authors.set(item.authorKey, queue)
    }
    queue.bySequence.set(item.entry.sequence, item)
    if (item.entry.sequence > queue.next) this.#gapped.add(item)
    this.#advance(queue)
    this.#groupOf(item).add(item)
    this.#line.set(item.key, item)
    this.#byteCount += itemBytes(item)
    this.#changeCount += 1
  }

  #delete(item: PendingEntry): void {
    const queue = this.#authors.get(item.authorKey) as AuthorQueue
    queue.bySequence.delete(item.entry.sequence)
    if (queue.bySequence.size === 0) this.#authors.delete(item.authorKey)
    this.#gapped.delete(item)
    this.#groupOf(item).delete(item)
    this.#line.delete(item.key)
    this.#byteCount -= itemBytes(item)
    this.#changeCount += 1
  }
}

function made(item: EntryWithPayload, key: string, authorKey: string, origin: Origin): PendingEntry {
  return {
    entry: item.entry,
    payload: item.payload,
    key,
    authorKey,
    tickets: [...(origin.tickets ?? [])],
    isStored: false,
    isOurs: origin.isOurs === true,
    isReading: origin.isReading === true,
    since: origin.now ?? 0,
    publishedAt: 0,
  }
}

function itemBytes({ entry, payload }: EntryWithPayload): number {
  return entry.bytes.length + payload.length
}

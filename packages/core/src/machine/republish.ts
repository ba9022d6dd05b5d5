import { LIMITS } from '../limits.ts'
import type { Pending, PendingEntry } from './pending.ts'

/**
 * When pending entries of ours are told to the peers again: a lost gossip message must not strand them. A few
 * at a time, those first that were told longest ago; the pause doubles while none of them gets into a block.
 */
export class Republish {
  readonly #pending: Pending
  #time = 0
  #pauseMs: number = LIMITS.republishMinMs

  constructor(pending: Pending) {
    this.#pending = pending
  }

  /** Undefined when there is nothing to tell. */
  dueTime(now: number): number | undefined {
    const first: PendingEntry | undefined = this.#pending.stored.values().next().value
    if (first === undefined) return undefined
    // The clock may have gone backwards.
    this.#time = Math.min(this.#time, now + this.#pauseMs)
    first.publishedAt = Math.min(first.publishedAt, now)
    return Math.max(this.#time, first.publishedAt + LIMITS.republishMinMs)
  }

  /** Those that are due; they count as published now. */
  take(now: number): PendingEntry[] {
    const due = this.dueTime(now)
    return due === undefined || due > now ? [] : this.#take(now, now - LIMITS.republishMinMs)
  }

  /** Nobody has heard of anything: those that come first, whenever they were published. */
  takeAll(now: number): PendingEntry[] {
    this.reset()
    return this.#take(now, Number.POSITIVE_INFINITY)
  }

  /** One got into a block, or there is a new peer: the others may follow soon. */
  reset(): void {
    this.#pauseMs = LIMITS.republishMinMs
    this.#time = 0
  }

  #take(now: number, publishedMax: number): PendingEntry[] {
    const items: PendingEntry[] = []
    for (const item of this.#pending.stored) {
      if (items.length >= LIMITS.republishEntriesMax || item.publishedAt > publishedMax) break
      items.push(item)
    }
    this.#time = now + this.#pauseMs
    this.#pauseMs = Math.min(this.#pauseMs * 2, LIMITS.republishMaxMs)
    this.#pending.markPublished(items, now)
    return items
  }
}

/**
 * Which sequence is an author's next at some place of the canonical chain, in bounded memory.
 *
 * Keeping the next sequence of every author would need memory for each of what may be a million authors. So
 * it is kept for the authors met last, and for others the store is asked: the entry of a sequence stands
 * before the place or not, the sequences of an author stand in order, so bisection finds the first that does
 * not. What the store says of blocks before this one has been compared with them by then; damage there has
 * been reported.
 */
import type { SequenceSpan } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { BlockStore } from '../ports.ts'

export class AuthorSequences {
  readonly #store: BlockStore
  readonly #known = new Map<string, number>()

  constructor(store: BlockStore) {
    this.#store = store
  }

  /** The author's next sequence after the first `size` entries of the log. */
  next(author: Uint8Array, authorKey: string, size: number): number {
    return this.#known.get(authorKey) ?? sequenceAt(this.#store, author, size)
  }

  /** A block with these sequences comes next. */
  learn(spans: ReadonlyMap<string, SequenceSpan>): void {
    for (const [authorKey, { to }] of spans) {
      this.#known.delete(authorKey)
      this.#known.set(authorKey, to)
    }
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= NODE_LIMITS.verifyAuthorsKept) break
      this.#known.delete(oldest)
    }
  }

  /** The next block does not follow the last one that was learned. */
  forget(): void {
    this.#known.clear()
  }
}

/** How many entries of the author are among the first `size` of the log, by the indexes of the store. */
export function sequenceAt(store: BlockStore, author: Uint8Array, size: number): number {
  const isBefore = (sequence: number): boolean => {
    const id = store.entryIdByAuthor(author, sequence)
    const position = id && store.entryById(id)
    return position !== undefined && position.index < size
  }
  if (!isBefore(0)) return 0
  let low = 0
  let step = 1
  for (; isBefore(low + step); step *= 2) low += step
  let high = low + step
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2)
    if (isBefore(middle)) low = middle
    else high = middle
  }
  return high
}

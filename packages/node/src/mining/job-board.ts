/**
 * What the threads of a job share: whether it is open, which nonce is next, and how many were tried.
 *
 * Its memory is its own for each job, so a thread that is still at the last one cannot disturb the next, and
 * ending a job is one store that every thread sees when its slice ends, with no message on the way. Threads
 * take their nonces from one counter: none is tried twice, however many threads there are and however
 * unequally they run, and the lowest come first.
 */
import { SharedCount } from './shared-count.ts'

const OPEN = 0
const CLOSED = 1

/** The memory of a board, as it goes to a thread. */
export interface SharedBoard {
  readonly state: SharedArrayBuffer
  readonly next: SharedArrayBuffer
  readonly tried: SharedArrayBuffer
}

export class JobBoard {
  readonly #state: Int32Array<SharedArrayBuffer>
  readonly #next: SharedCount
  readonly #tried: SharedCount

  /** A new job, or a job that another thread made. */
  constructor(shared?: SharedBoard) {
    this.#state = new Int32Array(shared?.state ?? new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    this.#next = new SharedCount(shared?.next)
    this.#tried = new SharedCount(shared?.tried)
  }

  get shared(): SharedBoard {
    return { state: this.#state.buffer, next: this.#next.buffer, tried: this.#tried.buffer }
  }

  isOpen(): boolean {
    return Atomics.load(this.#state, 0) === OPEN
  }

  /** Open -> closed. True for the one caller that did it: of several threads that find a nonce, one wins. */
  close(): boolean {
    return Atomics.exchange(this.#state, 0, CLOSED) === OPEN
  }

  /**
   * The first of `count` nonces that nobody else gets. After 2^64 of them it begins again, which takes a
   * thousand million hashes a second 584 years.
   */
  take(count: number): bigint {
    return BigInt.asUintN(64, this.#next.add(count))
  }

  tried(count: number): void {
    this.#tried.add(count)
  }

  /** Nonces that were tried; those of slices that are under way are not among them yet. */
  attempts(): number {
    return this.#tried.value
  }
}

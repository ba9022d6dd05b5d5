/**
 * Faults of a peer, forgiven one by one with time and with nothing else: good answers in between would let a
 * peer that fails on purpose go on for ever.
 */
export class Strikes {
  #count = 0
  #lastAt = 0

  get count(): number {
    return this.#count
  }

  /** One more; returns how many there are. One is forgiven for each `decayMs` since the last. */
  add(now: number, decayMs: number): number {
    const forgiven = Math.floor((now - this.#lastAt) / decayMs)
    this.#count = Math.max(0, this.#count - forgiven) + 1
    this.#lastAt = now
    return this.#count
  }
}

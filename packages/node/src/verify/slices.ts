import type { Clock } from '../ports.ts'

export interface SlicesInit {
  readonly clock: Pick<Clock, 'now'>
  /** Lets everything else that waits have its turn, such as with `setImmediate`. */
  readonly pause: () => Promise<void>
  /** How long to work before that, in ms, > 0. */
  readonly sliceMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Cuts long work into slices, so that whoever types into a terminal meanwhile is answered. The worker asks
 * `isOver` after each small piece and then awaits `next`.
 */
export class Slices {
  readonly #init: SlicesInit
  #startedAt: number

  constructor(init: SlicesInit) {
    this.#init = init
    this.#startedAt = init.clock.now()
  }

  /** A clock that was set back ends the slice as well: how long it has been is unknown then. */
  isOver(): boolean {
    const elapsedMs = this.#init.clock.now() - this.#startedAt
    return elapsedMs >= this.#init.sliceMs || elapsedMs < 0
  }

  /** Rejects with the signal's reason when the work was called off. */
  async next(): Promise<void> {
    await this.#init.pause()
    this.#init.signal?.throwIfAborted()
    this.#startedAt = this.#init.clock.now()
  }
}

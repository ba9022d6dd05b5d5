import { NODE_LIMITS } from '../limits.ts'
import type { Clock } from '../ports.ts'

/** Cuts long work into slices, so that typing stays responsive meanwhile. */
export class Slice {
  readonly #clock: Pick<Clock, 'now'>
  readonly #pause: () => Promise<void>
  #startedAt: number

  constructor(clock: Pick<Clock, 'now'>, pause: () => Promise<void>) {
    this.#clock = clock
    this.#pause = pause
    this.#startedAt = clock.now()
  }

  /** Whether `next` is due. Asked before it is awaited: a promise for each small piece would cost more. */
  get isOver(): boolean {
    // A clock that was set back ends the slice as well: how long it has been is unknown then.
    const elapsedMs = this.#clock.now() - this.#startedAt
    return elapsedMs >= NODE_LIMITS.exchangeSliceMs || elapsedMs < 0
  }

  async next(): Promise<void> {
    await this.#pause()
    this.#startedAt = this.#clock.now()
  }
}

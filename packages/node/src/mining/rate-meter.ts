import { NODE_LIMITS } from '../limits.ts'

interface Sample {
  readonly atMs: number
  readonly total: number
}

/** What a counter grew by, a second, over the last `hashRateWindowMs`; times without work count. */
export class RateMeter {
  /** Oldest first. The first one is the last that is as old as the window, once there is one. */
  #samples: Sample[] = []

  /** The counter stands at `total`. */
  note(atMs: number, total: number): void {
    const { hashRateWindowMs, hashRateStepMs } = NODE_LIMITS
    // A clock that was set back makes what is known of no use.
    if (atMs < (this.#samples.at(-1)?.atMs ?? atMs)) this.#samples = []
    const last = this.#samples.at(-1)
    if (last === undefined || atMs - last.atMs >= hashRateStepMs) this.#samples.push({ atMs, total })
    const firstInside = this.#samples.findIndex((sample) => sample.atMs > atMs - hashRateWindowMs)
    if (firstInside > 1) this.#samples.splice(0, firstInside - 1)
  }

  /** 0 before any time has passed. */
  perSecond(atMs: number, total: number): number {
    const from = this.#samples[0]
    if (from === undefined || atMs <= from.atMs) return 0
    return ((total - from.total) * 1000) / (atMs - from.atMs)
  }
}

import type { PeerId, Weather } from 'pulseledger/simulation'
import type { Chance } from '../kernel/chance.ts'
import type { Scheduler } from '../kernel/scheduler.ts'

/** What the network does to messages at the moment. Faults change it. */
export class SimWeather implements Weather {
  lossShare = 0
  duplicateShare = 0
  /** Added to the latency of each message: uniform up to this, ms. */
  jitterMs = 0
  readonly #latencyMs: readonly [number, number]
  readonly #chance: Chance
  readonly #scheduler: Scheduler
  /** Until when nothing gets through, by `from>to`. */
  readonly #clogs = new Map<string, number>()

  constructor(latencyMs: readonly [number, number], chance: Chance, scheduler: Scheduler) {
    this.#latencyMs = latencyMs
    this.#chance = chance
    this.#scheduler = scheduler
  }

  /** What is sent from one to the other arrives when this is over, as through a full queue. */
  clog(from: PeerId, to: PeerId, forMs: number): void {
    this.#clogs.set(`${from}>${to}`, this.#scheduler.now + forMs)
  }

  calm(): void {
    this.lossShare = 0
    this.duplicateShare = 0
    this.jitterMs = 0
    this.#clogs.clear()
  }

  arrivals(from: PeerId, to: PeerId): readonly number[] {
    const chance = this.#chance
    if (this.lossShare > 0 && chance.happens(this.lossShare)) return []
    const clogMs = this.#clogs.size === 0 ? 0 : this.#clogMs(from, to)
    const first = clogMs + this.#latency()
    if (this.duplicateShare === 0 || !chance.happens(this.duplicateShare)) return [first]
    return [first, clogMs + this.#latency() + chance.between(0, 1_000)]
  }

  #latency(): number {
    const [min, max] = this.#latencyMs
    return this.#chance.between(min, max + this.jitterMs)
  }

  #clogMs(from: PeerId, to: PeerId): number {
    return Math.max(0, (this.#clogs.get(`${from}>${to}`) ?? 0) - this.#scheduler.now)
  }
}

import { expectedHashes, readUint256, type WorkJob } from '@pulseledger/core'
import { NODE_LIMITS } from './limits.ts'
import type { Clock, Miner, MiningStatus } from './ports.ts'

interface Search {
  readonly height: number
  readonly beganAt: number
  /** What the miner had tried when it began. */
  readonly triedBefore: number
}

/**
 * A miner, and what it has done for the block that is being searched. The ledger exchanges the job whenever
 * an entry comes or some seconds have passed; for people it is one search until there is a block of its
 * height. Its rate is that of this search, or as long as that says nothing, of the last.
 */
export class WatchedMiner {
  readonly #miner: Miner
  readonly #clock: Clock
  readonly #onBegun: () => void
  #job: WorkJob | undefined
  #search: Search | undefined
  #lastRate = 0

  /** `onBegun` is called when a search for another height than before begins. */
  constructor(miner: Miner, clock: Clock, onBegun: () => void) {
    this.#miner = miner
    this.#clock = clock
    this.#onBegun = onBegun
  }

  mine(job: WorkJob): Promise<bigint | undefined> {
    const isNew = job.height !== this.#search?.height
    if (isNew) this.#begin(job.height)
    this.#job = job
    const found = this.#miner.mine(job)
    if (isNew) this.#onBegun()
    return found
  }

  cancel(): void {
    this.#lastRate = this.#rate()
    this.#job = undefined
    this.#search = undefined
    this.#miner.cancel()
  }

  status(): MiningStatus {
    const job = this.#job
    return {
      threads: this.#miner.threads,
      hashesPerSecond: this.#rate(),
      search: job && {
        height: job.height,
        entryCount: job.entryCount,
        difficulty: Number(expectedHashes(readUint256(job.target))),
        tried: this.#tried(),
      },
    }
  }

  #begin(height: number): void {
    this.#lastRate = this.#rate()
    this.#search = { height, beganAt: this.#clock.now(), triedBefore: this.#miner.triedTotal() }
  }

  #tried(): number {
    return this.#search ? this.#miner.triedTotal() - this.#search.triedBefore : 0
  }

  /** The clock may go backwards. */
  #rate(): number {
    const elapsedMs = this.#search ? this.#clock.now() - this.#search.beganAt : 0
    if (elapsedMs < NODE_LIMITS.hashRateStepMs) return this.#lastRate
    return Math.round((this.#tried() * 1_000) / elapsedMs)
  }
}

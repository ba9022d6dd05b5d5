import type { WorkJob } from '@pulseledger/core'
import { expectedHashes, readUint256 } from '@pulseledger/core'
import type { Miner, MiningStatus } from './ports.ts'

/**
 * A miner, and what it has done for the block that is being searched. The ledger exchanges the job whenever
 * an entry comes or a second has passed; for people it is one search until there is a block of its height.
 */
export class WatchedMiner {
  readonly #miner: Miner
  readonly #onBegun: () => void
  #job: WorkJob | undefined
  #height = 0
  /** What the miner had tried when the search for this height began. */
  #triedBefore = 0

  /** `onBegun` is called when a search for another height than before begins. */
  constructor(miner: Miner, onBegun: () => void) {
    this.#miner = miner
    this.#onBegun = onBegun
  }

  mine(job: WorkJob): Promise<bigint | undefined> {
    const isNew = job.height !== this.#height
    if (isNew) this.#triedBefore = this.#miner.triedTotal()
    this.#height = job.height
    this.#job = job
    const found = this.#miner.mine(job)
    if (isNew) this.#onBegun()
    return found
  }

  cancel(): void {
    this.#job = undefined
    this.#miner.cancel()
  }

  status(): MiningStatus {
    const job = this.#job
    return {
      threads: this.#miner.threads,
      hashesPerSecond: Math.round(this.#miner.hashRate()),
      search: job && {
        height: job.height,
        entryCount: job.entryCount,
        difficulty: Number(expectedHashes(readUint256(job.target))),
        tried: this.#miner.triedTotal() - this.#triedBefore,
      },
    }
  }
}

import { hash } from 'node:crypto'
import { compareBytes, concatBytes, type WorkJob } from '@pulseledger/core'
import type { Clock, Miner } from '../../src/ports.ts'

/** A miner without threads: it tries so many nonces a second of a virtual clock, one after another. */
export class SlowMiner implements Miner {
  readonly threads = 1
  readonly jobs: WorkJob[] = []
  readonly #clock: Clock
  readonly #perSecond: number
  #triedTotal = 0
  #giveUp: () => void = () => undefined

  constructor(clock: Clock, perSecond = 1_000) {
    this.#clock = clock
    this.#perSecond = perSecond
  }

  mine(job: WorkJob): Promise<bigint | undefined> {
    this.cancel()
    this.jobs.push(job)
    let nonce = 0n
    while (!isFound(job, nonce)) nonce += 1n
    const tries = Number(nonce) + 1
    return new Promise((resolve) => {
      const drop = this.#clock.after(Math.ceil((tries * 1_000) / this.#perSecond), () => {
        this.#triedTotal += tries
        resolve(nonce)
      })
      this.#giveUp = () => {
        drop()
        resolve(undefined)
      }
    })
  }

  cancel(): void {
    this.#giveUp()
    this.#giveUp = () => undefined
  }

  triedTotal(): number {
    return this.#triedTotal
  }
}

function isFound({ prefix, target }: WorkJob, nonce: bigint): boolean {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, nonce)
  return compareBytes(hash('sha256', concatBytes(prefix, bytes), 'buffer'), target) <= 0
}

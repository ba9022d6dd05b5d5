/**
 * Proof of work without the work: a search is real, and so is what it finds, but it takes virtual time.
 * With a difficulty of some ten hashes a block and miners of a few hashes a second, a block every few
 * seconds costs ten real hashes. How many tries a search takes is geometric, as with any other miner, so
 * forks, retargeting and races are what they would be with a million times as many.
 */
import { compareBytes, concatBytes, type WorkJob } from '@pulseledger/core'
import type { Clock, Miner, NodeCrypto } from 'pulseledger/simulation'
import type { Chance } from '../kernel/chance.ts'

export interface SimMinerInit {
  readonly clock: Clock
  readonly crypto: Pick<NodeCrypto, 'sha256'>
  readonly chance: Chance
  /** Hashes a second, > 0, when a search begins. */
  readonly power: () => number
}

export class SimMiner implements Miner {
  readonly threads = 1
  readonly #init: SimMinerInit
  #triedTotal = 0
  #giveUp: () => void = () => undefined

  constructor(init: SimMinerInit) {
    this.#init = init
  }

  mine(job: WorkJob): Promise<bigint | undefined> {
    this.cancel()
    const { clock, power } = this.#init
    const { nonce, tries } = this.search(job)
    return new Promise((resolve) => {
      const drop = clock.after(Math.ceil((tries * 1_000) / power()), () => {
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

  /** From a nonce of chance on, so that no two miners try the same ones. */
  search({ prefix, target }: Pick<WorkJob, 'prefix' | 'target'>): { nonce: bigint; tries: number } {
    const { crypto, chance } = this.#init
    const bytes = concatBytes(prefix, new Uint8Array(8))
    const view = new DataView(bytes.buffer, prefix.length)
    const start = BigInt(chance.uint32()) << 20n
    for (let tries = 1; ; tries++) {
      const nonce = start + BigInt(tries)
      view.setBigUint64(0, nonce)
      if (compareBytes(crypto.sha256(bytes), target) <= 0) return { nonce, tries }
    }
  }
}

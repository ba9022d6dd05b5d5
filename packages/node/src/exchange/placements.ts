import { type Hash, keyOf, type SignedHeader } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { Clock } from '../ports.ts'
import type { Verdict } from './gossip-gate.ts'

interface Waiting {
  readonly header: SignedHeader
  readonly answer: (verdict: Verdict) => void
  readonly cancel: () => void
}

/**
 * Announced blocks whose verdict is due when the ledger has them, durable, or has refused them: what is
 * passed on must be there for whoever asks for it. Bounded in count, and in time by the clock; what was not
 * decided by then is dropped without blame.
 */
export class Placements {
  readonly #clock: Clock
  readonly #waiting = new Map<string, Waiting[]>()
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether this block is waited for. */
  has(hash: Hash): boolean {
    return this.#waiting.has(keyOf(hash))
  }

  verdict(header: SignedHeader): Promise<Verdict> {
    if (this.#count >= NODE_LIMITS.announceWaitingMax) return Promise.resolve('ignore')
    const key = keyOf(header.hash)
    return new Promise((answer) => {
      const cancel = this.#clock.after(NODE_LIMITS.announceWaitMs, () => this.#end(key, waiting, 'ignore'))
      const waiting: Waiting = { header, answer, cancel }
      this.#count += 1
      const others = this.#waiting.get(key)
      if (others) others.push(waiting)
      else this.#waiting.set(key, [waiting])
    })
  }

  decided(hash: Hash, verdict: Verdict): void {
    const key = keyOf(hash)
    for (const waiting of this.#waiting.get(key)?.slice() ?? []) this.#end(key, waiting, verdict)
  }

  /** Something was stored: accepts every block that is there now. */
  settle(isDurable: (header: SignedHeader) => boolean): void {
    for (const [first] of [...this.#waiting.values()]) {
      if (first && isDurable(first.header)) this.decided(first.header.hash, 'accept')
    }
  }

  /** Nothing is waited for any more. */
  stop(): void {
    for (const [first] of [...this.#waiting.values()]) if (first) this.decided(first.header.hash, 'ignore')
  }

  #end(key: string, waiting: Waiting, verdict: Verdict): void {
    const all = this.#waiting.get(key)
    const index = all?.indexOf(waiting) ?? -1
    if (all === undefined || index < 0) return
    all.splice(index, 1)
    if (all.length === 0) this.#waiting.delete(key)
    this.#count -= 1
    waiting.cancel()
    waiting.answer(verdict)
  }
}

import { availableParallelism } from 'node:os'
import type { EntryWithPayload, Hash, Result } from '@pulseledger/core'
import { VerifierPool } from './crypto/verifier-pool.ts'
import type { NodeCrypto } from './ports.ts'

/**
 * The verifier pool, started when it is first needed: a node that only signs for its own terminals never pays
 * for the threads.
 */
export class EntryChecks {
  readonly #pool: VerifierPool
  #started: Promise<void> | undefined

  constructor(crypto: NodeCrypto) {
    this.#pool = new VerifierPool({ threads: Math.max(1, availableParallelism()), crypto: crypto.name })
  }

  async check(ledgerId: Hash, items: readonly EntryWithPayload[]): Promise<Result<undefined>[]> {
    this.#started ??= this.#pool.start()
    await this.#started
    return this.#pool.check(ledgerId, items)
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.#started?.catch(() => undefined)
    await this.#pool.stop()
  }
}

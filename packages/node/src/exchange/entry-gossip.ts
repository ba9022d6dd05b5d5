/**
 * Batches of entries. What is on the chain or pending already, and what the ledger would not take, is left
 * out before signatures are looked at. What is left is checked; one wrong entry condemns the batch, since
 * whoever passed it on had to check it too. Entries ahead of their author's next sequence are no fault:
 * messages overtake each other. The ledger bounds how many of them wait.
 */
import {
  decodeEntries,
  type EntryWithPayload,
  type Failure,
  LIMITS,
  type Result,
  validateReading,
} from '@pulseledger/core'
import type { ExchangeInit } from './context.ts'
import type { Verdict } from './gossip-gate.ts'

export type EntryGossipInit = Pick<ExchangeInit, 'ledger' | 'rules' | 'crypto' | 'dispatch' | 'checkEntries'>

export class EntryGossip {
  readonly #init: EntryGossipInit

  constructor(init: EntryGossipInit) {
    this.#init = init
  }

  async check(message: Uint8Array): Promise<Verdict> {
    const decoded = decodeEntries(message, this.#init.crypto)
    if (!decoded.ok) return decoded.error
    const items = decoded.value.filter((item) => this.#isWanted(item))
    if (items.length === 0) return 'ignore'
    const fault = await this.#fault(items)
    if (fault !== undefined) return fault
    this.#init.dispatch({ kind: 'entries-received', items })
    return 'accept'
  }

  #isWanted({ entry }: EntryWithPayload): boolean {
    const { ledger } = this.#init
    const ahead = entry.sequence - ledger.nextSequence(entry.author)
    return ahead >= 0 && ahead <= LIMITS.pendingEntriesMax && ledger.pending.get(entry.id) === undefined
  }

  async #fault(items: readonly EntryWithPayload[]): Promise<Failure | undefined> {
    const { checkEntries, rules } = this.#init
    const results = await checkEntries(items)
    const wrong = (results as Result<undefined>[]).find((result) => !result.ok)
    if (wrong && !wrong.ok) return wrong.error
    for (const { payload } of items) {
      const reading = validateReading(payload, rules.document)
      if (!reading.ok) return reading.error
    }
    return undefined
  }
}

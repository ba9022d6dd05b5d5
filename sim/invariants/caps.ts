/**
 * Invariant 9: what a node holds in memory is bounded, whatever comes. Looked at after every commit, which is
 * when most of it changes.
 */
import { LIMITS } from '@pulseledger/core'
import { NODE_LIMITS } from 'pulseledger/simulation'
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'caps'

export class Caps implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext

  constructor(context: CheckerContext) {
    this.#context = context
  }

  observe(observation: Observation): void {
    const { kind, node } = observation
    if (kind === 'published') {
      const { topic, message } = observation
      // The list of a batch has a head of a few bytes.
      const max = topic === 'blocks' ? LIMITS.announcementBytesMax : NODE_LIMITS.entriesBatchBytesMax + 9
      this.#check(node, `bytes of ${topic} gossip`, message.length, max)
    }
    if (kind !== 'committed' || node.ledger === undefined) return
    const { ledger } = node
    const limits = this.#context.scenario.limits?.ledger
    const waitingMax = limits?.waiting?.blocksMax ?? LIMITS.waitingBlocksMax
    this.#check(node, 'waiting blocks', ledger.waitingCount, 2 * waitingMax)
    this.#check(node, 'held readings', ledger.heldCount, limits?.heldReadingsMax ?? LIMITS.heldReadingsMax)
    const entriesMax = limits?.pending?.entriesMax ?? LIMITS.pendingEntriesMax
    this.#check(node, 'pending entries', countNew(node), entriesMax)
    const watchedMax = limits?.receiptsWatchedMax ?? LIMITS.receiptsWatchedMax
    this.#check(node, 'watched receipts', ledger.watchedCount, 2 * watchedMax + 1)
  }

  #check(node: ObservedNode, what: string, count: number, max: number): void {
    if (count <= max) return
    this.#context.report({
      invariant: NAME,
      node: node.name,
      message: `${count} ${what}; ${max} are allowed`,
    })
  }
}

/** Entries that wait and are not stored: those that come back from a block do so whatever the limits. */
function countNew({ ledger }: ObservedNode): number {
  let count = 0
  for (const { isStored } of ledger?.pending.entries() ?? []) if (!isStored) count += 1
  return count
}

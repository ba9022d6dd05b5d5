import { type SyncProgress, toHex } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { Clock, NodeEvent } from '../ports.ts'

type CatchingUp = SyncProgress & { readonly kind: 'catching-up' }

/**
 * What the first terminal does not repeat or list. A node that is far behind says how far it is every few
 * seconds instead of printing thousands of blocks; one that is a few blocks behind prints just these. A
 * stranger's ledger is told of once, however often the stranger knocks.
 */
export class Quiet {
  readonly #clock: Clock
  /** Told to be catching up, and when last; undefined: not, or only by a few blocks. */
  #toldAt: number | undefined
  readonly #foreign = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Must be asked of every event, in order. Programs (`json`) get every block and receipt. */
  hides(event: NodeEvent, json: boolean): boolean {
    switch (event.kind) {
      case 'sync':
        return event.progress.kind === 'synced' ? this.#hidesSynced() : this.#hidesProgress(event.progress)
      case 'foreign-met':
        return this.#isKnown(toHex(event.meeting.theirs))
      // The blocks that leave and come tell people the same.
      case 'receipt-withdrawn':
      case 'receipt-moved':
        return !json
      case 'block-connected':
        return this.#toldAt !== undefined && !json
      default:
        return false
    }
  }

  /** The end is told when the beginning was. */
  #hidesSynced(): boolean {
    const wasTold = this.#toldAt !== undefined
    this.#toldAt = undefined
    return !wasTold
  }

  #hidesProgress({ height, target }: CatchingUp): boolean {
    const now = this.#clock.now()
    if (this.#toldAt === undefined && target - height < NODE_LIMITS.catchUpQuietBlocks) return true
    if (this.#toldAt !== undefined && now - this.#toldAt < NODE_LIMITS.catchUpLineMs) return true
    this.#toldAt = now
    return false
  }

  /** Bounded, since anyone can make up ledgers: when it is full, all of them are told of once more. */
  #isKnown(ledger: string): boolean {
    if (this.#foreign.has(ledger)) return true
    if (this.#foreign.size >= NODE_LIMITS.foreignLedgersKept) this.#foreign.clear()
    this.#foreign.add(ledger)
    return false
  }
}

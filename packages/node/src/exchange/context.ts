import type {
  Block,
  Crypto,
  Engine,
  EntryWithPayload,
  GenesisDocument,
  Hash,
  LedgerEvent,
  Result,
  SyncLimits,
} from '@pulseledger/core'
import type { BlockStore, Clock, Logger, Network, NodeEvent } from '../ports.ts'
import type { LedgerView } from './ledger-view.ts'

export interface ExchangeRules {
  readonly document: GenesisDocument
  readonly ledgerId: Hash
  readonly engine: Engine
}

/** What the exchange stands on. Its parts ask for the slice they use. */
export interface ExchangeInit {
  readonly network: Network
  readonly ledger: LedgerView
  readonly rules: ExchangeRules
  readonly store: BlockStore
  readonly clock: Clock
  readonly logger: Logger
  readonly crypto: Crypto
  /** Hands an event to the runner; `onDone` when all effects of it are done: durable, or refused. */
  readonly dispatch: (event: LedgerEvent, onDone?: () => void) => void
  /** The store cannot be read: the node cannot go on. */
  readonly fail: (error: unknown) => void
  /** Stateless checks of entries, off this thread when they are many; results in the order of the items. */
  readonly checkEntries: (items: readonly EntryWithPayload[]) => Promise<readonly Result<undefined>[]>
  /** Tells whoever is connected to this node. */
  readonly tell: (event: NodeEvent) => void
  /** Lets everything else that waits have its turn, such as with `setImmediate`. */
  readonly pause: () => Promise<void>
  /**
   * Whether peers were named or remembered: then no blocks are made before one of them was met, or for a
   * while; 'certainly': however long that takes.
   */
  readonly expectsPeers: boolean | 'certainly'
  /** Smaller bounds, for tests and simulations. */
  readonly syncLimits?: Partial<SyncLimits>
}

/** The entries of blocks with their payloads, none of which may be missing, in order. */
export function itemsOf(blocks: readonly Block[]): EntryWithPayload[] {
  const items: EntryWithPayload[] = []
  for (const { entries, payloads } of blocks) {
    for (let i = 0; i < entries.length; i++) {
      items.push({ entry: entries[i], payload: payloads[i] } as EntryWithPayload)
    }
  }
  return items
}

import type { Block, GenesisDocument, Hash } from '@pulseledger/core'
import type { EntryState, Status, VerifyOptions, VerifyReport } from '../ports.ts'

/**
 * A ledger to look at. While a node runs it alone may open the database, so it is asked over its control
 * socket; otherwise the database is opened here. Who looks need not know which.
 */
export interface LedgerAccess {
  document(): Promise<GenesisDocument>
  status(): Promise<AccessStatus>
  /** Canonical blocks, both heights included, clamped to what there is. */
  blocks(from: number, to: number): AsyncIterable<Block>
  /** Of any branch. */
  block(hash: Hash): Promise<Block | undefined>
  /** What became of an entry; what was rejected only a running node knows. */
  entryState(id: Hash): Promise<EntryState>
  /** Canonical blocks from a height on, then each new one, for ever. Ends with NODE_NOT_RUNNING. */
  follow(from: number): AsyncIterable<Followed>
  verify(options: VerifyOptions): Promise<VerifyReport>
  /** Idempotent. */
  close(): Promise<void>
}

export type Followed =
  | { readonly kind: 'block'; readonly block: Block }
  /** Blocks of this height and above left the chain; what replaces them follows. */
  | { readonly kind: 'rewound'; readonly height: number }

export interface AccessStatus extends Omit<Status, 'publicKey' | 'startedAt'> {
  /** Undefined when the data directory has no key yet. */
  readonly publicKey: Uint8Array | undefined
  /** The node that holds the data directory. */
  readonly running: RunningNode | undefined
}

export interface RunningNode {
  readonly pid: number
  /** ms since 1970. */
  readonly startedAt: number
  /** Where terminals are served, as `host:port`. */
  readonly addresses: readonly string[]
}

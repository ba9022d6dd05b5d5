import type { Hash, Header, SyncChain } from '@pulseledger/core'

/** What the exchange asks of the ledger in memory: core's `Ledger` is one. */
export interface LedgerView extends Pick<SyncChain, 'finalHeight' | 'canonicalHash' | 'find'> {
  readonly head: { readonly hash: Hash; readonly header: Header; readonly weight: bigint }
  /** The author's next sequence on the chain of the head. */
  nextSequence(author: Uint8Array): number
  readonly pending: { get(id: Hash): unknown }
}

/** The chain as sync sees it: that of the ledger in memory, durable or not. */
export function syncChain(ledger: LedgerView): SyncChain {
  return {
    get head() {
      const { hash, header, weight } = ledger.head
      return { hash, height: header.height, weight }
    },
    get finalHeight() {
      return ledger.finalHeight
    },
    canonicalHash: (height) => ledger.canonicalHash(height),
    find: (hash) => ledger.find(hash),
  }
}

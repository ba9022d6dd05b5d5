import type { Block } from '../../block/block.ts'
import type { SignedHeader } from '../../block/signed-header.ts'
import type { Hash } from '../../bytes.ts'
import type { Failure } from '../../result.ts'
import type { PeerStatus } from '../../wire/status.ts'

/** Whatever the network knows a peer by. */
export type PeerId = string

/** Names one request of the sync machine; never used twice. */
export type RequestId = number

/**
 * What sync asks of the ledger. Answers are those of the ledger in memory: a block that was fed is there at
 * once, whether it is durable or not.
 */
export interface SyncChain {
  readonly head: { readonly hash: Hash; readonly height: number; readonly weight: bigint }
  readonly finalHeight: number
  /** Canonical hash at this height; undefined above the head. */
  canonicalHash(height: number): Hash | undefined
  /** A valid block that the ledger has, of any branch it keeps. `isOpen`: at or above the final block. */
  find(
    hash: Hash,
  ):
    | { readonly header: SignedHeader['header']; readonly weight: bigint; readonly isOpen: boolean }
    | undefined
}

export type SyncEvent =
  | { readonly kind: 'peer-connected'; readonly peer: PeerId }
  | { readonly kind: 'peer-gone'; readonly peer: PeerId }
  /** In answer to our question, or told by the peer unasked. */
  | { readonly kind: 'status'; readonly peer: PeerId; readonly status: PeerStatus }
  /**
   * A peer has this block: gossip brought its header without a body, or the whole of it while its parent is
   * unknown here. The signature was verified.
   */
  | { readonly kind: 'announced'; readonly peer: PeerId; readonly header: SignedHeader }
  /** A block that came from this peer is on our chain, or on a branch of it. */
  | { readonly kind: 'held'; readonly peer: PeerId; readonly hash: Hash }
  /** Gossip does not reach these peers, and there is a new block: they are told our status at once. */
  | { readonly kind: 'unreached'; readonly peers: readonly PeerId[] }
  /** Answer to `request-headers`, in ascending order, each signature verified. May be empty. */
  | { readonly kind: 'headers'; readonly request: RequestId; readonly headers: readonly SignedHeader[] }
  /**
   * Answer to `request-bodies`: one for each hash that was asked for, in order, from the first; the answer
   * may stop early, and null stands for what the peer does not have. Each block was found valid by itself.
   */
  | { readonly kind: 'bodies'; readonly request: RequestId; readonly blocks: readonly (Block | null)[] }
  /**
   * The request was not answered, or its answer was not what the protocol allows. With `isFault` the peer
   * broke a rule; without, it may only be slow, gone or busy. `invalidBlock`: the answer proves that this
   * block can never be valid, whoever sends it.
   */
  | {
      readonly kind: 'failed'
      readonly request: RequestId
      readonly error: Failure
      readonly isFault: boolean
      readonly invalidBlock?: Hash
    }
  /** The ledger refused a block that was fed to it. */
  | { readonly kind: 'refused'; readonly hash: Hash; readonly error: Failure }
  /** Everything of this feed is durable, or refused. */
  | { readonly kind: 'fed'; readonly feed: number }
  /** The head moved by other means than a feed: gossip, or a block made here. */
  | { readonly kind: 'head-moved' }
  /** The time of the last `wake` has come. */
  | { readonly kind: 'tick' }

export type SyncEffect =
  /** Exchange statuses: tell ours, report theirs as `status`, or `failed`. */
  | { readonly kind: 'request-status'; readonly request: RequestId; readonly peer: PeerId }
  /** `locator`: hashes that we have, best first, thinning out towards genesis, which is the last. */
  | {
      readonly kind: 'request-headers'
      readonly request: RequestId
      readonly peer: PeerId
      readonly locator: readonly Hash[]
      readonly countMax: number
    }
  | {
      readonly kind: 'request-bodies'
      readonly request: RequestId
      readonly peer: PeerId
      readonly headers: readonly SignedHeader[]
    }
  /** The answer is not awaited any more; what still comes is ignored. */
  | { readonly kind: 'cancel'; readonly request: RequestId }
  /** Hand these to the ledger, in this order, as one event; then report `fed`. */
  | { readonly kind: 'feed'; readonly feed: number; readonly blocks: readonly Block[] }
  /** Hang up, and refuse the peer for a while. */
  | { readonly kind: 'disconnect'; readonly peer: PeerId; readonly error: Failure }
  /** An operator must look: a peer's history and ours part below our final block. Once for each such fork. */
  | { readonly kind: 'alarm'; readonly peer: PeerId; readonly error: Failure }
  /** Replaces the time set before. */
  | { readonly kind: 'wake'; readonly time: number }
  /** What `progress` says has changed. */
  | { readonly kind: 'progress'; readonly progress: SyncProgress }

export type SyncProgress =
  | { readonly kind: 'synced' }
  /** `height` of `target` blocks: the target is the highest that a peer with a better chain claims. */
  | { readonly kind: 'catching-up'; readonly height: number; readonly target: number }

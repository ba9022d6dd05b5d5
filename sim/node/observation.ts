import type { Change, Failure, Ledger, Result } from '@pulseledger/core'
import type {
  Exchange,
  GossipTopic,
  LedgerParts,
  MemoryDisk,
  NodeEvent,
  NodeFailure,
  PeerId,
  Receipt,
} from 'pulseledger/simulation'

/** A node as those see it who look on: the state of its disk, and of its process while there is one. */
export interface ObservedNode {
  readonly name: string
  /** Of its key; a node that lost its disk has a new one. */
  readonly id: PeerId
  readonly disk: MemoryDisk
  /** Undefined while no process runs. */
  readonly ledger: Ledger | undefined
  /** Submissions that nobody was answered for, while a process runs. */
  readonly unansweredCount: number
  /** Counts its processes, so that what one of them does can be told from what the next does. */
  readonly lifeCount: number
}

/** What happens at a node, in the order of its happening. */
export type Observation =
  | { readonly kind: 'booted'; readonly node: ObservedNode }
  /** Its process is gone: killed, or at an end. */
  | { readonly kind: 'down'; readonly node: ObservedNode; readonly isCrash: boolean }
  /** Its disk is lost, and its key with it; `disk` is what was on it. */
  | { readonly kind: 'wiped'; readonly node: ObservedNode; readonly disk: MemoryDisk }
  /** A commit is on the disk; nobody was told yet. */
  | { readonly kind: 'committed'; readonly node: ObservedNode; readonly change: Change }
  /** A read or a commit fails. */
  | { readonly kind: 'io-failed'; readonly node: ObservedNode; readonly failure: NodeFailure }
  /** The node says that it failed; its process ends soon. */
  | { readonly kind: 'failed'; readonly node: ObservedNode; readonly failure: NodeFailure }
  /** It went on from an error that nobody thought of. */
  | { readonly kind: 'bug'; readonly node: ObservedNode; readonly error: Error }
  /** Its key was used. */
  | { readonly kind: 'signed'; readonly node: ObservedNode }
  /** Somebody is told what became of a reading. */
  | {
      readonly kind: 'answered'
      readonly node: ObservedNode
      readonly result: Result<Receipt>
      readonly waitedMs: number
    }
  | {
      readonly kind: 'published'
      readonly node: ObservedNode
      readonly topic: GossipTopic
      readonly message: Uint8Array
    }
  /** Gossip of another node was found good: its peers are told. */
  | {
      readonly kind: 'passed-on'
      readonly node: ObservedNode
      readonly topic: GossipTopic
      readonly message: Uint8Array
    }
  /** It hangs up on a peer and refuses it. */
  | { readonly kind: 'dropped'; readonly node: ObservedNode; readonly peer: PeerId; readonly reason: Failure }
  /** What its terminals are told. */
  | { readonly kind: 'event'; readonly node: ObservedNode; readonly event: NodeEvent }

export type Observer = (observation: Observation) => void

/** The parts of a running node. */
export type Parts = LedgerParts<Exchange>

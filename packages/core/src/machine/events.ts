import type { Block } from '../block/block.ts'
import type { Hash } from '../bytes.ts'
import type { EntryWithPayload } from '../entry/entry.ts'
import type { Failure } from '../result.ts'
import type { Change } from './change.ts'

/** What a submitter chose to know its submission by. Unique while the process runs. */
export type Ticket = number

/** A reading as somebody gives it, before it is sealed into a payload. `time` in ms since 1970. */
export interface ReadingInput {
  readonly measure: string
  readonly value: number
  readonly time: number
  readonly subject?: string
  readonly device?: string
  readonly note?: string
}

/**
 * A nonce is to be found: 8 bytes, big-endian, with which SHA-256(prefix | nonce) is at most `target`, both
 * as big-endian integers.
 */
export interface WorkJob {
  readonly id: number
  /** A multiple of 64 bytes: all of it is the same for every nonce. */
  readonly prefix: Uint8Array
  /** 32 bytes. */
  readonly target: Uint8Array
  /** Of the block that it is for, and its entries. */
  readonly height: number
  readonly entryCount: number
}

export type LedgerEvent =
  /** Once, after loading: what was pending when the node stopped goes on. */
  | { readonly kind: 'started' }
  /** A reading to be signed by this node. `salt`: 16 random bytes. */
  | {
      readonly kind: 'reading-submitted'
      readonly ticket: Ticket
      readonly reading: ReadingInput
      readonly salt: Uint8Array
    }
  /** Entries signed by their authors, each found valid by itself. Item i has the ticket `firstTicket + i`. */
  | {
      readonly kind: 'entries-submitted'
      readonly firstTicket: Ticket
      readonly items: readonly EntryWithPayload[]
    }
  /** Entries that other nodes told us of, each found valid by itself. Nobody here waits for them. */
  | { readonly kind: 'entries-received'; readonly items: readonly EntryWithPayload[] }
  /** Blocks from elsewhere, each found valid by itself. One change of the store for all of them. */
  | { readonly kind: 'blocks-received'; readonly blocks: readonly Block[] }
  /** What decides when to make blocks: alone, among peers, or behind them. */
  | { readonly kind: 'network'; readonly peerCount: number; readonly isBehind: boolean }
  /** What the effect `work` asked for. Ignored when it was for an earlier job. 0 <= nonce < 2^64 */
  | { readonly kind: 'work-found'; readonly job: number; readonly nonce: bigint }
  /** The effect `persist` with this token is durable. */
  | { readonly kind: 'persisted'; readonly token: number }
  /** Time has passed: asked for by the effect `wake`. */
  | { readonly kind: 'tick' }

/**
 * What the runner must do, in this order, the whole list of one step before that of the next; the first
 * failure stops the node.
 */
export type Effect =
  /** Make it durable, then report `persisted`. */
  | { readonly kind: 'persist'; readonly token: number; readonly change: Change }
  /** Tell other nodes: a block made here, or entries accepted here that no block of ours carries at once. */
  | { readonly kind: 'publish-block'; readonly block: Block }
  | { readonly kind: 'publish-entries'; readonly items: readonly EntryWithPayload[] }
  /** Tell whoever is connected here. */
  | { readonly kind: 'notify'; readonly notices: readonly Notice[] }
  /** Search a nonce for this job, and for no other any more; then report `work-found`. Only to a miner. */
  | { readonly kind: 'work'; readonly job: WorkJob }
  /** Stop searching. */
  | { readonly kind: 'cancel-work' }
  /** Send the event `tick` at this time. Replaces the time set before. */
  | { readonly kind: 'wake'; readonly time: number }

export type Notice =
  | { readonly kind: 'block-connected'; readonly block: Block }
  | { readonly kind: 'block-disconnected'; readonly block: Block }
  /** A submission is on the chain. `index`: its place in the log. */
  | {
      readonly kind: 'included'
      readonly ticket: Ticket
      readonly entryId: Hash
      readonly height: number
      readonly blockHash: Hash
      readonly index: number
    }
  /** A submission that was told to be included has left its block: it is pending again. */
  | { readonly kind: 'receipt-withdrawn'; readonly entryId: Hash }
  /** It is on the chain again, elsewhere. Withdrawn and included by one change, only this is told. */
  | {
      readonly kind: 'receipt-moved'
      readonly entryId: Hash
      readonly height: number
      readonly blockHash: Hash
      readonly index: number
    }
  /** A submission was refused, or lost its sequence to another entry. */
  | { readonly kind: 'rejected'; readonly ticket: Ticket; readonly error: Failure }
  /** A block from elsewhere was refused or dropped. */
  | { readonly kind: 'block-refused'; readonly block: Block; readonly error: Failure }
  /** An operator must look. */
  | { readonly kind: 'alarm'; readonly error: Failure }

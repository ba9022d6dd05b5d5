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
  /** A block from elsewhere, found valid by itself. */
  | { readonly kind: 'block-received'; readonly block: Block }
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
  /** Tell other nodes. */
  | { readonly kind: 'publish'; readonly blocks: readonly Block[] }
  /** Tell whoever is connected here. */
  | { readonly kind: 'notify'; readonly notices: readonly Notice[] }
  /** Send the event `tick` at this time. */
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
  /** A submission was refused, or lost its sequence to another entry. */
  | { readonly kind: 'rejected'; readonly ticket: Ticket; readonly error: Failure }
  /** A block from elsewhere was refused or dropped. */
  | { readonly kind: 'block-refused'; readonly block: Block; readonly error: Failure }
  /** An operator must look. */
  | { readonly kind: 'alarm'; readonly error: Failure }

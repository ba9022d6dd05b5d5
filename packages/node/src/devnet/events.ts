import type { NodeLine } from './node-line.ts'

/** A node of the devnet by its number, 1 to the number of nodes. */
export type NodeNumber = number

/** What a node says of itself when asked. */
export interface NodeStatus {
  /** Undefined when it has moved since. */
  readonly head: { readonly height: number; readonly hash: string } | undefined
  readonly pendingCount: number
  /** Undefined when the node has no network. */
  readonly peerCount: number | undefined
  /** Blocks that it has, of those that it knows of; undefined when it is not behind. */
  readonly catchingUp: { readonly height: number; readonly target: number } | undefined
}

/** Everything that happens in a devnet, in the order in which its conductor learns of it. */
export type DevnetEvent =
  | { readonly kind: 'starting'; readonly node: NodeNumber; readonly pid: number }
  /** A line of the node's standard output. */
  | { readonly kind: 'line'; readonly node: NodeNumber; readonly line: NodeLine }
  /** A line of its standard error, as it came. */
  | { readonly kind: 'complaint'; readonly node: NodeNumber; readonly text: string }
  | { readonly kind: 'status'; readonly node: NodeNumber; readonly status: NodeStatus }
  /** `isWanted`: because it was told to. `how` completes "node 3 ...". */
  | { readonly kind: 'ended'; readonly node: NodeNumber; readonly how: string; readonly isWanted: boolean }
  | { readonly kind: 'wiped'; readonly node: NodeNumber }
  /** What is cut now: pairs of which the second hears nothing of the first. */
  | { readonly kind: 'network'; readonly silenced: readonly OneWayPair[] }
  /** `id` names the reading until it is answered. */
  | { readonly kind: 'typed'; readonly id: number; readonly node: NodeNumber; readonly text: string }
  /** Undefined when the node ended the connection without a word. */
  | { readonly kind: 'answered'; readonly id: number; readonly answer: string | undefined }
  /** Something that a person is to read. */
  | { readonly kind: 'note'; readonly text: string }

export interface OneWayPair {
  readonly from: NodeNumber
  readonly to: NodeNumber
}

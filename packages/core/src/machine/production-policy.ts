/**
 * When this node makes the next block, given that the engine lets it. No other node relies on this policy; it
 * only keeps nodes out of each other's way.
 *
 * Alone a node makes a block at once. Among peers a block of somebody else may be on its way to us, or the
 * next one of theirs to be made. So who made the last block goes on at once, for what the others told it of
 * as well as for itself, and the others hold back: for a time that a message needs, the hold, and then for up
 * to three times as much, by a lot that the block's hash and their own key decide. It differs from node to
 * node and from block to block, so when the maker of the last block has stopped, usually one node is clearly
 * the next, and the others hear of its block before their own time has come. Once a block is older than that
 * the network is idle, and whoever has something to say says it at once.
 *
 * When blocks cross each other nobody goes on at once, and all hold back for longer: see tempo.ts.
 *
 * No entry of ours waits longer than a patience, whatever blocks arrive without it. For entries of others a
 * node that did not make the last block makes one only when they have waited for long.
 */
import { concatBytes, type Hash } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { LIMITS } from '../limits.ts'

/** All times in ms since 1970. */
export interface Situation {
  readonly peerCount: number
  readonly isBehind: boolean
  readonly head: {
    readonly isOwn: boolean
    /** When it became the head here. */
    readonly since: number
    /** What `lotOf` says of it. */
    readonly lot: number
  }
  /** What to hold back at least. */
  readonly holdMs: number
  /** When the last block came that does not extend the head; undefined when that is long ago. */
  readonly rivalSince: number | undefined
  /** Since when the oldest entry waits, of ours and of others; undefined when there is none. */
  readonly oursSince: number | undefined
  readonly foreignSince: number | undefined
}

/** From when on a block may be made; undefined: not in this situation. */
export function productionTime(situation: Situation): number | undefined {
  const { peerCount, isBehind, oursSince, foreignSince } = situation
  if (isBehind) return undefined
  if (peerCount === 0) return oursSince ?? foreignSince
  const ours = oursSince === undefined ? Number.POSITIVE_INFINITY : timeForOurs(situation, oursSince)
  const foreign =
    foreignSince === undefined ? Number.POSITIVE_INFINITY : timeForForeign(situation, foreignSince)
  const time = Math.min(ours, foreign)
  return time === Number.POSITIVE_INFINITY ? undefined : time
}

function timeForOurs(situation: Situation, since: number): number {
  if (goesOn(situation)) return since
  const { holdMs } = situation
  const last = lastBlock(situation)
  if (since >= last + (1 + LIMITS.contentionSpreadHolds) * holdMs) return since
  const patienceMs = Math.max(LIMITS.ownPatienceMs, LIMITS.patienceHolds * holdMs)
  return Math.min(last + delayMs(situation), since + patienceMs)
}

/** Not soon after a block of another either: whoever makes them may be about to take these along. */
function timeForForeign(situation: Situation, since: number): number {
  if (goesOn(situation)) return since
  const patienceMs = Math.max(LIMITS.foreignPatienceMs, LIMITS.patienceHolds * situation.holdMs)
  return Math.max(since + patienceMs, lastBlock(situation)) + delayMs(situation)
}

/** Whether this node made the last block and nobody else makes any. */
function goesOn({ head, rivalSince }: Situation): boolean {
  return head.isOwn && rivalSince === undefined
}

function lastBlock({ head, rivalSince }: Situation): number {
  return Math.max(head.since, rivalSince ?? head.since)
}

/** One hold, and more by lot. */
function delayMs({ head, holdMs }: Situation): number {
  return Math.floor((1 + head.lot * LIMITS.contentionSpreadHolds) * holdMs)
}

/** What decides among nodes that could all make the block after this one: uniform in [0, 1). */
export function lotOf(head: Hash, ownKey: Uint8Array, crypto: Crypto): number {
  const digest = crypto.sha256(concatBytes(head, ownKey))
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0) / 2 ** 32
}

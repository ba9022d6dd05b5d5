/**
 * When this node makes the next block, given that the engine lets it. No other node relies on this policy; it
 * only keeps nodes out of each other's way.
 *
 * Alone a node makes a block at once. Among peers a block of somebody else may be on its way to us, or the
 * next one of theirs to be made. So who made the last block goes on at once, for what the others told it of
 * as well as for itself, and the others hold back: for a time that a message needs, and then for a part of
 * the contention window that the block's hash and their own key decide. It differs from node to node and from
 * block to block, so when the maker of the last block has stopped, usually one node is clearly the next, and
 * the others hear of its block before their own time has come. Once a block is older than the window the
 * network is idle, and whoever has something to say says it at once.
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
    /** What `contentionDelay` says of it. */
    readonly delayMs: number
  }
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

function timeForOurs({ head }: Situation, since: number): number {
  if (head.isOwn) return since
  const windowEnd = head.since + LIMITS.contentionWindowMs
  if (since >= windowEnd) return since
  return Math.min(head.since + head.delayMs, since + LIMITS.ownPatienceMs)
}

/** Not soon after a block of another either: whoever makes them may be about to take these along. */
function timeForForeign({ head }: Situation, since: number): number {
  if (head.isOwn) return since
  return Math.max(since + LIMITS.foreignPatienceMs, head.since) + head.delayMs
}

/** What this node holds back after this block: uniform in [hold, window) over heads and keys. */
export function contentionDelay(head: Hash, ownKey: Uint8Array, crypto: Crypto): number {
  const digest = crypto.sha256(concatBytes(head, ownKey))
  const fraction = new DataView(digest.buffer, digest.byteOffset).getUint32(0) / 2 ** 32
  const spread = LIMITS.contentionWindowMs - LIMITS.contentionHoldMs
  return LIMITS.contentionHoldMs + Math.floor(fraction * spread)
}

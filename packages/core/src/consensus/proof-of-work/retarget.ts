/**
 * How hard the next block is: so that a window of blocks takes the time that it should, at the hash power
 * that there was in the window before.
 *
 * The windows of `window` blocks are 1..W, W+1..2W, and so on. The first block of a window gets a new target
 * from its parent, the last block of the window before; all others have the target of their parent. What is
 * measured is the time from the last block of one window to the last of the next, genesis before the first:
 * exactly W intervals for W blocks. (Bitcoin measures from the first block to the last of a window, W - 1
 * intervals; there windows have no time in common, and whoever has most of the power can warp the clock
 * between them.) Since each window begins where the one before ended, a false time at an edge that makes one
 * window look long makes the next look short.
 *
 *   target' + 1 = (target + 1) * elapsed / (window * interval), elapsed within 1/4 and 4 times the latter
 *
 * A block must only be later than the median of the eleven before, so the time at the end of a window may be
 * before that at its beginning: like any time that is too short it counts as a quarter. Rounded down, in
 * integers, as is the last step: no target is above that of the least difficulty, or below the one that
 * nobody could meet anyway and that keeps the sum of all weights below 2^256.
 */

import { targetOf } from '../work.ts'
import type { WindowState } from './seal.ts'

/** 2^128 hashes a block, and up to 2^53 blocks: their weights add up to less than 2^181. */
const LEAST_TARGET = targetOf(1n << 128n)
const CLAMP = 4n

export interface RetargetRule {
  readonly window: number
  readonly intervalMs: number
  /** Of the least difficulty. */
  readonly greatestTarget: bigint
}

/** A block that the next one stands on. */
export interface Edge {
  readonly height: number
  readonly time: number
}

/** What the seal of the block after `parent` must say, given what the parent's says. */
export function nextWindowState(parent: Edge, state: WindowState, rule: RetargetRule): WindowState {
  if (parent.height % rule.window !== 0) return state
  return { target: retarget(state.target, parent.time - state.windowTime, rule), windowTime: parent.time }
}

/** The target after a window that took `elapsedMs`, which may be negative. */
export function retarget(target: bigint, elapsedMs: number, rule: RetargetRule): bigint {
  const expected = BigInt(rule.window) * BigInt(rule.intervalMs)
  // In quarters of a millisecond, so that a quarter of the shortest window is not nothing.
  const measured = clamp(BigInt(elapsedMs) * CLAMP, expected, expected * CLAMP * CLAMP)
  const next = ((target + 1n) * measured) / (expected * CLAMP) - 1n
  return clamp(next, LEAST_TARGET, rule.greatestTarget)
}

/** The state that the first block has. */
export function firstWindowState(hashes: number, genesisTime: number): WindowState {
  return { target: targetOf(BigInt(hashes)), windowTime: genesisTime }
}

function clamp(value: bigint, least: bigint, greatest: bigint): bigint {
  if (value < least) return least
  return value > greatest ? greatest : value
}

/** Whether some block of this ledger may have this target. */
export function isPossible(target: bigint, { greatestTarget }: RetargetRule): boolean {
  return target >= LEAST_TARGET && target <= greatestTarget
}

import { isPreferred } from '../../consensus/engine.ts'
import { claimed } from './header-fetch.ts'
import type { SyncProgress } from './sync-events.ts'
import type { SyncState } from './sync-state.ts'

/**
 * How far the node is. A catch-up begins when a better chain is several blocks ahead, since the last one or
 * two may be on their way by gossip, and ends when nothing is left to fetch.
 */
export function progressOf(state: SyncState, before: SyncProgress): SyncProgress {
  const { head } = state.chain
  const { queue, limits } = state
  let target = Math.max(head.height, queue.tip?.height ?? 0)
  for (const { claim, diverged } of state.peers.values()) {
    if (claim && diverged === undefined && isPreferred(claimed(claim), head)) {
      target = Math.max(target, claim.height)
    }
  }
  const gap = Math.max(target - head.height, queue.length)
  const isBusy = queue.length > 0 || state.feeds.size > 0
  const isCatchingUp =
    before.kind === 'catching-up' ? gap >= limits.gapMin || (isBusy && gap > 0) : gap >= limits.gapMin
  return isCatchingUp ? { kind: 'catching-up', height: head.height, target } : { kind: 'synced' }
}

/** Whether `after` is worth telling whoever was told `told`. */
export function isNews(told: SyncProgress, after: SyncProgress, step: number): boolean {
  if (told.kind === 'synced' || after.kind === 'synced') return told.kind !== after.kind
  return Math.abs(after.height - told.height) >= step || Math.abs(after.target - told.target) >= step
}

/**
 * What becomes of a block that turned out not to be valid, and of those who gave it: nodes serve only what
 * they found valid themselves, so giving it is no accident.
 */
import { type Hash, keyOf } from '../../bytes.ts'
import type { ErrorCode } from '../../errors.ts'
import { type Failure, fail } from '../../result.ts'
import type { Item } from './item.ts'
import type { PeerId } from './sync-events.ts'
import type { SyncState } from './sync-state.ts'

/** Refusals that say nothing about the block: of its time, of the room here, of our own final block. */
const NO_FAULT: readonly ErrorCode[] = [
  'BLOCK_TIME_AHEAD',
  'BLOCK_BELOW_FINAL',
  'BLOCK_WAITING_FULL',
  'BLOCK_PARENT_UNKNOWN',
]

/** The ledger refused a block. */
export function onRefused(state: SyncState, hash: Hash, error: Failure): void {
  const item = fedItem(state, hash)
  if (error.code === 'BLOCK_TIME_AHEAD') {
    const retryAt = state.now + state.limits.earlyRetryMs
    state.early.set(hash, retryAt)
    const giver = item?.headerFrom === undefined ? undefined : state.peers.get(item.headerFrom)
    if (giver) giver.deferUntil = retryAt
  } else if (!NO_FAULT.includes(error.code)) {
    condemn(state, hash, item, item?.body?.from, error)
  }
  dropIfUnfounded(state)
}

/** An answer proved that a block can never be valid. */
export function onInvalid(
  state: SyncState,
  hash: Hash,
  from: PeerId,
  items: readonly Item[],
  error: Failure,
): void {
  const item = items.find(({ key }) => key === keyOf(hash))
  condemn(state, hash, item, from, error)
  const parent = item?.header.header.parent
  if (parent && state.queue.get(hash)) state.abandon(state.queue.cutAfter(parent))
  const announced = state.announced.get(keyOf(hash))
  if (announced) {
    state.announced.delete(announced.key)
    state.abandon([announced])
  }
}

/** What the queue stands on must be in the ledger, where something can still be built on it. */
export function dropIfUnfounded(state: SyncState): void {
  const { base } = state.queue
  if (base === undefined) return
  const found = state.chain.find(base.hash)
  if (!found?.isOpen) state.dropQueue()
}

function condemn(
  state: SyncState,
  hash: Hash,
  item: Item | undefined,
  from: PeerId | undefined,
  error: Failure,
): void {
  state.invalid.set(hash, true)
  const place = item ? `block ${item.height}` : 'a block'
  const failure = fail('PEER_HEADERS_INVALID', `the peer gave ${place}, which is invalid: ${error.message}`)
  for (const giver of [item?.headerFrom, from])
    if (giver !== undefined) state.disconnect(giver, failure.error)
  for (const { id, claim } of [...state.peers.values()]) {
    if (claim && state.invalid.has(claim.head)) state.disconnect(id, failure.error)
  }
}

function fedItem(state: SyncState, hash: Hash): Item | undefined {
  const key = keyOf(hash)
  for (const items of state.feeds.values()) {
    const item = items.find((fed) => fed.key === key)
    if (item) return item
  }
  return undefined
}

/** What peers say of their chains, unproven until their headers are here. */

import type { SignedHeader } from '../../block/signed-header.ts'
import type { Hash } from '../../bytes.ts'
import { isPreferred } from '../../consensus/engine.ts'
import type { PeerStatus } from '../../wire/status.ts'
import { claimed } from './header-fetch.ts'
import { checkLink } from './header-link.ts'
import { newItem } from './item.ts'
import type { Peer } from './peer-table.ts'
import { isSameHead, type SyncState } from './sync-state.ts'

/** A peer has told its status. */
export function onStatus(state: SyncState, peer: Peer, status: PeerStatus): void {
  for (const request of [...state.requests]) {
    // Its answer may have been overtaken by this, and would be taken for news.
    if (request.kind === 'status' && request.peer === peer.id) state.cancel(request.id)
  }
  peer.statusDueAt = state.now + state.limits.statusIntervalMs
  if (peer.isToBeTold) state.tellSoon(peer)
  peer.isClaimDoubted = false
  claim(state, peer, status)
  if (state.invalid.has(status.head)) {
    state.disconnectFor(peer.id, 'PEER_HEADERS_INVALID', 'the head of the peer is a block that is invalid')
  }
}

/** A peer has a block whose body is not here. */
export function onAnnounced(state: SyncState, peer: Peer, header: SignedHeader): void {
  const known = state.lookup(header.hash)
  if (known) {
    const announced = known.place === 'announced' ? announcedItem(state, header) : undefined
    announced?.announcers.add(peer.id)
    return
  }
  const { parent } = header.header
  if (parent === null || state.invalid.has(header.hash) || state.invalid.has(parent)) return
  const standing = state.lookup(parent)
  if (standing === undefined || standing.place === 'announced' || standing.place === 'queued') {
    state.statusSoon(peer)
    return
  }
  if (!standing.isOpen || (state.early.get(header.hash) ?? 0) > state.now) return
  // Whoever passed it on may not know its parent, so a block that does not fit is no fault of his.
  const linked = checkLink(header, standing, state.engine)
  if (!linked.ok) return
  const weight = linked.value
  const item = newItem(header, standing, weight)
  item.announcers.add(peer.id)
  state.announced.set(item.key, item)
  if (state.announced.size > state.limits.announcedMax) {
    const oldest = state.announced.values().next().value
    if (oldest) {
      state.announced.delete(oldest.key)
      state.abandon([oldest])
    }
  }
  const status = { head: header.hash, height: item.height, weight }
  if (peer.claim === undefined || isPreferred(claimed(status), claimed(peer.claim)))
    claim(state, peer, status)
}

/**
 * A block that we have came from this peer, so it has it too. Of one that has told nothing, no more is known.
 */
export function onHeld(state: SyncState, peer: Peer, hash: Hash): void {
  const known = state.lookup(hash)
  if (known?.place === 'chain') peer.isProven = true
  if (known === undefined || peer.claim === undefined) return
  const status = { head: hash, height: known.header.height, weight: known.weight }
  if (isPreferred(claimed(status), claimed(peer.claim))) claim(state, peer, status)
}

/** Claims whose head is known by now must have told its height and weight. */
export function checkClaims(state: SyncState): void {
  for (const peer of [...state.peers.values()]) {
    if (peer.isClaimChecked || peer.claim === undefined) continue
    const known = state.lookup(peer.claim.head)
    if (known === undefined) continue
    peer.isClaimChecked = true
    const { height, weight } = peer.claim
    if (known.header.height === height && known.weight === weight) continue
    const truth = `height ${known.header.height} and weight ${known.weight}`
    const message = `the peer claims height ${height} and weight ${weight} for a block of ${truth}`
    state.disconnectFor(peer.id, 'PEER_CLAIM_FALSE', message)
  }
}

function claim(state: SyncState, peer: Peer, status: PeerStatus): void {
  const isSame = isSameHead(peer.claim, status)
  const isEqual = isSame && peer.claim?.height === status.height && peer.claim.weight === status.weight
  peer.claim = status
  if (!isEqual) peer.isClaimChecked = false
  if (!isSame) peer.lacks = undefined
  if (state.lookup(status.head)) peer.diverged = undefined
}

function announcedItem(state: SyncState, header: SignedHeader) {
  return [...state.announced.values()].find(
    (item) =>
      item.header.hash === header.hash || isSameHead({ head: item.header.hash }, { head: header.hash }),
  )
}

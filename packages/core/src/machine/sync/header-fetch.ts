/**
 * Headers first: whose chain to follow, and what to make of the headers it sends. One question at a time, to
 * the peer with the best claim, from the last block that we share with it; so however many peers there are,
 * each header is fetched once, and a fork is found from the common ancestor forward.
 *
 * Unless no answer comes: then another peer is asked too, and so on, as claims are free and whoever claims
 * most would else keep us from all others by being silent. It is one that blocks came from before, if there
 * is such a peer, since keys are free too. Those who failed before are asked last.
 *
 * A claim costs nothing, so it is held against the headers that come: a peer whose headers end before the
 * head it claimed is asked for its status again, and hung up on when that happens several times.
 */
import type { SignedHeader } from '../../block/signed-header.ts'
import { equalBytes, keyOf, toHex } from '../../bytes.ts'
import { type Candidate, isPreferred } from '../../consensus/engine.ts'
import { fail } from '../../result.ts'
import type { PeerStatus } from '../../wire/status.ts'
import { checkLink } from './header-link.ts'
import type { Standing } from './header-queue.ts'
import { type Item, newItem } from './item.ts'
import { makeLocator } from './locator.ts'
import type { Peer } from './peer-table.ts'
import type { HeadersRequest } from './requests.ts'
import type { PeerId } from './sync-events.ts'
import type { Known, SyncState } from './sync-state.ts'

/** Where the last block that we were seen to share moved to. */
type Way = 'further' | 'nowhere' | 'back'

export class HeaderFetch {
  readonly #state: SyncState

  constructor(state: SyncState) {
    this.#state = state
  }

  /** Asks the peer with the best claim, when there is room for what it would send. */
  ask(): void {
    const state = this.#state
    const open = state.headersRequests
    if (open.length >= state.limits.headersRequestsMax || (this.patienceEndsAt ?? 0) > state.now) return
    const peer = this.#source(new Set(open.map(({ peer: id }) => id)))
    if (peer?.claim === undefined) return
    const { headersPerRequest, headersAheadMax, locatorHashesMax } = state.limits
    // A peer that follows the queue is asked for what fits; of another one it is not known where it forks.
    const room = peer.epoch === state.queue.epoch ? headersAheadMax - state.queue.length : headersAheadMax
    const countMax = Math.min(headersPerRequest, room)
    if (countMax < Math.min(headersPerRequest, Math.ceil(headersAheadMax / 2))) return
    const locator = makeLocator(state.chain, state.queue, peer.common, locatorHashesMax)
    state.askHeaders(peer, peer.claim, locator, countMax)
  }

  /** When another peer is asked too; undefined when that is not to come. */
  get patienceEndsAt(): number | undefined {
    const { headersRequests: open, limits } = this.#state
    if (open.length === 0 || open.length >= limits.headersRequestsMax) return undefined
    return Math.max(...open.map(({ sentAt }) => sentAt)) + limits.frontPatienceMs
  }

  answered(request: HeadersRequest, headers: readonly SignedHeader[]): void {
    const peer = this.#state.peers.get(request.peer)
    if (peer === undefined) return
    const parent = this.#skipKnown(peer, request, headers)
    if (parent === undefined) return
    const fresh = headers.slice(headers.indexOf(parent.last as SignedHeader) + 1)
    const checked = this.#checkFresh(peer, parent.known, fresh)
    if (checked === undefined) return
    if (!this.#attach(peer, parent.known, checked.items) || checked.isCut) return
    const last = checked.items.at(-1)
    const isCutShort = headers.length >= request.countMax
    if (isCutShort && (parent.way === 'further' || fresh.length > 0)) return
    // It left the chain that it was seen to share with us: what follows is asked for when its status is
    // known.
    if (isCutShort && parent.way === 'back') this.#doubt(peer)
    else this.#compareWithClaim(peer, request.claim, headers, last ? candidateOf(last) : parent.known)
  }

  /**
   * Of those that can be asked now and failed least, the one with the best claim; when others are asked
   * already, of the proven ones.
   */
  #source(asked: ReadonlySet<PeerId>): Peer | undefined {
    const state = this.#state
    const floor = this.#floor()
    const { stallsMax } = state.limits
    const rank = ({ isProven, stalls }: Peer): number =>
      stalls.count + (asked.size > 0 && !isProven ? stallsMax : 0)
    let best: Peer | undefined
    for (const peer of state.peers.values()) {
      const { claim } = peer
      if (claim === undefined || !isPreferred(claimed(claim), floor) || !this.#canServe(peer)) continue
      if (asked.has(peer.id) || state.lookup(claim.head) !== undefined) continue
      const ahead = best === undefined ? 1 : rank(best) - rank(peer)
      if (ahead > 0 || (ahead === 0 && best?.claim && isPreferred(claimed(claim), claimed(best.claim))))
        best = peer
    }
    return best
  }

  /** The best that we have, as far as headers go. */
  #floor(): Candidate {
    const { chain, queue } = this.#state
    const tip = queue.tip && candidateOf(queue.tip)
    return tip && isPreferred(tip, chain.head) ? tip : chain.head
  }

  #canServe(peer: Peer): boolean {
    const { now } = this.#state
    if (peer.isClaimDoubted || peer.deferUntil > now || !this.#state.isFree(peer)) return false
    const { claim, diverged } = peer
    if (this.#isRival(peer)) return false
    if (diverged === undefined || claim === undefined) return true
    return diverged.recheckAt <= now && !equalBytes(diverged.claimed, claim.head)
  }

  /** Whether it follows another chain than the queue does, and not a better one. */
  #isRival(peer: Peer): boolean {
    const { queue, peers } = this.#state
    const own = peer.claim
    if (peer.rivalOf !== queue.epoch || queue.length === 0 || own === undefined) return false
    return [...peers.values()].some(
      ({ epoch, claim, isClaimDoubted }) =>
        epoch === queue.epoch && claim && !isClaimDoubted && !isPreferred(claimed(own), claimed(claim)),
    )
  }

  /** Goes along the headers that we have. The last of them, or what the first stands on, is the parent. */
  #skipKnown(
    peer: Peer,
    request: HeadersRequest,
    headers: readonly SignedHeader[],
  ): { known: Known; last: SignedHeader | undefined; way: Way } | undefined {
    const state = this.#state
    const first = headers[0]
    if (first === undefined) {
      this.#compareWithClaim(peer, request.claim, headers, this.#floor())
      return undefined
    }
    const parentHash = first.header.parent
    let known = parentHash === null ? undefined : state.lookup(parentHash)
    if (known === undefined || known.place === 'announced') {
      // What we had when we asked may be gone by now.
      if (parentHash !== null && request.locatorKeys.has(keyOf(parentHash))) return undefined
      state.disconnectFor(peer.id, 'PEER_HEADERS_INVALID', 'its headers stand on nothing that we have')
      return undefined
    }
    const before = peer.common?.height ?? -1
    let last: SignedHeader | undefined
    for (const header of headers) {
      const next = state.lookup(header.hash)
      if (next === undefined || next.place === 'announced') break
      known = next
      last = header
      peer.common = { hash: next.hash, height: next.header.height }
    }
    const after = peer.common?.height ?? -1
    return { known, last, way: after > before ? 'further' : after < before ? 'back' : 'nowhere' }
  }

  /** Each on the one before. Undefined when one of them cost the peer its connection. */
  #checkFresh(
    peer: Peer,
    parent: Known,
    fresh: readonly SignedHeader[],
  ): { items: Item[]; isCut: boolean } | undefined {
    const state = this.#state
    const items: Item[] = []
    let standing: Standing = parent
    for (const header of fresh) {
      if (state.invalid.has(header.hash)) {
        const message = `the peer builds on block ${header.header.height}, which is invalid`
        state.disconnectFor(peer.id, 'PEER_HEADERS_INVALID', message)
        return undefined
      }
      const retryAt = state.early.get(header.hash)
      if (retryAt !== undefined && retryAt > state.now) {
        peer.deferUntil = retryAt
        return { items, isCut: true }
      }
      const linked = checkLink(header, standing, state.engine)
      if (!linked.ok) {
        state.disconnectFor(peer.id, 'PEER_HEADERS_INVALID', linked.error.message)
        return undefined
      }
      const weight = linked.value
      items.push(newItem(header, standing, weight, peer.id))
      standing = { hash: header.hash, header: header.header, weight }
    }
    return { items, isCut: false }
  }

  /**
   * Puts new headers where they belong: on the queue, or in the place of a part of it. False when they cannot
   * be used, since they part from our chain below its final block, or from a queue that is better.
   */
  #attach(peer: Peer, parent: Known, items: readonly Item[]): boolean {
    const { queue, chain, limits } = this.#state
    const isFinal = parent.place === 'chain' && parent.header.height < chain.finalHeight
    if (items.length > 0 && (isFinal || !parent.isOpen)) {
      this.#diverge(peer, parent)
      return false
    }
    peer.diverged = undefined
    if (items.length === 0) {
      if (queue.isTip(parent.hash)) peer.epoch = queue.epoch
      return true
    }
    const isNext = queue.length === 0 ? isBase(queue.base, parent) : queue.isTip(parent.hash)
    if (!isNext && !this.#turn(peer, parent)) return false
    peer.epoch = queue.epoch
    for (const item of items.slice(0, limits.headersAheadMax - queue.length)) queue.append(this.#adopt(item))
    if (queue.tip) this.#state.gotHeaders(queue.tip.weight)
    return true
  }

  /** Turns the queue to the chain of this peer, unless what it follows is better. */
  #turn(peer: Peer, parent: Known): boolean {
    const state = this.#state
    const { queue } = state
    if (queue.length === 0) {
      state.dropQueue()
      queue.begin(parent)
      return true
    }
    peer.rivalOf = queue.epoch
    if (this.#isRival(peer)) return false
    if (parent.place === 'queued') state.abandon(queue.cutAfter(parent.hash))
    else {
      state.dropQueue()
      queue.begin(parent)
    }
    return true
  }

  /** An announced block that is being fetched already is not fetched twice. */
  #adopt(item: Item): Item {
    const announced = this.#state.announced.get(item.key)
    if (announced === undefined) return item
    this.#state.announced.delete(item.key)
    announced.headerFrom = item.headerFrom
    return announced
  }

  #diverge(peer: Peer, fork: Known): void {
    const { claim } = peer
    const { chain, limits, alarmed } = this.#state
    if (claim === undefined) return
    peer.diverged = { claimed: claim.head, recheckAt: this.#state.now + limits.divergedRecheckMs }
    if (alarmed.has(fork.hash)) return
    alarmed.set(fork.hash, true)
    const theirs = `${toHex(claim.head)} at height ${claim.height}`
    const ours = `${toHex(chain.head.hash)} at height ${chain.head.height}`
    const message =
      `the chain of a peer, with head ${theirs}, leaves ours, with head ${ours}, after block ` +
      `${fork.header.height}; up to ${chain.finalHeight} ours is final and stays. Compare both with ` +
      '`pulseledger log --json`; nodes of the side that gives way begin again with `pulseledger rejoin`'
    this.#state.emit({ kind: 'alarm', peer: peer.id, error: fail('BLOCK_BELOW_FINAL', message).error })
  }

  /**
   * Headers that end must have led to the head that was claimed when they were asked for, or to a better one:
   * an honest peer may have left the chain that it claimed, but for nothing worse. What it has claimed since
   * may have overtaken its answer.
   */
  #compareWithClaim(peer: Peer, claim: PeerStatus, headers: readonly SignedHeader[], end: Candidate): void {
    if (peer.claim === undefined || this.#state.lookup(peer.claim.head)) return
    if (headers.some(({ hash }) => equalBytes(hash, claim.head))) return
    if (!this.#state.lookup(claim.head) && isPreferred(claimed(claim), end)) {
      const height = headers.at(-1)?.header.height
      const what = height === undefined ? 'has no headers' : `its headers end at ${height}`
      this.#state.claimFailed(peer, claim, what)
      return
    }
    this.#doubt(peer)
  }

  /** It is asked for no headers before its status, so that others have their turn. */
  #doubt(peer: Peer): void {
    peer.isClaimDoubted = true
    this.#state.statusSoon(peer)
  }
}

export function claimed(claim: { readonly head: Uint8Array; readonly weight: bigint }): Candidate {
  return { hash: claim.head, weight: claim.weight }
}

function candidateOf(item: Item): Candidate {
  return { hash: item.header.hash, weight: item.weight }
}

function isBase(base: Standing | undefined, parent: Standing): boolean {
  return base !== undefined && equalBytes(base.hash, parent.hash)
}

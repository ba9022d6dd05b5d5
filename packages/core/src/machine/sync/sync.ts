/**
 * Catching up with other nodes: who has a better chain, and how to get it from several of them at once.
 *
 * Every few seconds each peer is asked for its status, so that whatever gossip lost is noticed. When one
 * claims a better chain than ours, its headers are fetched first, forward from the last block that both have:
 * they are small, prove that the chain exists and say which bodies belong to it. The bodies are then fetched
 * from all peers at once and handed to the ledger in order. Nothing is kept but in memory: after a restart
 * the same begins from where the ledger is.
 *
 * It is a state machine: events in, effects out, no promise, no timer. Every question has a deadline; the
 * effect `wake` tells when the next thing is due. Memory is bounded whatever peers send: a number of headers,
 * of bodies and their bytes, and a few hashes; see `SyncLimits`.
 *
 * A bad peer costs its connection and not our progress: a peer that does not answer is left alone for a while
 * and then hung up on, one that claims what it does not have or gives what is invalid likewise, and what it
 * was asked for is asked of others. Not defended against: a peer with a valid better chain that sends it just
 * fast enough, while no other peer has it.
 *
 * To read: header-fetch.ts, body-fetch.ts, claims.ts, verdicts.ts. The idea is that of Bitcoin Core since
 * 0.10, "headers-first synchronisation".
 */

import { equalBytes } from '../../bytes.ts'
import { type Candidate, type Engine, isPreferred } from '../../consensus/engine.ts'
import type { PeerStatus } from '../../wire/status.ts'
import { BodyFetch } from './body-fetch.ts'
import { checkClaims, onAnnounced, onHeld, onStatus } from './claims.ts'
import { GainWatch } from './gain-watch.ts'
import { claimed, HeaderFetch } from './header-fetch.ts'
import { Peer } from './peer-table.ts'
import type { Request } from './requests.ts'
import type { PeerId, RequestId, SyncChain, SyncEffect, SyncEvent, SyncProgress } from './sync-events.ts'
import { SYNC_LIMITS, type SyncLimits } from './sync-limits.ts'
import { isNews, progressOf } from './sync-progress.ts'
import { SyncState } from './sync-state.ts'
import { dropIfUnfounded, onInvalid, onRefused } from './verdicts.ts'

export interface SyncConfig {
  readonly chain: SyncChain
  readonly engine: Engine
  /** Smaller bounds, for tests. */
  readonly limits?: Partial<SyncLimits>
}

/**
 * How a peer's chain, as it claims it, stands to ours. `unknown`: it has not told. `diverged`: it parts from
 * ours below our final block.
 */
export type PeerState = 'unknown' | 'same' | 'behind' | 'ahead' | 'diverged'

export class Sync {
  readonly #state: SyncState
  readonly #headers: HeaderFetch
  readonly #bodies: BodyFetch
  readonly #gains: GainWatch
  #progress: SyncProgress = { kind: 'synced' }
  #told: SyncProgress = { kind: 'synced' }
  #toldHead: Candidate
  /** The last `wake`, by the caller's clock. */
  #wakeAt: number | undefined
  /** Added to the caller's clock, so that ours never goes backwards. */
  #shiftMs = 0

  constructor({ chain, engine, limits }: SyncConfig) {
    this.#state = new SyncState(chain, engine, { ...SYNC_LIMITS, ...limits })
    this.#headers = new HeaderFetch(this.#state)
    this.#bodies = new BodyFetch(this.#state)
    this.#gains = new GainWatch(this.#state)
    this.#toldHead = chain.head
  }

  /** As of the last step. */
  get progress(): SyncProgress {
    return this.#progress
  }

  /**
   * Whether the node is catching up, or cannot know yet because no peer has told its status. Not for ever:
   * see `isStuck`.
   */
  get isBehind(): boolean {
    if (this.isStuck) return false
    if (this.#progress.kind === 'catching-up') return true
    const peers = [...this.#state.peers.values()]
    return peers.some(({ stalls }) => stalls.count === 0) && peers.every((peer) => peer.claim === undefined)
  }

  /** Somebody claimed more than we have, and nothing of it came for `stuckMs`; until something comes. */
  get isStuck(): boolean {
    return this.#gains.isStuck
  }

  peerState(id: PeerId): PeerState {
    const peer = this.#state.peers.get(id)
    if (peer?.claim === undefined) return 'unknown'
    const { head } = this.#state.chain
    if (equalBytes(peer.claim.head, head.hash)) return 'same'
    if (peer.diverged) return 'diverged'
    return isPreferred(claimed(peer.claim), head) ? 'ahead' : 'behind'
  }

  /** Headers that wait for their bodies, at most `headersAheadMax`. */
  get queuedCount(): number {
    return this.#state.queue.length
  }

  /** The last that the peer claimed of its chain. */
  peerStatus(id: PeerId): PeerStatus | undefined {
    return this.#state.peers.get(id)?.claim
  }

  /** `now`: ms since 1970, an integer; it may go backwards. */
  step(event: SyncEvent, now: number): SyncEffect[] {
    const state = this.#state
    this.#shiftMs = Math.max(this.#shiftMs, state.now - now)
    state.now = now + this.#shiftMs
    if (event.kind === 'tick') this.#wakeAt = undefined
    // Before anything else: a question that is being answered is not cancelled any more.
    const request = 'request' in event ? state.take(event.request) : undefined
    this.#settle()
    if (event.kind === 'headers') {
      if (request?.kind === 'headers') this.#headers.answered(request, event.headers)
    } else if (event.kind === 'bodies') {
      if (request?.kind === 'bodies') this.#bodies.answered(request, event.blocks)
    } else if (event.kind === 'failed') {
      if (request) this.#failed(request, event)
    } else this.#take(event)
    this.#expire()
    checkClaims(state)
    this.#bodies.feed()
    this.#askStatuses()
    this.#headers.ask()
    this.#bodies.ask()
    this.#report()
    return state.takeEffects()
  }

  /** What the ledger got since the last step, by a feed or otherwise. */
  #settle(): void {
    const { queue, chain, announced } = this.#state
    for (const item of [...announced.values()]) {
      if (chain.find(item.header.hash) === undefined) continue
      announced.delete(item.key)
      this.#state.abandon([item])
    }
    let knownCount = 0
    for (const item of queue.items) {
      if (chain.find(item.header.hash) === undefined) break
      knownCount += 1
    }
    if (knownCount > 0) this.#state.abandon(queue.shift(knownCount))
    dropIfUnfounded(this.#state)
    this.#dropIfWorse()
  }

  /** Our head may have become better than all that the queue can lead to. */
  #dropIfWorse(): void {
    const { queue, chain, peers } = this.#state
    const { tip } = queue
    if (!tip || isPreferred({ hash: tip.header.hash, weight: tip.weight }, chain.head)) return
    for (const { epoch, claim } of peers.values()) {
      if (epoch === queue.epoch && claim && isPreferred(claimed(claim), chain.head)) return
    }
    this.#state.dropQueue()
  }

  /** What is not the end of a question. */
  #take(event: Exclude<SyncEvent, { readonly request: RequestId }>): void {
    const state = this.#state
    switch (event.kind) {
      case 'peer-connected':
        if (!state.peers.has(event.peer))
          state.peers.set(event.peer, new Peer(event.peer, state.now, state.limits.bodiesAnswerBytesFirst))
        return
      case 'peer-gone': {
        const peer = state.peers.get(event.peer)
        if (peer) state.forget(peer)
        return
      }
      case 'status': {
        const peer = state.peers.get(event.peer)
        if (peer) onStatus(state, peer, event.status)
        return
      }
      case 'announced': {
        const peer = state.peers.get(event.peer)
        if (peer) onAnnounced(state, peer, event.header)
        return
      }
      case 'held': {
        const peer = state.peers.get(event.peer)
        if (peer) onHeld(state, peer, event.hash)
        return
      }
      case 'unreached':
        for (const id of event.peers) {
          const peer = state.peers.get(id)
          if (peer) state.tellSoon(peer)
        }
        return
      case 'refused':
        onRefused(state, event.hash, event.error)
        return
      case 'fed':
        state.feeds.delete(event.feed)
        this.#headMoved()
        return
      case 'head-moved':
        this.#confirmSoon()
        return
      case 'tick':
        return
    }
  }

  #failed(
    request: Request,
    { error, isFault, invalidBlock }: Extract<SyncEvent, { readonly kind: 'failed' }>,
  ): void {
    const state = this.#state
    if (invalidBlock) {
      onInvalid(state, invalidBlock, request.peer, request.kind === 'bodies' ? request.items : [], error)
    } else if (isFault) state.disconnect(request.peer, error)
    else this.#giveUp(request.peer, error.code)
  }

  /** Questions whose time is over. */
  #expire(): void {
    const state = this.#state
    for (const request of [...state.requests]) {
      if (request.deadline > state.now) continue
      state.cancel(request.id)
      this.#giveUp(request.peer, `a question for ${request.kind} that it did not answer`)
    }
  }

  #giveUp(id: PeerId, what: string): void {
    const peer = this.#state.peers.get(id)
    if (peer === undefined) return
    peer.slowDown()
    this.#state.stalled(peer, what)
  }

  /** A catch-up moved our head: those who are behind learn it from our status. */
  #headMoved(): void {
    const { chain, peers } = this.#state
    if (equalBytes(chain.head.hash, this.#toldHead.hash)) return
    this.#toldHead = chain.head
    for (const peer of peers.values()) this.#state.statusSoon(peer)
  }

  /** Gossip has told the new head to all, or so it seems: once it has, peers say that they have it. */
  #confirmSoon(): void {
    const state = this.#state
    for (const peer of state.peers.values()) {
      if (peer.claim && equalBytes(peer.claim.head, state.chain.head.hash)) continue
      peer.statusDueAt = Math.min(peer.statusDueAt, state.now + state.limits.statusSoonMs)
    }
  }

  #askStatuses(): void {
    const state = this.#state
    for (const peer of state.peers.values()) {
      if (!peer.isStatusAsked && peer.statusDueAt <= state.now && state.isFree(peer)) state.askStatus(peer)
    }
  }

  #report(): void {
    const state = this.#state
    this.#progress = progressOf(state, this.#progress)
    this.#gains.look()
    if (isNews(this.#told, this.#progress, state.limits.progressStep)) {
      this.#told = this.#progress
      state.emit({ kind: 'progress', progress: this.#progress })
    }
    const due = this.#nextDue()
    const wakeAt = due === undefined ? undefined : due - this.#shiftMs
    if (wakeAt === undefined || wakeAt === this.#wakeAt) return
    this.#wakeAt = wakeAt
    state.emit({ kind: 'wake', time: wakeAt })
  }

  /** The earliest time at which a step would do something by itself; always after now. */
  #nextDue(): number | undefined {
    const state = this.#state
    const times = [this.#bodies.patienceEndsAt, this.#headers.patienceEndsAt, this.#gains.dueAt]
    for (const { deadline } of state.requests) times.push(deadline)
    for (const peer of state.peers.values()) {
      times.push(peer.backoffUntil, peer.deferUntil, peer.diverged?.recheckAt)
      if (!peer.isStatusAsked) times.push(peer.statusDueAt)
    }
    let earliest: number | undefined
    for (const time of times) {
      if (time === undefined || time <= state.now) continue
      if (earliest === undefined || time < earliest) earliest = time
    }
    return earliest
  }
}

/**
 * What the parts of sync share: the peers, the questions that are not answered, the queue of headers, the
 * blocks being fed, and the effects of the running step. It knows what each of these is, not what to do next.
 */
import { type Block, blockBytes } from '../../block/block.ts'
import { equalBytes, type Hash, keyOf } from '../../bytes.ts'
import type { Engine } from '../../consensus/engine.ts'
import type { ErrorCode } from '../../errors.ts'
import { type Failure, fail, invariant } from '../../result.ts'
import type { PeerStatus } from '../../wire/status.ts'
import { HeaderQueue, type Standing } from './header-queue.ts'
import type { Item } from './item.ts'
import type { Peer } from './peer-table.ts'
import { Remembered } from './remembered.ts'
import type { BodiesRequest, HeadersRequest, Request, StatusRequest } from './requests.ts'
import type { PeerId, RequestId, SyncChain, SyncEffect } from './sync-events.ts'
import type { SyncLimits } from './sync-limits.ts'

/** Where a known block is: `open` says whether others may stand on it. */
export interface Known extends Standing {
  readonly place: 'chain' | 'fed' | 'queued' | 'announced'
  readonly isOpen: boolean
}

type NewRequest<T> = Omit<T, 'id' | 'sentAt' | 'deadline'>

export class SyncState {
  readonly chain: SyncChain
  readonly engine: Engine
  readonly limits: SyncLimits
  readonly peers = new Map<PeerId, Peer>()
  readonly queue = new HeaderQueue()
  /** Announced blocks whose parent the ledger has, by key. */
  readonly announced = new Map<string, Item>()
  /** Unfinished feeds, each with its blocks. */
  readonly feeds = new Map<number, readonly Item[]>()
  /** Blocks that can never be valid. */
  readonly invalid: Remembered<true>
  /** Blocks whose time had not come, and when to look at them again. */
  readonly early: Remembered<number>
  /** Forks below our final block that an operator was told of. */
  readonly alarmed: Remembered<true>
  readonly #requests = new Map<RequestId, Request>()
  #effects: SyncEffect[] = []
  #lastRequest = 0
  #lastFeed = 0
  now = 0
  /** How many bodies came, and how often headers of a better chain than any before. */
  bodyCount = 0
  headersCount = 0
  #bestWeight = 0n

  constructor(chain: SyncChain, engine: Engine, limits: SyncLimits) {
    this.chain = chain
    this.engine = engine
    this.limits = limits
    this.invalid = new Remembered(limits.hashesRememberedMax)
    this.early = new Remembered(limits.hashesRememberedMax)
    this.alarmed = new Remembered(limits.hashesRememberedMax)
  }

  get requests(): Iterable<Request> {
    return this.#requests.values()
  }

  get headersRequests(): HeadersRequest[] {
    return [...this.#requests.values()].filter((request) => request.kind === 'headers')
  }

  emit(effect: SyncEffect): void {
    this.#effects.push(effect)
  }

  takeEffects(): SyncEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** A block that we have in any way, the announced ones without their bodies included. */
  lookup(hash: Hash): Known | undefined {
    const found = this.chain.find(hash)
    if (found) return { ...found, hash, place: 'chain' }
    const key = keyOf(hash)
    for (const items of this.feeds.values()) {
      const item = items.find((fed) => fed.key === key)
      if (item) return knownItem(item, 'fed')
    }
    const queued = this.queue.get(hash)
    if (queued) return knownItem(queued, 'queued')
    const announced = this.announced.get(key)
    return announced && knownItem(announced, 'announced')
  }

  isFree(peer: Peer): boolean {
    return peer.backoffUntil <= this.now
  }

  askStatus(peer: Peer): void {
    const { id } = this.#ask<StatusRequest>({ kind: 'status', peer: peer.id })
    this.emit({ kind: 'request-status', request: id, peer: peer.id })
    peer.isStatusAsked = true
    peer.isToBeTold = false
    peer.statusAskedAt = this.now
  }

  askHeaders(peer: Peer, claim: PeerStatus, locator: readonly Hash[], countMax: number): void {
    const locatorKeys = new Set(locator.map(keyOf))
    const { id } = this.#ask<HeadersRequest>({ kind: 'headers', peer: peer.id, countMax, locatorKeys, claim })
    this.emit({ kind: 'request-headers', request: id, peer: peer.id, locator, countMax })
  }

  askBodies(peer: Peer, items: readonly Item[], epoch: number | undefined): void {
    const { id } = this.#ask<BodiesRequest>({ kind: 'bodies', peer: peer.id, items, epoch })
    for (const item of items) {
      if (item.requestCount === 0) item.askedAt = this.now
      item.requestCount += 1
    }
    peer.bodyRequestCount += 1
    const headers = items.map(({ header }) => header)
    this.emit({ kind: 'request-bodies', request: id, peer: peer.id, headers })
  }

  /** Outstanding -> answered. Undefined for one that was cancelled, which is ignored. */
  take(id: RequestId): Request | undefined {
    const request = this.#requests.get(id)
    if (request === undefined) return undefined
    this.#requests.delete(id)
    const peer = this.peers.get(request.peer)
    if (request.kind === 'status' && peer) peer.isStatusAsked = false
    if (request.kind === 'bodies') {
      for (const item of request.items) item.requestCount -= 1
      if (peer) peer.bodyRequestCount -= 1
    }
    return request
  }

  /** Outstanding -> cancelled. */
  cancel(id: RequestId): void {
    if (this.take(id)) this.emit({ kind: 'cancel', request: id })
  }

  /** Nobody waits for these any more; questions for nothing else are cancelled. */
  abandon(items: readonly Item[]): void {
    for (const item of items) item.isWanted = false
    for (const request of [...this.#requests.values()]) {
      if (request.kind !== 'bodies' || request.items.some(({ isWanted }) => isWanted)) continue
      this.cancel(request.id)
      // Others were faster with what it was asked for, or nobody needs it.
      this.peers.get(request.peer)?.tookBodies(request.items.length, this.now - request.sentAt)
    }
  }

  /** The chain of the queue cannot be had: what it was is forgotten. */
  dropQueue(): void {
    if (this.queue.base === undefined) return
    const items = this.queue.clear()
    this.abandon(items)
    if (items.length > 0) for (const { id } of this.headersRequests) this.cancel(id)
  }

  gotBody(item: Item, block: Block, from: PeerId): void {
    this.bodyCount += 1
    const giver = this.peers.get(from)
    if (giver) giver.isProven = true
    item.body = { block, from }
    if (this.queue.get(item.header.hash) === item) this.queue.grew(blockBytes(block))
  }

  feed(items: readonly Item[]): void {
    this.#lastFeed += 1
    this.feeds.set(this.#lastFeed, items)
    const blocks = items.map(({ body }) => {
      invariant(body, 'only blocks with their bodies are fed')
      return body.block
    })
    this.abandon(items)
    this.emit({ kind: 'feed', feed: this.#lastFeed, blocks })
  }

  /** Connected -> gone. Its questions are asked of others. */
  forget(peer: Peer): void {
    if (!this.peers.delete(peer.id)) return
    for (const request of [...this.#requests.values()]) if (request.peer === peer.id) this.cancel(request.id)
  }

  disconnect(id: PeerId, error: Failure): void {
    const peer = this.peers.get(id)
    if (peer === undefined) return
    this.forget(peer)
    this.emit({ kind: 'disconnect', peer: id, error })
  }

  disconnectFor(id: PeerId, code: ErrorCode, message: string): void {
    this.disconnect(id, fail(code, message).error)
  }

  /** It did not answer, or could not: it is left alone for a while, and hung up on after some of these. */
  stalled(peer: Peer, what: string): void {
    // Several questions that fail at the same time are one failure.
    if (!this.isFree(peer)) return
    const { stallsMax, faultDecayMs, backoffMinMs, backoffMaxMs } = this.limits
    const count = peer.stalls.add(this.now, faultDecayMs)
    peer.backoffUntil = this.now + Math.min(backoffMaxMs, backoffMinMs * 2 ** (count - 1))
    if (count < stallsMax) return
    this.disconnectFor(peer.id, 'PEER_STALLED', `the peer failed ${count} times, at last with ${what}`)
  }

  /** It did not show what it claims. A reorganisation looks like that too, so its status is asked again. */
  claimFailed(peer: Peer, claim: PeerStatus | undefined, what: string): void {
    const { claimFaultsMax, faultDecayMs } = this.limits
    const count = peer.claimFaults.add(this.now, faultDecayMs)
    peer.isClaimDoubted = true
    peer.statusDueAt = this.now
    if (count < claimFaultsMax) return
    this.disconnectFor(peer.id, 'PEER_CLAIM_FALSE', `the peer claimed height ${claim?.height}, but ${what}`)
  }

  /** Asks for its status soon: something new is known here, or of it. */
  statusSoon(peer: Peer): void {
    const soon = Math.max(this.now, peer.statusAskedAt + this.limits.statusSoonMs)
    peer.statusDueAt = Math.min(peer.statusDueAt, soon)
  }

  /** Tells it our status soon, since gossip does not. */
  tellSoon(peer: Peer): void {
    peer.isToBeTold = true
    const soon = Math.max(this.now, peer.statusAskedAt + this.limits.tellMs)
    peer.statusDueAt = Math.min(peer.statusDueAt, soon)
  }

  /** Headers up to this weight were put on the queue. The same again is no gain. */
  gotHeaders(weight: bigint): void {
    if (weight <= this.#bestWeight) return
    this.#bestWeight = weight
    this.headersCount += 1
  }

  #ask<T extends Request>(asked: NewRequest<T>): Request {
    this.#lastRequest += 1
    const sentAt = this.now
    const deadline = sentAt + this.limits.requestTimeoutMs
    const request = { ...asked, id: this.#lastRequest, sentAt, deadline } as unknown as Request
    this.#requests.set(request.id, request)
    return request
  }
}

function knownItem(item: Item, place: Known['place']): Known {
  const { hash, header } = item.header
  return { hash, header, weight: item.weight, place, isOpen: true }
}

/** Whether two claims name the same block. */
export function isSameHead(a: { readonly head: Hash } | undefined, b: { readonly head: Hash }): boolean {
  return a !== undefined && equalBytes(a.head, b.head)
}

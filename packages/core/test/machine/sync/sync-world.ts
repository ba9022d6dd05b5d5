import { expect } from 'vitest'
import type { Block } from '../../../src/block/block.ts'
import { equalBytes, keyOf } from '../../../src/bytes.ts'
import { Sync } from '../../../src/machine/sync/sync.ts'
import type { PeerId, RequestId, SyncEffect, SyncEvent } from '../../../src/machine/sync/sync-events.ts'
import type { SyncLimits } from '../../../src/machine/sync/sync-limits.ts'
import { type Failure, fail } from '../../../src/result.ts'
import { engine, type FakeLedger, headerOf, statusOf } from './fake-chain.ts'

export type Ask = Extract<
  SyncEffect,
  { readonly kind: 'request-status' | 'request-headers' | 'request-bodies' }
>
export type Answer = SyncEvent | 'stall'

/** A node on the other side. `answer` may lie; what it leaves to `honest` is true. */
export interface FakePeer {
  readonly id: PeerId
  chain: readonly Block[]
  delayMs: number
  answer?: (ask: Ask, honest: SyncEvent) => Answer
}

export function failed(request: RequestId, isFault: boolean): SyncEvent {
  return { kind: 'failed', request, isFault, error: fail('PEER_REFUSED', 'refused').error }
}

/** What a node with this chain answers. */
function honestAnswer({ id, chain }: FakePeer, ask: Ask): SyncEvent {
  if (ask.kind === 'request-status') return { kind: 'status', peer: id, status: statusOf(chain) }
  if (ask.kind === 'request-bodies') {
    const has = ({ hash, header }: { hash: Uint8Array; header: Block['header'] }): Block | null => {
      const block = chain[header.height]
      return block && equalBytes(block.hash, hash) ? block : null
    }
    return { kind: 'bodies', request: ask.request, blocks: ask.headers.map(has) }
  }
  const sought = new Set(ask.locator.map(keyOf))
  const from = chain.findLastIndex(({ hash }) => sought.has(keyOf(hash))) + 1
  const headers = chain.slice(from, from + ask.countMax).map(headerOf)
  return { kind: 'headers', request: ask.request, headers }
}

interface Planned {
  readonly time: number
  readonly order: number
  readonly run: () => void
}

/**
 * One node's sync, its ledger and its peers, under a virtual clock. After every step it is checked that each
 * question ends exactly once, that the node is woken when something is outstanding, and the bounds.
 */
export class SyncWorld {
  readonly sync: Sync
  readonly ledger: FakeLedger
  readonly limits: Partial<SyncLimits>
  readonly peers = new Map<PeerId, FakePeer>()
  readonly disconnected = new Map<PeerId, Failure>()
  readonly alarms: Failure[] = []
  readonly progress: unknown[] = []
  readonly asked: Ask[] = []
  /** Of each question, how it ended. */
  readonly ended = new Map<RequestId, 'answered' | 'failed' | 'cancelled'>()
  readonly #open = new Map<RequestId, Ask>()
  readonly #bodiesAsked = new Map<string, number>()
  #planned: Planned[] = []
  #order = 0
  #unfinishedFeeds = 0
  #wakeAt: number | undefined
  /** How long the ledger takes to write a feed. */
  feedMs = 1
  now = 1_000_000
  queuedMax = 0

  constructor(ledger: FakeLedger, limits: Partial<SyncLimits> = {}) {
    this.ledger = ledger
    this.limits = limits
    this.sync = new Sync({ chain: ledger, engine, limits })
  }

  connect(...peers: FakePeer[]): this {
    for (const peer of peers) {
      this.peers.set(peer.id, peer)
      this.step({ kind: 'peer-connected', peer: peer.id })
    }
    return this
  }

  leave(id: PeerId): void {
    this.peers.delete(id)
    this.step({ kind: 'peer-gone', peer: id })
  }

  step(event: SyncEvent): void {
    if ('request' in event) this.#end(event.request, event.kind === 'failed' ? 'failed' : 'answered')
    if (event.kind === 'status') {
      for (const ask of [...this.#open.values()]) {
        if (ask.kind === 'request-status' && ask.peer === event.peer) this.#end(ask.request, 'answered')
      }
    }
    for (const effect of this.sync.step(event, this.now)) this.#carryOut(effect)
    this.#check()
  }

  at(time: number, run: () => void): void {
    this.#planned.push({ time, order: this.#order++, run })
  }

  /** Until nothing is left to do before `until`, or `isDone`. */
  run(until: number, isDone: () => boolean = () => false): boolean {
    while (!isDone()) {
      let next: Planned | undefined
      for (const item of this.#planned) {
        if (!next || item.time < next.time || (item.time === next.time && item.order < next.order))
          next = item
      }
      const wakesFirst = this.#wakeAt !== undefined && (next === undefined || this.#wakeAt <= next.time)
      const time = wakesFirst ? this.#wakeAt : next?.time
      if (time === undefined || time > until) return false
      this.now = Math.max(this.now, time)
      if (wakesFirst) {
        this.#wakeAt = undefined
        this.step({ kind: 'tick' })
      } else {
        this.#planned = this.#planned.filter((item) => item !== next)
        next?.run()
      }
    }
    return true
  }

  /** Until the head of the node is the last block of `chain`. */
  runTo(chain: readonly Block[], withinMs = 600_000): boolean {
    const head = (chain.at(-1) as Block).hash
    return this.run(this.now + withinMs, () => equalBytes(this.ledger.head.hash, head))
  }

  count(kind: Ask['kind'], peer?: PeerId): number {
    return this.asked.filter((ask) => ask.kind === kind && (peer === undefined || ask.peer === peer)).length
  }

  #carryOut(effect: SyncEffect): void {
    switch (effect.kind) {
      case 'request-status':
      case 'request-headers':
      case 'request-bodies':
        this.#ask(effect)
        return
      case 'cancel':
        // A status that was told unasked has ended the question already.
        if (this.ended.get(effect.request) !== 'answered') this.#end(effect.request, 'cancelled')
        return
      case 'feed': {
        expect(++this.#unfinishedFeeds).toBeLessThanOrEqual(this.limits.feedsMax ?? 2)
        const refused = this.ledger.receive(effect.blocks)
        this.at(this.now + this.feedMs, () => {
          for (const { hash, error } of refused) this.step({ kind: 'refused', hash, error })
          this.#unfinishedFeeds -= 1
          this.step({ kind: 'fed', feed: effect.feed })
        })
        return
      }
      case 'disconnect':
        expect(this.disconnected.has(effect.peer)).toBe(false)
        this.disconnected.set(effect.peer, effect.error)
        this.peers.delete(effect.peer)
        this.at(this.now, () => this.step({ kind: 'peer-gone', peer: effect.peer }))
        return
      case 'alarm':
        this.alarms.push(effect.error)
        return
      case 'wake':
        this.#wakeAt = effect.time
        return
      case 'progress':
        this.progress.push(effect.progress)
        return
    }
  }

  #ask(ask: Ask): void {
    this.asked.push(ask)
    this.#open.set(ask.request, ask)
    const peer = this.peers.get(ask.peer)
    expect(peer, 'only connected peers are asked').toBeDefined()
    if (ask.kind === 'request-headers') {
      expect(ask.locator.length).toBeLessThanOrEqual(64)
      const others = [...this.#open.values()].filter(({ kind }) => kind === 'request-headers')
      const asked = new Set(others.map(({ peer: id }) => id))
      expect(asked.size, 'one question for headers to a peer at a time').toBe(others.length)
      expect(others.length).toBeLessThanOrEqual(this.limits.headersRequestsMax ?? 4)
    }
    if (ask.kind === 'request-bodies') this.#countBodies(ask, 1)
    if (peer === undefined) return
    const at = this.now + peer.delayMs
    this.at(at, () => {
      if (!this.#open.has(ask.request) || !this.peers.has(ask.peer)) return
      const honest = honestAnswer(peer, ask)
      const answer = peer.answer?.(ask, honest) ?? honest
      if (answer !== 'stall') this.step(answer)
    })
  }

  #countBodies(ask: Extract<Ask, { kind: 'request-bodies' }>, by: 1 | -1): void {
    for (const { hash } of ask.headers) {
      const count = (this.#bodiesAsked.get(keyOf(hash)) ?? 0) + by
      this.#bodiesAsked.set(keyOf(hash), count)
      if (count > 2) expect.fail('a body is asked of two peers at most')
    }
  }

  #end(request: RequestId, how: 'answered' | 'failed' | 'cancelled'): void {
    const ask = this.#open.get(request)
    expect(ask, `request ${request} ends once, and was ${this.ended.get(request)}`).toBeDefined()
    this.#open.delete(request)
    this.ended.set(request, how)
    if (ask?.kind === 'request-bodies') this.#countBodies(ask, -1)
  }

  #check(): void {
    this.queuedMax = Math.max(this.queuedMax, this.sync.queuedCount)
    expect(this.sync.queuedCount).toBeLessThanOrEqual(this.limits.headersAheadMax ?? 2_048)
    for (const peer of this.peers.keys()) {
      const open = [...this.#open.values()].filter((ask) => ask.peer === peer)
      const bodies = open.filter(({ kind }) => kind === 'request-bodies').length
      expect(bodies).toBeLessThanOrEqual(this.limits.bodyRequestsPerPeer ?? 4)
    }
    for (const { peer } of this.#open.values()) expect(this.peers.has(peer)).toBe(true)
    if (this.#open.size > 0) expect(this.#wakeAt, 'woken when a question is open').toBeDefined()
  }
}

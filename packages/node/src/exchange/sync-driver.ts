/**
 * Carries out what the sync machine wants, and tells it what came of it.
 *
 * An event is stepped at once; effects that lead to further events put these in line, so that the machine is
 * never called from within itself. Answers of peers are decoded and checked here, in slices and with the
 * verifier threads, and the machine sees only what is valid by itself. Several answers are checked at the
 * same time: while the threads verify one, the next one arrives and is decoded.
 */
import {
  type Block,
  type BlockContents,
  decodeBodies,
  decodeHeaders,
  decodeStatus,
  encodeBodiesRequest,
  encodeHeadersRequest,
  encodeStatus,
  type Failure,
  fail,
  type Hash,
  keyOf,
  LIMITS,
  type PeerStatus,
  type RequestId,
  type SignedHeader,
  type Sync,
  type SyncEffect,
  type SyncEvent,
  verifySignedHeader,
} from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import { NodeFailure, type PeerId, type RequestKind } from '../ports.ts'
import type { Conduct } from './conduct.ts'
import type { Contained, ContentsCheck } from './contents-check.ts'
import type { ExchangeInit } from './context.ts'
import { Slice } from './slice.ts'

export interface SyncDriverInit
  extends Pick<
    ExchangeInit,
    'network' | 'rules' | 'clock' | 'pause' | 'logger' | 'crypto' | 'dispatch' | 'fail' | 'tell'
  > {
  readonly sync: Pick<Sync, 'step'>
  readonly contents: ContentsCheck
  readonly conduct: Conduct
  readonly status: () => PeerStatus
  /** An exchange of statuses with a peer is over, well or badly. */
  readonly onStatusOver: (peer: PeerId, isHeard: boolean) => void
  /** What the machine says of progress may have changed. */
  readonly onStepped: () => void
  /** Blocks of a feed are durable, or refused. */
  readonly onFed: () => void
  /** A block can never be valid. */
  readonly onInvalid: (block: Hash, error: Failure) => void
}

type Requesting = Extract<SyncEffect, { kind: 'request-status' | 'request-headers' | 'request-bodies' }>

/** Ends a request as the machine is to be told. */
class RequestFault extends Error {
  override readonly name = 'RequestFault'
  readonly error: Failure
  readonly isFault: boolean
  readonly invalidBlock: Hash | undefined

  constructor(
    error: Failure,
    { isFault = true, invalidBlock }: { isFault?: boolean; invalidBlock?: Hash } = {},
  ) {
    super(error.message)
    this.error = error
    this.isFault = isFault
    this.invalidBlock = invalidBlock
  }
}

export class SyncDriver {
  readonly #init: SyncDriverInit
  readonly #requests = new Map<RequestId, AbortController>()
  /** Blocks that were fed and are not durable or refused yet. */
  readonly #fed = new Set<string>()
  #events: SyncEvent[] = []
  #isStepping = false
  #isStopped = false
  #cancelWake: (() => void) | undefined

  constructor(init: SyncDriverInit) {
    this.#init = init
  }

  /** Stops the requests that are under way and the timer. What still comes is ignored. */
  stop(): void {
    this.#isStopped = true
    this.#cancelWake?.()
    for (const controller of this.#requests.values()) controller.abort()
    this.#requests.clear()
  }

  step(event: SyncEvent): void {
    if (this.#isStopped) return
    this.#events.push(event)
    if (this.#isStepping) return
    this.#isStepping = true
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) {
        for (const effect of this.#init.sync.step(next, this.#init.clock.now())) this.#perform(effect)
      }
    } catch (error) {
      // The machine reads the store. It is called by timers and by the network, where nobody would catch
      // this.
      this.stop()
      this.#init.fail(error)
      return
    } finally {
      this.#isStepping = false
    }
    this.#init.onStepped()
  }

  /** The ledger refused a block. */
  refused(block: Block, error: Failure): void {
    if (this.#fed.has(keyOf(block.hash))) this.step({ kind: 'refused', hash: block.hash, error })
  }

  #perform(effect: SyncEffect): void {
    switch (effect.kind) {
      case 'request-status':
      case 'request-headers':
      case 'request-bodies':
        void this.#request(effect)
        break
      case 'cancel':
        this.#requests.get(effect.request)?.abort()
        this.#requests.delete(effect.request)
        break
      case 'feed':
        this.#feed(effect.feed, effect.blocks)
        break
      case 'disconnect':
        this.#init.conduct.disconnect(effect.peer, effect.error)
        break
      case 'alarm':
        this.#init.logger.error({ peer: effect.peer, code: effect.error.code }, effect.error.message)
        this.#init.tell({ kind: 'alarm', error: effect.error })
        break
      case 'wake':
        this.#wakeAt(effect.time)
        break
      case 'progress':
        this.#init.tell({ kind: 'sync', progress: effect.progress })
    }
  }

  #feed(feed: number, blocks: readonly Block[]): void {
    const keys = blocks.map(({ hash }) => keyOf(hash))
    for (const key of keys) this.#fed.add(key)
    this.#init.dispatch({ kind: 'blocks-received', blocks }, () => {
      for (const key of keys) this.#fed.delete(key)
      this.step({ kind: 'fed', feed })
      this.#init.onFed()
    })
  }

  #wakeAt(time: number): void {
    this.#cancelWake?.()
    const delayMs = Math.max(0, time - this.#init.clock.now())
    this.#cancelWake = this.#init.clock.after(delayMs, () => this.step({ kind: 'tick' }))
  }

  async #request(effect: Requesting): Promise<void> {
    const { request, peer } = effect
    const controller = new AbortController()
    this.#requests.set(request, controller)
    let event: SyncEvent
    try {
      event = await this.#answer(effect, controller.signal)
    } catch (error) {
      event = failedEvent(request, error)
    }
    // Cancelled, or stopped: the machine does not wait for it any more.
    if (!this.#requests.delete(request)) return
    if (event.kind === 'failed' && event.invalidBlock) this.#init.onInvalid(event.invalidBlock, event.error)
    this.step(event)
    if (effect.kind === 'request-status') this.#init.onStatusOver(peer, event.kind === 'status')
  }

  async #answer(effect: Requesting, signal: AbortSignal): Promise<SyncEvent> {
    const { request, peer } = effect
    switch (effect.kind) {
      case 'request-status':
        return { kind: 'status', peer, status: await this.#status(peer, signal) }
      case 'request-headers':
        return { kind: 'headers', request, headers: await this.#headers(effect, signal) }
      case 'request-bodies':
        return { kind: 'bodies', request, blocks: await this.#bodies(effect, signal) }
    }
  }

  async #status(peer: PeerId, signal: AbortSignal): Promise<PeerStatus> {
    const question = encodeStatus(this.#init.status())
    const answer = await this.#ask(peer, 'status', question, signal)
    return unwrap(decodeStatus(answer))
  }

  async #headers(
    { peer, locator, countMax }: Requesting & { kind: 'request-headers' },
    signal: AbortSignal,
  ): Promise<SignedHeader[]> {
    const { crypto, rules, clock, pause } = this.#init
    const answer = await this.#ask(peer, 'headers', encodeHeadersRequest({ locator, countMax }), signal)
    const headers = unwrap(decodeHeaders(answer, crypto))
    if (headers.length > countMax) throw tooMany('headers', headers.length, countMax)
    const slice = new Slice(clock, pause)
    for (const header of headers) {
      unwrap(verifySignedHeader(header, rules.ledgerId, crypto))
      if (!slice.isOver) continue
      await slice.next()
      signal.throwIfAborted()
    }
    return headers
  }

  async #bodies(
    { peer, headers }: Requesting & { kind: 'request-bodies' },
    signal: AbortSignal,
  ): Promise<(Block | null)[]> {
    const question = encodeBodiesRequest(headers.map(({ hash }) => hash))
    const answer = await this.#ask(peer, 'bodies', question, signal)
    const bodies = unwrap(decodeBodies(answer))
    if (bodies.length > headers.length) throw tooMany('blocks', bodies.length, headers.length)
    if (bodies.length === 0)
      throw new RequestFault(fail('PEER_ANSWER_INVALID', 'an answer without blocks').error)
    const checked = await this.#init.contents.check(withHeaders(headers, bodies))
    if (!checked.ok) throw new RequestFault(checked.fault.error, checked.fault)
    const blocks = checked.value.values()
    return bodies.map((body) => (body === null ? null : (blocks.next().value as Block)))
  }

  #ask(peer: PeerId, kind: RequestKind, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.#init.network.request(peer, kind, question, { ...BOUNDS[kind], signal })
  }
}

const BOUNDS = {
  status: { timeoutMs: NODE_LIMITS.statusTimeoutMs, answerBytesMax: LIMITS.requestBytesMax },
  headers: { timeoutMs: NODE_LIMITS.headersTimeoutMs, answerBytesMax: LIMITS.headersBytesMax },
  bodies: { timeoutMs: NODE_LIMITS.bodiesTimeoutMs, answerBytesMax: LIMITS.bodiesBytesMax },
  peers: { timeoutMs: NODE_LIMITS.statusTimeoutMs, answerBytesMax: LIMITS.requestBytesMax },
} as const

function withHeaders(
  headers: readonly SignedHeader[],
  bodies: readonly (BlockContents | null)[],
): Contained[] {
  const contained: Contained[] = []
  for (const [i, contents] of bodies.entries()) {
    if (contents !== null) contained.push({ header: headers[i] as SignedHeader, contents })
  }
  return contained
}

/** What a strict decoder or a signature refuses is the sender's fault. */
function unwrap<T>(result: { ok: true; value: T } | { ok: false; error: Failure }): T {
  if (result.ok) return result.value
  throw new RequestFault(result.error)
}

function tooMany(what: string, count: number, countMax: number): RequestFault {
  const message = `${count} ${what} in an answer that may have ${countMax}`
  return new RequestFault(fail('PEER_ANSWER_INVALID', message).error)
}

function failedEvent(request: RequestId, error: unknown): SyncEvent {
  const kind = 'failed'
  if (error instanceof RequestFault) {
    const { invalidBlock, isFault } = error
    return { kind, request, error: error.error, isFault, ...(invalidBlock && { invalidBlock }) }
  }
  if (error instanceof NodeFailure) {
    const isFault = error.code === 'PEER_ANSWER_INVALID'
    return { kind, request, error: { code: error.code, message: error.message }, isFault }
  }
  // Our own checks could not be made, as when the node stops.
  const message = error instanceof Error ? error.message : String(error)
  return { kind, request, error: { code: 'INTERNAL', message }, isFault: false }
}

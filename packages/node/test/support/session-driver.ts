import { concatBytes, utf8 } from '@pulseledger/core'
import { chainText, peersText, showText, statusText, verifyText } from '../../src/terminal/queries.ts'
import { type Effect, Session, type SessionEvent } from '../../src/terminal/session.ts'
import { blockView } from '../../src/views/block-view.ts'
import type { FakeNode } from './fake-node.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface DriverOptions {
  readonly measure?: string
  readonly subject?: string
  /** Every submission, query and continuation is answered within the step that asked for it. Default true. */
  readonly atOnce?: boolean
}

/**
 * Runs a session without sockets: a node beside it, a virtual clock, and the bytes that the kernel would hold
 * while reading is paused. With `atOnce: false` answers wait until `settle()`.
 */
export class SessionDriver {
  output = ''
  closed = false
  paused = false
  /** The time limit that is set for a line. */
  deadlineMs: number | null = null
  /** What was asked of the node and not answered. */
  readonly waiting: Effect[] = []
  waitingMax = 0
  readonly #node: FakeNode
  readonly #clock: VirtualClock
  readonly #session: Session
  readonly #atOnce: boolean
  #held: Uint8Array[] = []
  #ended = false
  readonly #events: SessionEvent[] = []
  #stepping = false
  #cancelDeadline = () => {}
  /** The time limit that is set for answers. */
  patienceMs: number | null = null
  #cancelPatience = () => {}

  constructor(
    node: FakeNode,
    clock: VirtualClock,
    { measure = 'bpm', subject, atOnce = true }: DriverOptions = {},
  ) {
    this.#node = node
    this.#clock = clock
    this.#atOnce = atOnce
    const known = node.document.measures.find(({ name }) => name === measure)
    if (known === undefined) throw new Error(`the fake node has no measure ${measure}`)
    const whose = subject === undefined ? {} : { subject }
    const isMined = node.mining !== undefined
    this.#session = new Session({ document: node.document, measure: known, isMined, ...whose })
    this.step({ kind: 'connected' })
  }

  send(bytes: Uint8Array | string): void {
    this.#held.push(typeof bytes === 'string' ? utf8(bytes) : bytes)
    this.#pump()
  }

  end(): void {
    this.#ended = true
    this.#pump()
  }

  broadcast(bytes: Uint8Array): void {
    this.step({ kind: 'broadcast', bytes })
  }

  step(event: SessionEvent): void {
    this.#events.push(event)
    if (this.#stepping) return
    this.#stepping = true
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      for (const effect of this.#session.step(next)) this.#do(effect)
      if (this.#atOnce && this.#events.length === 0) this.settle()
    }
    this.#stepping = false
  }

  /** Answers the first `count` of what is waiting, and what comes of it. */
  settle(count = Number.POSITIVE_INFINITY): void {
    for (let left = count; left > 0; left--) {
      const effect = this.waiting.shift()
      if (effect === undefined) return
      this.#answer(effect)
    }
  }

  /** What was sent while reading was paused arrives now. */
  #pump(): void {
    if (!this.paused && this.#held.length > 0) {
      const bytes = concatBytes(...this.#held)
      this.#held = []
      this.step({ kind: 'bytes', bytes })
    }
    if (this.#ended && !this.paused) {
      this.#ended = false
      this.step({ kind: 'end' })
    }
  }

  #do(effect: Effect): void {
    if (this.closed) throw new Error(`effect after close: ${effect.kind}`)
    switch (effect.kind) {
      case 'write':
        this.output += Buffer.from(effect.bytes).toString('latin1')
        break
      case 'submit':
      case 'query':
      case 'continue':
        this.waiting.push(effect)
        this.waitingMax = Math.max(this.waitingMax, this.waiting.length)
        break
      case 'pause':
        this.paused = true
        break
      case 'resume':
        this.paused = false
        this.#pump()
        break
      case 'deadline':
        this.#setDeadline(effect.afterMs)
        break
      case 'patience':
        this.#setPatience(effect.afterMs)
        break
      case 'close':
        this.closed = true
        break
    }
  }

  #setPatience(afterMs: number | null): void {
    this.#cancelPatience()
    this.patienceMs = afterMs
    this.#cancelPatience = () => {}
    if (afterMs === null) return
    this.#cancelPatience = this.#clock.after(afterMs, () => {
      this.step({ kind: 'patience', status: this.#node.status() })
    })
  }

  #setDeadline(afterMs: number | null): void {
    this.#cancelDeadline()
    this.deadlineMs = afterMs
    this.#cancelDeadline = () => {}
    if (afterMs === null) return
    this.#cancelDeadline = this.#clock.after(afterMs, () => this.step({ kind: 'deadline' }))
  }

  #answer(effect: Effect): void {
    if (effect.kind === 'submit') {
      const result = this.#node.accept(effect.reading)
      this.step({ kind: 'submitted', ticket: effect.ticket, result })
    } else if (effect.kind === 'query') {
      this.step({ kind: 'answered', ticket: effect.ticket, text: this.#textOf(effect) })
    } else {
      this.step({ kind: 'continue' })
    }
  }

  #chainText(count: number): string {
    const { chain, document } = this.#node
    const views = chain.slice(-count).map((block) => blockView(block, document))
    return chainText(views, chain.length)
  }

  #textOf({ query }: Effect & { kind: 'query' }): string {
    switch (query.kind) {
      case 'status':
        return statusText(this.#node, 1)
      case 'chain':
        return this.#chainText(query.count)
      case 'show':
        return showText(this.#node, query.height)
      case 'verify':
        return verifyText(this.#node.report())
      case 'peers':
        return peersText(this.#node.peers())
      case 'find':
        throw new Error('looking for digits takes turns of the event loop: test it over a socket')
    }
  }
}

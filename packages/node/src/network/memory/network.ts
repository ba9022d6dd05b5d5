import { hash } from 'node:crypto'
import { type Failure, type Hash, invariant, LIMITS } from '@pulseledger/core'
import { NODE_LIMITS } from '../../limits.ts'
import {
  type Clock,
  type GossipTopic,
  type Network,
  type NetworkHandlers,
  NodeFailure,
  type PeerConnection,
  type PeerId,
  type RequestKind,
  type RequestOptions,
} from '../../ports.ts'

/** A wire that is or was up. What was sent over one that is down does not arrive. */
export interface Link {
  isUp: boolean
}

/** What a network asks of its hub. */
interface Wires {
  started(network: MemoryNetwork): void
  stopped(network: MemoryNetwork): void
  hangUp(a: PeerId, b: PeerId): void
  send(link: Link, from: PeerId, to: PeerId, deliver: () => void): void
  isDeaf(from: PeerId, to: PeerId): boolean
}

interface Neighbour {
  readonly network: MemoryNetwork
  readonly link: Link
  readonly connection: PeerConnection
}

interface Running {
  readonly peer: PeerId
  readonly fail: (error: unknown) => void
}

/** One end of a MemoryHub. Gossip floods: what was accepted goes to every other neighbour, once. */
export class MemoryNetwork implements Network {
  readonly self: PeerId
  readonly ledgerId: Hash
  readonly publicKey: Uint8Array
  readonly address: string
  readonly clock: Clock
  readonly #hub: Wires
  readonly #neighbours = new Map<PeerId, Neighbour>()
  readonly #refusals = new Map<PeerId, number>()
  readonly #running = new Set<Running>()
  /** Ids of gossip messages, in the order of their coming. */
  readonly #seen = new Set<string>()
  #handlers: NetworkHandlers | undefined
  #publishedCount = 0

  constructor(init: {
    readonly hub: Wires
    readonly clock: Clock
    readonly self: PeerId
    readonly ledgerId: Hash
    readonly publicKey: Uint8Array
    readonly address: string
  }) {
    this.#hub = init.hub
    this.clock = init.clock
    this.self = init.self
    this.ledgerId = init.ledgerId
    this.publicKey = init.publicKey
    this.address = init.address
  }

  get isUp(): boolean {
    return this.#handlers !== undefined
  }

  get addresses(): readonly string[] {
    return this.isUp ? [this.address] : []
  }

  async start(handlers: NetworkHandlers): Promise<void> {
    invariant(!this.isUp, 'a network is started once')
    this.#handlers = handlers
    this.#hub.started(this)
  }

  async stop(): Promise<void> {
    if (!this.isUp) return
    this.#handlers = undefined
    this.#neighbours.clear()
    this.#hub.stopped(this)
    for (const { fail } of [...this.#running]) fail(new NodeFailure('PEER_GONE', 'the network was stopped'))
  }

  peers(): readonly PeerConnection[] {
    return [...this.#neighbours.values()].map(({ connection }) => connection)
  }

  publish(topic: GossipTopic, message: Uint8Array): readonly PeerId[] {
    if (!this.isUp || message.length > LIMITS.gossipBytesMax) return []
    const copy = message.slice()
    // What is published again is told again: whoever asks for it knows somebody who lacks it.
    let id = gossipId(topic, copy, '')
    if (this.#seen.has(id)) {
      this.#publishedCount += 1
      id = gossipId(topic, copy, `${this.self} ${this.#publishedCount}`)
    }
    this.#remember(id)
    this.#tell(topic, copy, id, undefined)
    return this.unreached()
  }

  unreached(): readonly PeerId[] {
    return [...this.#neighbours.keys()].filter((id) => this.#hub.isDeaf(this.self, id))
  }

  request(
    peer: PeerId,
    kind: RequestKind,
    message: Uint8Array,
    { timeoutMs, answerBytesMax, signal }: RequestOptions,
  ): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    const neighbour = this.#neighbours.get(peer)
    if (signal?.aborted) {
      reject(signal.reason)
      return promise
    }
    if (neighbour === undefined) {
      reject(new NodeFailure('PEER_GONE', `${peer} is not connected`))
      return promise
    }
    const finish = (): void => {
      this.#running.delete(running)
      cancelTimeout()
      signal?.removeEventListener('abort', abort)
    }
    const running: Running = {
      peer,
      fail: (error) => {
        finish()
        reject(error)
      },
    }
    const abort = (): void => running.fail(signal?.reason)
    const cancelTimeout = this.clock.after(timeoutMs, () => {
      running.fail(new NodeFailure('PEER_TIMEOUT', `${peer} did not answer ${kind} within ${timeoutMs} ms`))
    })
    signal?.addEventListener('abort', abort)
    this.#running.add(running)
    const asked = message.slice()
    this.#hub.send(neighbour.link, this.self, peer, () => {
      neighbour.network.#answer(kind, asked, this.self, neighbour.link, (answer) => {
        if (!this.#running.has(running)) return
        if (answer === undefined) {
          running.fail(new NodeFailure('PEER_REFUSED', `${peer} did not answer ${kind}`))
        } else if (answer.length > answerBytesMax) {
          const text = `${peer} answered ${kind} with ${answer.length} bytes, not ${answerBytesMax}`
          running.fail(new NodeFailure('PEER_ANSWER_INVALID', text))
        } else {
          finish()
          resolve(answer)
        }
      })
    })
    return promise
  }

  disconnect(peer: PeerId, _reason: Failure, banMs: number): void {
    const now = this.clock.now()
    for (const [id, until] of this.#refusals) if (until <= now) this.#refusals.delete(id)
    this.#refusals.set(peer, now + banMs)
    this.#hub.hangUp(this.self, peer)
  }

  // What follows is for the hub.

  /** For how long connections with this peer are still refused; not above 0 when they are not. */
  refusesForMs(peer: PeerId): number {
    const until = this.#refusals.get(peer)
    return until === undefined ? 0 : until - this.clock.now()
  }

  linkUp(network: MemoryNetwork, link: Link, direction: PeerConnection['direction']): void {
    const { self: id, publicKey, address } = network
    const connection = { id, publicKey, address, direction, connectedAt: this.clock.now() }
    this.#neighbours.set(id, { network, link, connection })
    this.#handlers?.onPeer(connection)
  }

  linkDown(id: PeerId, link: Link): void {
    if (this.#neighbours.get(id)?.link !== link) return
    this.#neighbours.delete(id)
    for (const { peer, fail } of [...this.#running]) {
      if (peer === id) fail(new NodeFailure('PEER_GONE', `${id} was lost before it answered`))
    }
    this.#handlers?.onPeerGone(id)
  }

  meetForeign({ address, ledgerId }: MemoryNetwork): void {
    this.#handlers?.onForeign({ address, ours: this.ledgerId, theirs: ledgerId })
  }

  #tell(topic: GossipTopic, message: Uint8Array, id: string, from: PeerId | undefined): void {
    for (const [peer, { network, link }] of this.#neighbours) {
      if (peer === from || this.#hub.isDeaf(this.self, peer)) continue
      this.#hub.send(link, this.self, peer, () => network.#hear(topic, message, id, this.self))
    }
  }

  #hear(topic: GossipTopic, message: Uint8Array, id: string, from: PeerId): void {
    const handlers = this.#handlers
    if (handlers === undefined || this.#seen.has(id)) return
    this.#remember(id)
    const judged = (async () => handlers.onGossip(topic, message, from))()
    judged.then(
      (verdict) => {
        if (verdict === 'accept' && this.#handlers === handlers) this.#tell(topic, message, id, from)
      },
      () => {
        // What could not be judged is not passed on.
      },
    )
  }

  #remember(id: string): void {
    this.#seen.add(id)
    if (this.#seen.size <= NODE_LIMITS.gossipSeenMax) return
    const [oldest] = this.#seen
    if (oldest !== undefined) this.#seen.delete(oldest)
  }

  /** Tells `reply` the answer, or undefined when there is none, at the end that asked. */
  #answer(
    kind: RequestKind,
    message: Uint8Array,
    from: PeerId,
    link: Link,
    reply: (answer: Uint8Array | undefined) => void,
  ): void {
    const respond = (answer: Uint8Array | undefined): void => {
      this.#hub.send(link, this.self, from, () => reply(answer))
    }
    const handlers = this.#handlers
    if (handlers === undefined) return
    const answered = (async () => handlers.onRequest(kind, message, from))()
    answered.then(
      (answer) => respond(answer.slice()),
      () => respond(undefined),
    )
  }
}

function gossipId(topic: GossipTopic, message: Uint8Array, salt: string): string {
  return `${topic} ${salt} ${hash('sha256', message, 'base64')}`
}

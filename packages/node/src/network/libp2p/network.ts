import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, PeerInfo, PrivateKey, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { concatBytes, type Failure, type Hash, invariant, LIMITS, toHex } from '@pulseledger/core'
import { createLibp2p } from 'libp2p'
import { NODE_LIMITS } from '../../limits.ts'
import {
  type GossipTopic,
  type GossipVerdict,
  type Network,
  type NetworkHandlers,
  NodeFailure,
  type PeerConnection,
  type PeerId,
  type RequestKind,
  type RequestOptions,
} from '../../ports.ts'
import { AddressBook } from './address-book.ts'
import { AddressExchange } from './address-exchange.ts'
import { addressOrThrow, addressText, type Reach, reachOf, withPeer } from './addresses.ts'
import { nodeOptions, type Services } from './config.ts'
import { Gater } from './gater.ts'
import { Gossip } from './gossip.ts'
import { GossipWatch } from './gossip-watch.ts'
import { HELLO_PROTOCOL, Hello } from './hello.ts'
import type { Libp2pNetworkInit } from './init.ts'
import { listenFailure } from './listen-failure.ts'
import { type DialOutcome, PeerKeeper } from './peer-keeper.ts'
import { Requests } from './requests.ts'

const ASK_ADDRESSES = { timeoutMs: NODE_LIMITS.peerDialTimeoutMs, answerBytesMax: LIMITS.requestBytesMax }

const STREAMS = {
  maxInboundStreams: NODE_LIMITS.peerStreamsInMax,
  maxOutboundStreams: 2 * NODE_LIMITS.peerStreamsInMax,
  runOnLimitedConnection: true,
}

const KINDS: readonly RequestKind[] = ['status', 'headers', 'bodies', 'peers']

/**
 * The Network port over libp2p, for one run: what stopped, or failed to start, stays so.
 *
 * A connection becomes a peer by the hello, and from then on it is one until the last connection to it is
 * gone. What a peer asks before we have its answer to our hello waits for that.
 */
export class Libp2pNetwork implements Network {
  readonly self: PeerId
  readonly #init: Libp2pNetworkInit
  readonly #privateKey: PrivateKey
  readonly #requests: Requests
  readonly #gater: Gater
  readonly #gossip: Gossip
  readonly #gossipWatch: GossipWatch
  readonly #hello: Hello
  readonly #book: AddressBook
  readonly #exchange: AddressExchange
  readonly #met = new Map<PeerId, PeerConnection>()
  /** Connected and not greeted yet: true when it becomes a peer, false when it is gone. */
  readonly #meetings = new Map<PeerId, PromiseWithResolvers<boolean>>()
  #node: Libp2p<Services> | undefined
  #keeper: PeerKeeper | undefined
  #handlers: NetworkHandlers | undefined
  #cancelWatch: (() => void) | undefined
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(init: Libp2pNetworkInit) {
    const { clock, random, logger, crypto, ledgerId, genesis, privateSeed } = init
    this.#init = init
    this.#privateKey = privateKeyFromRaw(concatBytes(privateSeed, crypto.signer(privateSeed).publicKey))
    this.self = peerIdFromPrivateKey(this.#privateKey).toString()
    this.#requests = new Requests(clock)
    this.#gater = new Gater(clock, () => this.#node?.getConnections() ?? [])
    this.#book = new AddressBook({ path: init.addressBookPath, clock, logger })
    this.#gossip = new Gossip({
      ledgerId,
      crypto,
      random,
      logger,
      judge: (topic, message, from) => this.#judge(topic, message, from),
      connectionsTo: (id) => this.#connectionsTo(id),
    })
    this.#gossipWatch = new GossipWatch({
      clock,
      logger,
      reaches: (id) => this.#gossip.reaches(id),
      mend: (id) => this.#mendGossip(id),
      hangUp: (id) => this.#hangUp(id),
    })
    this.#exchange = new AddressExchange({
      self: this.self,
      isOpen: init.peerExchange,
      logger,
      ownAddresses: () => this.#node?.getMultiaddrs() ?? [],
      peerIds: () => [...this.#met.keys()],
      connectionsTo: (id) => this.#connectionsTo(id),
      ask: (id, message) => this.request(id, 'peers', message, ASK_ADDRESSES),
      onHeard: (addresses) => this.#keeper?.heard(addresses),
    })
    this.#hello = new Hello({
      ledgerId,
      genesis,
      requests: this.#requests,
      onSame: (connection) => this.#meet(connection),
      onForeign: (connection, theirs) => this.#refuseForeign(connection, theirs),
    })
  }

  get addresses(): readonly string[] {
    const order: readonly Reach[] = ['world', 'site', 'machine']
    const all = this.#node?.getMultiaddrs() ?? []
    const sorted = all.toSorted((a, b) => order.indexOf(reachOf(a)) - order.indexOf(reachOf(b)))
    return [...new Set(sorted.map(addressText))]
  }

  /**
   * Errors, as a `NodeFailure`: NETWORK_ADDRESS_INVALID, NETWORK_PORT_TAKEN (try another port with a new
   * network), NETWORK_LISTEN_FAILED.
   */
  start(handlers: NetworkHandlers): Promise<void> {
    invariant(this.#starting === undefined && this.#stopping === undefined, 'a network is started once')
    this.#handlers = handlers
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    const seeds = [...this.#init.peers, ...this.#init.relay.use].map((text) => addressOrThrow(text))
    const node = await this.#create()
    await this.#book.open()
    for (const kind of KINDS) {
      await node.handle(this.#protocol(kind), (stream, from) => this.#serve(kind, stream, from), STREAMS)
    }
    await node.handle(HELLO_PROTOCOL, (stream, from) => this.#hello.serve(stream, from), STREAMS)
    this.#listen(node)
    this.#node = node
    try {
      await node.start()
    } catch (error) {
      this.#node = undefined
      this.#handlers = undefined
      throw listenFailure(error, this.#init.listen)
    }
    this.#gossip.start(node.services.pubsub)
    const { clock, random, targetPeers } = this.#init
    const dial = (addresses: readonly Multiaddr[]): Promise<DialOutcome> => this.#dial(addresses)
    this.#keeper = new PeerKeeper({ clock, random, self: this.self, seeds, targetPeers, dial })
    this.#keeper.start(this.#book.peers())
    this.#watch()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  peers(): readonly PeerConnection[] {
    return [...this.#met.values()]
  }

  publish(topic: GossipTopic, message: Uint8Array): readonly PeerId[] {
    this.#gossip.publish(topic, message)
    return this.unreached(topic)
  }

  unreached(topic: GossipTopic): readonly PeerId[] {
    return this.#gossip.unreached(topic, this.#met.keys())
  }

  async request(
    peer: PeerId,
    kind: RequestKind,
    message: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    const connection = this.#met.has(peer) ? this.#connectionTo(peer) : undefined
    if (connection === undefined) throw new NodeFailure('PEER_GONE', `${peer} is not connected`)
    return this.#requests.ask(connection, this.#protocol(kind), message, options)
  }

  disconnect(peer: PeerId, reason: Failure, banMs: number): void {
    this.#init.logger.info({ peer, code: reason.code, reason: reason.message, banMs }, 'disconnected a peer')
    this.#refuse(peer, banMs)
    this.#hangUp(peer)
  }

  async #create(): Promise<Libp2p<Services>> {
    const { ledgerId, listen, announce = [], swarmKey, relay, mdns, upnp } = this.#init
    const usesRelays = relay.server || relay.use.length > 0
    const listens = listen.map((text) => addressOrThrow(text, 'listen').toString())
    return createLibp2p<Services>(
      await nodeOptions({
        clock: this.#init.clock,
        privateKey: this.#privateKey,
        ledgerId,
        // Reserves a place at whatever peer relays; the relays are seeds, so they are peers soon.
        listen: relay.use.length > 0 ? [...listens, '/p2p-circuit'] : listens,
        announce: announce.map((text) => addressOrThrow(text).toString()),
        gater: this.#gater.rules,
        gossip: this.#gossip.factory,
        onLocalPeer: mdns ? (peer) => this.#foundLocally(peer) : undefined,
        swarmKey,
        usesRelays,
        isRelayServer: relay.server,
        upnp,
      }),
    )
  }

  async #stop(): Promise<void> {
    this.#handlers = undefined
    // libp2p cannot be stopped while it starts. Why it failed, `start` has told.
    await this.#starting?.catch(() => {})
    this.#cancelWatch?.()
    this.#keeper?.stop()
    this.#gossip.stop()
    this.#requests.stop()
    for (const { resolve } of this.#meetings.values()) resolve(false)
    this.#meetings.clear()
    this.#met.clear()
    await this.#node?.stop()
    await this.#book.close()
  }

  #listen(node: Libp2p<Services>): void {
    node.addEventListener('connection:open', ({ detail }) => this.#opened(detail))
    node.addEventListener('peer:disconnect', ({ detail }) => this.#gone(detail.toString()))
    node.addEventListener('peer:identify', ({ detail }) => {
      this.#exchange.identified(detail)
      this.#noteAddresses(detail.peerId.toString())
    })
  }

  #opened(connection: Connection): void {
    const id = connection.remotePeer.toString()
    if (this.#handlers === undefined) return
    // libp2p tells the end of a peer only when it was still connected once everybody knew of it.
    connection.addEventListener('close', () => {
      const others = this.#connectionsTo(id).filter((other) => other !== connection)
      if (!others.some(({ status }) => status === 'open')) this.#gone(id)
      else this.#gossipWatch.lostConnection(id)
    })
    if (this.#met.has(id)) return
    if (!this.#meetings.has(id)) this.#meetings.set(id, Promise.withResolvers())
    if (connection.direction === 'outbound') this.#greet(connection)
    else this.#expectHello(connection)
  }

  #greet(connection: Connection): void {
    this.#hello.greet(connection).catch((error: unknown) => {
      // Not one of ours, or too slow. It may be met through another connection of its own.
      this.#init.logger.debug({ peer: connection.remotePeer.toString(), error }, 'a hello was not answered')
      connection.abort(new Error('the hello was not answered'))
    })
  }

  /** Whoever connects and says nothing takes a place that others could have. */
  #expectHello(connection: Connection): void {
    const cancel = this.#init.clock.after(NODE_LIMITS.peerDialTimeoutMs, () => {
      const id = connection.remotePeer.toString()
      if (!this.#met.has(id)) connection.abort(new Error('no hello came'))
    })
    connection.addEventListener('close', cancel)
  }

  #meet(connection: Connection): void {
    const id = connection.remotePeer.toString()
    const { publicKey } = connection.remotePeer
    if (this.#handlers === undefined || this.#met.has(id) || connection.status !== 'open') return
    invariant(publicKey !== undefined, 'an Ed25519 peer id holds its key')
    const view: PeerConnection = {
      id,
      publicKey: publicKey.raw,
      address: addressText(connection.remoteAddr),
      direction: connection.direction,
      connectedAt: this.#init.clock.now(),
    }
    this.#met.set(id, view)
    this.#gossipWatch.met(id)
    this.#keeper?.connected(id)
    this.#noteAddresses(id)
    this.#handlers.onPeer(view)
    this.#meetings.get(id)?.resolve(true)
    this.#meetings.delete(id)
  }

  #gone(id: PeerId): void {
    this.#meetings.get(id)?.resolve(false)
    this.#meetings.delete(id)
    this.#exchange.forget(id)
    this.#gossipWatch.gone(id)
    this.#keeper?.gone(id)
    if (this.#met.delete(id)) this.#handlers?.onPeerGone(id)
  }

  #refuseForeign(connection: Connection, theirs: Hash): void {
    const { clock, ledgerId: ours } = this.#init
    const id = connection.remotePeer.toString()
    this.#refuse(id, NODE_LIMITS.peerForeignRetryMs)
    this.#meetings.get(id)?.resolve(false)
    this.#handlers?.onForeign({ address: addressText(connection.remoteAddr), ours, theirs })
    // The dialler hangs up; the other end gives it the time to read why.
    const isOurs = connection.direction === 'outbound'
    const cancel = clock.after(isOurs ? 0 : NODE_LIMITS.lingerMs, () => this.#hangUp(id))
    if (!isOurs) connection.addEventListener('close', cancel)
  }

  #refuse(id: PeerId, forMs: number): void {
    const until = this.#init.clock.now() + forMs
    this.#gater.refuse(id, until)
    this.#keeper?.refused(id, until)
  }

  #hangUp(id: PeerId): void {
    for (const connection of this.#connectionsTo(id)) {
      connection.close().catch((error: unknown) => connection.abort(error as Error))
    }
  }

  async #dial(addresses: readonly Multiaddr[]): Promise<DialOutcome> {
    const node = this.#node
    if (node === undefined || this.#handlers === undefined) return { kind: 'failed' }
    try {
      const connection = await node.dial([...addresses])
      const id = connection.remotePeer.toString()
      if (await this.#whenMet(id)) return { kind: 'peer', id }
      const until = this.#gater.refusedUntil(id)
      return until === undefined ? { kind: 'failed' } : { kind: 'refused', until }
    } catch (error) {
      const isSelf = error instanceof Error && error.name === 'InvalidPeerIdError'
      if (isSelf) return { kind: 'self' }
      this.#init.logger.debug({ addresses: addresses.map(addressText), error }, 'could not dial')
      return { kind: 'failed' }
    }
  }

  /** Whether a connected node is a peer, once that is known. */
  async #whenMet(id: PeerId): Promise<boolean> {
    return this.#met.has(id) || ((await this.#meetings.get(id)?.promise) ?? false)
  }

  async #judge(topic: GossipTopic, message: Uint8Array, from: PeerId): Promise<GossipVerdict> {
    if (!(await this.#whenMet(from))) return 'ignore'
    return this.#handlers?.onGossip(topic, message, from) ?? 'ignore'
  }

  #serve(kind: RequestKind, stream: Stream, connection: Connection): Promise<void> {
    const from = connection.remotePeer.toString()
    return this.#requests.serve(stream, connection, async (message) => {
      if (!(await this.#whenMet(from))) throw new NodeFailure('PEER_GONE', `${from} is no peer`)
      if (kind === 'peers') return this.#exchange.answer(message, connection)
      const handlers = this.#handlers
      if (handlers === undefined) throw new NodeFailure('NODE_STOPPING', 'the network is stopping')
      return handlers.onRequest(kind, message, from)
    })
  }

  #connectionsTo(id: PeerId): Connection[] {
    return this.#node?.getConnections().filter(({ remotePeer }) => remotePeer.toString() === id) ?? []
  }

  /** One without limits if there is one: a relayed connection may have some. */
  #connectionTo(id: PeerId): Connection | undefined {
    const open = this.#connectionsTo(id).filter(({ status }) => status === 'open')
    return open.find(({ limits }) => limits === undefined) ?? open[0]
  }

  #protocol(kind: RequestKind): string {
    return `/pulseledger/${toHex(this.#init.ledgerId)}/${kind}/1`
  }

  #foundLocally({ id, multiaddrs }: PeerInfo): void {
    this.#keeper?.heard(multiaddrs.map((address) => withPeer(address, id.toString())))
  }

  /** For later dials, in this run and the next. */
  #noteAddresses(id: PeerId): void {
    if (!this.#met.has(id)) return
    const addresses = this.#exchange.addressesOf(id)
    this.#keeper?.met(id, addresses)
    this.#book.met(id, addresses.map(String))
  }

  #mendGossip(id: PeerId): void {
    const connection = this.#connectionTo(id)
    if (connection !== undefined) this.#gossip.mend(connection)
  }

  /** Looks after what libp2p would leave as it is. */
  #watch(): void {
    const { clock } = this.#init
    this.#cancelWatch = clock.after(NODE_LIMITS.peerKeepIntervalMs, () => this.#watch())
    this.#gossipWatch.check()
    if (!(this.#keeper?.isFull ?? true)) this.#exchange.askDue(this.#met.values(), clock.now())
  }
}

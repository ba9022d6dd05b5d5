/**
 * The network of a node, put together: libp2p, the exchange over it, and what the service says of both. A
 * node without a network has none of this.
 */
import { existsSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import {
  type Block,
  type EntryWithPayload,
  encodeGenesis,
  encodeInvite,
  equalBytes,
  type Notice,
} from '@pulseledger/core'
import { portOf, withNextPort } from './config/node-address.ts'
import { Exchange } from './exchange/exchange.ts'
import type { Networked, NetworkedInit } from './ledger-parts.ts'
import { NODE_LIMITS } from './limits.ts'
import { Libp2pNetwork, readSwarmKey } from './network/libp2p/index.ts'
import type { NodeAddress, NodeOptions, StartNote } from './options.ts'
import { type NetworkStatus, type NodeCrypto, NodeFailure, type PeerView, type Random } from './ports.ts'
import { addressBookPath } from './store/level/data-directory.ts'

export interface NetworkingInit extends NetworkedInit {
  readonly options: NodeOptions
  readonly random: Random
  readonly crypto: NodeCrypto
  /** The secret of the node's key: its identity on the network is the same. */
  readonly privateSeed: Uint8Array
  readonly publicKey: Uint8Array
}

interface Running {
  readonly network: Libp2pNetwork
  readonly exchange: Exchange
}

export class Networking implements Networked {
  readonly #init: NetworkingInit
  #running: Running | undefined
  /** A port that nobody chose and that was taken. */
  #note: StartNote | undefined

  constructor(init: NetworkingInit) {
    this.#init = init
  }

  get notes(): readonly StartNote[] {
    return this.#note ? [this.#note] : []
  }

  /** Rejects with a `NodeFailure`, having stopped what it had started. */
  async start(): Promise<void> {
    const { listen = [], listenExplicit, swarmKeyFile } = this.#init.options
    const swarmKey = swarmKeyFile === undefined ? undefined : await readSwarmKey(swarmKeyFile)
    for (let by = 0; ; by += 1) {
      const addresses = by === 0 ? listen : listen.map((address) => withNextPort(address, by) ?? address)
      const running = this.#make(addresses, swarmKey)
      try {
        await running.exchange.start()
        this.#running = running
        if (by > 0) this.#note = movedNote(listen, by)
        return
      } catch (error) {
        await running.exchange.stop()
        const isTaken = error instanceof NodeFailure && error.code === 'NETWORK_PORT_TAKEN'
        if (!isTaken || listenExplicit || by >= NODE_LIMITS.portTriesMax) throw error
      }
    }
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.#running?.exchange.stop()
  }

  publishBlock(block: Block): void {
    this.#running?.exchange.publishBlock(block)
  }

  publishEntries(items: readonly EntryWithPayload[]): void {
    this.#running?.exchange.publishEntries(items)
  }

  onNotices(notices: readonly Notice[]): void {
    this.#running?.exchange.onNotices(notices)
  }

  status(): NetworkStatus {
    const { rules, publicKey, options } = this.#init
    const { producers } = rules.document
    const isListed = producers === undefined || producers.some((key) => equalBytes(key, publicKey))
    return {
      peerCount: this.#running?.network.peers().length ?? 0,
      addresses: this.#running?.network.addresses ?? [],
      sync: this.#running?.exchange.progress ?? { kind: 'synced' },
      mayProduce: isListed && (rules.engine.making === 'turns' || options.miningThreads > 0),
    }
  }

  peers(): readonly PeerView[] {
    return this.#running?.exchange.peers() ?? []
  }

  /** Undefined when nobody could connect to what it would say. */
  invite(): string | undefined {
    const { rules, crypto } = this.#init
    const addresses = this.#running?.network.addresses ?? []
    return addresses.length === 0 ? undefined : encodeInvite({ ledgerId: rules.ledgerId, addresses }, crypto)
  }

  #make(listen: readonly NodeAddress[], swarmKey: Uint8Array | undefined): Running {
    const { options, rules, privateSeed, clock, random, logger, crypto } = this.#init
    const { dataDirectory, peers, announce, mdns, peerExchange, upnp, relayServer, relays } = options
    const bookPath = addressBookPath(dataDirectory)
    const network = new Libp2pNetwork({
      ledgerId: rules.ledgerId,
      genesis: encodeGenesis(rules.document),
      privateSeed,
      listen,
      announce,
      peers,
      addressBookPath: bookPath,
      mdns,
      peerExchange,
      ...(swarmKey && { swarmKey }),
      upnp,
      relay: { server: relayServer, use: relays },
      targetPeers: NODE_LIMITS.peersTarget,
      clock,
      random,
      logger,
      crypto,
    })
    const expectsPeers =
      options.waitsForPeers === true ? 'certainly' : peers.length > 0 || existsSync(bookPath)
    const exchange = new Exchange({
      ...this.#init,
      network,
      expectsPeers,
      pause: () => setImmediate(undefined),
    })
    return { network, exchange }
  }
}

function movedNote(listen: readonly NodeAddress[], by: number): StartNote | undefined {
  const [from] = listen.flatMap((address) => portOf(address) ?? [])
  return from === undefined ? undefined : { kind: 'port-moved', service: 'nodes', from, to: from + by }
}

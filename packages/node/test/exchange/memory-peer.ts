import { setImmediate as turn } from 'node:timers/promises'
import { type Crypto, type GenesisDocument, type Ledger, toHex, validateEntry } from '@pulseledger/core'
import { nodeCrypto } from '../../src/crypto/node-crypto.ts'
import { Exchange } from '../../src/exchange/exchange.ts'
import { joinLedgerParts } from '../../src/ledger-parts.ts'
import { MemoryHub, type MemoryHubInit } from '../../src/network/memory/hub.ts'
import type { MemoryNetwork } from '../../src/network/memory/network.ts'
import { type LedgerRules, openOrCreateLedger } from '../../src/open-ledger.ts'
import type { GenesisChoice } from '../../src/options.ts'
import type {
  GossipTopic,
  GossipVerdict,
  Miner,
  Network,
  NodeCrypto,
  NodeEvent,
  NodeFailure,
  PeerId,
  Random,
} from '../../src/ports.ts'
import type { Runner } from '../../src/runner.ts'
import type { LedgerService } from '../../src/service.ts'
import { MemoryDisk } from '../../src/store/memory/memory-disk.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import { keepingLogger } from '../support/log.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const real = nodeCrypto()

export interface PeerOptions {
  /** What it finds at its start; an empty one by default. */
  readonly disk?: MemoryDisk
  readonly expectsPeers?: boolean | 'certainly'
  readonly miner?: Miner
  /** Where commits wait, for tests that look at what happens before they are durable. */
  readonly beforeCommit?: () => Promise<void>
}

export interface WorldOptions {
  readonly hub?: Partial<MemoryHubInit>
  readonly document?: Partial<GenesisDocument>
  /** Takes every signature for a good one: for tests about something else. */
  readonly isUnverified?: boolean
}

export interface Heard {
  readonly topic: GossipTopic
  readonly from: PeerId
  readonly verdict: GossipVerdict
}

/** A node without sockets, disk and threads: ledger, runner, service and exchange on a MemoryHub. */
export interface MemoryPeer {
  readonly name: string
  readonly disk: MemoryDisk
  readonly store: MemoryStore
  readonly network: MemoryNetwork
  readonly ledger: Ledger
  readonly runner: Runner
  readonly service: LedgerService
  readonly exchange: Exchange
  readonly logger: ReturnType<typeof keepingLogger>
  readonly events: NodeEvent[]
  readonly failures: NodeFailure[]
  /** What gossip came to, and what became of it. */
  readonly heard: Heard[]
  /** How many entries were handed to the verifier. */
  readonly checked: { count: number }
  /** Leaves the disk as it is. */
  stop(): Promise<void>
}

/** Nodes that share a clock and a network. Time passes only in `until` and `pass`. */
export class MemoryWorld {
  readonly clock = new VirtualClock()
  readonly hub: MemoryHub
  readonly crypto: NodeCrypto
  readonly rules: LedgerRules
  readonly #document: GenesisChoice
  readonly #running = new Set<MemoryPeer>()

  static async create(options: WorldOptions = {}): Promise<MemoryWorld> {
    const clock = new VirtualClock()
    const document = {
      name: 'exchange',
      time: clock.now() - 1_000,
      salt: new Uint8Array(16).fill(3),
      ...options.document,
    }
    const store = new MemoryStore()
    await store.open()
    const context = { crypto: real, clock, random: countingRandom() }
    return new MemoryWorld(await openOrCreateLedger(store, document, context), document, options)
  }

  private constructor(rules: LedgerRules, document: GenesisChoice, options: WorldOptions) {
    this.rules = rules
    this.#document = document
    this.crypto = options.isUnverified ? { ...real, sha256: real.sha256, verify: () => true } : real
    this.hub = new MemoryHub({ clock: this.clock, random: countingRandom(), ...options.hub })
  }

  /** A signer of a name: the key of the node of that name. */
  signer(name: string): ReturnType<NodeCrypto['signer']> {
    return real.signer(real.sha256(new TextEncoder().encode(name)))
  }

  async start(name: string, options: PeerOptions = {}): Promise<MemoryPeer> {
    const opened = await this.#open(name, options)
    const joined = this.#join(opened, options)
    const { runner, exchange } = joined
    const stop = async (): Promise<void> => {
      this.#running.delete(peer)
      await exchange.stop()
      await runner.idle()
      runner.stop()
      await opened.store.close()
    }
    const peer: MemoryPeer = { name, ...opened, ...joined, stop }
    this.#running.add(peer)
    await exchange.start()
    runner.dispatch({ kind: 'started' })
    return peer
  }

  /** What a node finds when it starts, and where its tests look. */
  async #open(name: string, { disk = new MemoryDisk(), beforeCommit }: PeerOptions) {
    const { clock, crypto } = this
    const store = new MemoryStore({ disk, ...(beforeCommit && { beforeCommit }) })
    await store.open()
    const random = countingRandom(name)
    const rules = await openOrCreateLedger(store, this.#document, { crypto, clock, random })
    const signer = this.signer(name)
    return {
      ...{ disk, store, random, rules, signer, logger: keepingLogger() },
      network: this.hub.join({ ledgerId: rules.ledgerId, publicKey: signer.publicKey }),
      events: [] as NodeEvent[],
      failures: [] as NodeFailure[],
      heard: [] as Heard[],
      checked: { count: 0 },
    }
  }

  #join(
    opened: Opened,
    { expectsPeers = false, miner }: PeerOptions,
  ): Pick<MemoryPeer, 'ledger' | 'runner' | 'service' | 'exchange'> {
    const { store, random, rules, signer, logger, events, failures } = opened
    const { clock, crypto } = this
    const { networked, ...parts } = joinLedgerParts(
      {
        ...{ store, rules, clock, random, logger, crypto, signer, miner },
        checkEntries: async (items) => countAndCheck(opened.checked, items, rules, crypto),
        verify: () => Promise.reject(new Error('not in this test')),
        onFailure: (failure) => failures.push(failure),
      },
      (init) =>
        new Exchange({
          ...init,
          network: listening(opened.network, opened.heard),
          expectsPeers,
          tell: (event) => events.push(event),
          pause: () => turn(),
        }),
    )
    return { ...parts, exchange: networked as Exchange }
  }

  async startAll(names: readonly string[], options: PeerOptions = {}): Promise<MemoryPeer[]> {
    const peers: MemoryPeer[] = []
    for (const name of names) peers.push(await this.start(name, options))
    return peers
  }

  /** Connects every two of them. */
  mesh(peers: readonly { readonly network: MemoryNetwork }[]): void {
    for (const [i, a] of peers.entries()) {
      for (const b of peers.slice(i + 1)) this.hub.connect(a.network, b.network)
    }
  }

  /** Lets time pass until it holds; fails after `withinMs` of virtual time. */
  async until(what: string, holds: () => boolean, { withinMs = 120_000, stepMs = 1 } = {}): Promise<void> {
    for (let passed = 0; !holds(); passed += stepMs) {
      if (passed > withinMs) throw new Error(`did not happen within ${withinMs} ms: ${what}`)
      await this.pass(stepMs)
    }
  }

  /** Lets so much time pass, and everything happen that is due by then. */
  async pass(byMs: number): Promise<void> {
    // What is under way now goes on first: a timer must not overtake it as it could on no machine.
    await turns()
    this.clock.advance(byMs)
    await turns()
  }

  /** Until all running nodes have the same head, and no timer is left that could change it soon. */
  async converged(peers: readonly MemoryPeer[], height?: number): Promise<void> {
    await this.until('all have one head', () => {
      const heads = new Set(peers.map(headOf))
      return heads.size === 1 && (height === undefined || peers[0]?.store.head()?.height === height)
    })
  }

  async stop(): Promise<void> {
    for (const peer of [...this.#running]) await peer.stop()
  }
}

interface Opened
  extends Pick<MemoryPeer, 'store' | 'network' | 'logger' | 'events' | 'failures' | 'heard' | 'checked'> {
  readonly random: Random
  readonly rules: LedgerRules
  readonly signer: ReturnType<NodeCrypto['signer']>
}

/** The same network, but what comes by gossip is written down with its verdict. */
function listening(network: MemoryNetwork, heard: Heard[]): Network {
  return {
    self: network.self,
    get addresses() {
      return network.addresses
    },
    start: (handlers) =>
      network.start({
        ...handlers,
        onGossip: async (topic, message, from) => {
          const verdict = await handlers.onGossip(topic, message, from)
          heard.push({ topic, from, verdict })
          return verdict
        },
      }),
    stop: () => network.stop(),
    peers: () => network.peers(),
    publish: (topic, message) => network.publish(topic, message),
    unreached: () => network.unreached(),
    request: (...question) => network.request(...question),
    disconnect: (peer, reason, banMs) => network.disconnect(peer, reason, banMs),
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 3; i++) await turn()
}

function countAndCheck(
  checked: { count: number },
  items: readonly Parameters<typeof validateEntry>[0][],
  { ledgerId }: LedgerRules,
  crypto: Crypto,
) {
  checked.count += items.length
  return items.map((item) => validateEntry(item, ledgerId, crypto))
}

/** The durable head, as text. */
export function headOf({ store }: Pick<MemoryPeer, 'store'>): string {
  const head = store.head()
  return head ? `${head.height} ${toHex(head.hash)}` : 'none'
}

/** Every reading on the durable chain, in order: `author/sequence value`. */
export function readingsOf({ service, store }: MemoryPeer): string[] {
  const readings: string[] = []
  for (const block of service.blocks(1, store.head()?.height ?? 0)) {
    for (const { author, sequence } of block.entries) readings.push(`${toHex(author)}/${sequence}`)
  }
  return readings
}

/** Bytes that are the same in every run and differ from call to call. */
function countingRandom(name = ''): Random {
  let counter = 0
  return {
    bytes(count) {
      counter += 1
      const digest = real.sha256(new TextEncoder().encode(`${name} ${counter}`))
      const bytes = new Uint8Array(count)
      for (let i = 0; i < count; i++) bytes[i] = digest[i % digest.length] as number
      return bytes
    },
  }
}

/**
 * Between the network and the ledger: what other nodes tell us and ask of us, what we tell and ask them.
 *
 *   gossip      conduct -> gossip gate -> block or entry check -> ledger; the verdict goes back
 *   requests    conduct -> server -> store
 *   sync        machine -> driver -> requests -> contents check -> ledger -> machine
 *   our news    ledger -> publisher
 *
 * Bytes of strangers end here: what goes on to the ledger and to the sync machine is valid by itself.
 */
import {
  type Block,
  type EntryWithPayload,
  type Notice,
  type PeerStatus,
  Sync,
  type SyncEvent,
  type SyncProgress,
} from '@pulseledger/core'
import type { NetworkHandlers, PeerConnection, PeerId, PeerView } from '../ports.ts'
import { BlockGossip } from './block-gossip.ts'
import { Conduct } from './conduct.ts'
import { ContentsCheck } from './contents-check.ts'
import type { ExchangeInit } from './context.ts'
import { EntryGossip } from './entry-gossip.ts'
import { GossipGate } from './gossip-gate.ts'
import { syncChain } from './ledger-view.ts'
import { NetworkWatch } from './network-watch.ts'
import { Placements } from './placements.ts'
import { Publisher } from './publisher.ts'
import { Server } from './server.ts'
import { SyncDriver } from './sync-driver.ts'

export class Exchange {
  readonly #init: ExchangeInit
  readonly #sync: Sync
  readonly #placements: Placements
  readonly #blocks: BlockGossip
  readonly #gate: GossipGate
  readonly #server: Server
  readonly #driver: SyncDriver
  readonly #publisher: Publisher
  readonly #watch: NetworkWatch
  #isStopped = false

  constructor(given: ExchangeInit) {
    const { network, ledger, rules, clock, logger, syncLimits: limits } = given
    // What is still being checked when the node stops must not reach a ledger whose store is closed.
    const dispatch: ExchangeInit['dispatch'] = (event, onDone) => {
      if (!this.#isStopped) given.dispatch(event, onDone)
    }
    const init = { ...given, dispatch }
    this.#init = init
    const conduct = new Conduct({ network, clock, logger })
    const contents = new ContentsCheck(init)
    this.#sync = new Sync({ chain: syncChain(ledger), engine: rules.engine, ...(limits && { limits }) })
    this.#placements = new Placements(clock)
    this.#publisher = new Publisher(init)
    this.#watch = new NetworkWatch({
      clock,
      dispatch,
      expectsPeers: init.expectsPeers,
      isBehind: () => this.#sync.isBehind,
      isAhead: (peer) => !this.#sync.isStuck && this.#sync.peerState(peer) === 'ahead',
    })
    this.#blocks = new BlockGossip({
      ...init,
      contents,
      placements: this.#placements,
      announced: (peer, header) => this.#driver.step({ kind: 'announced', peer, header }),
      accepted: (peer, { hash }) => {
        this.#step({ kind: 'held', peer, hash })
        this.#tell(network.unreached('blocks').filter((other) => other !== peer))
      },
      received: (blocks) => dispatch({ kind: 'blocks-received', blocks }, () => this.#stored()),
    })
    const entries = new EntryGossip(init)
    this.#gate = new GossipGate({
      conduct,
      logger,
      topics: {
        blocks: (message, from) => this.#blocks.check(message, from),
        entries: (message) => entries.check(message),
      },
    })
    this.#server = new Server({ ...init, conduct, onStatus: (peer, status) => this.#onStatus(peer, status) })
    this.#driver = new SyncDriver({
      ...init,
      sync: this.#sync,
      contents,
      conduct,
      status: () => this.#server.status(),
      onStatusOver: (peer, isHeard) => this.#watch.onStatusOver(peer, isHeard),
      onStepped: () => this.#watch.update(),
      onFed: () => {
        this.#blocks.settle()
        this.#tell(network.unreached('blocks'))
      },
      onInvalid: (block, error) => this.#placements.decided(block, error),
    })
  }

  /** How far this node is behind its peers. */
  get progress(): SyncProgress {
    return this.#sync.progress
  }

  /** Rejects when the network cannot start. */
  async start(): Promise<void> {
    this.#watch.start()
    await this.#init.network.start(this.#handlers())
  }

  /** Idempotent. The network is stopped with it; what is being checked is dropped. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#watch.stop()
    this.#driver.stop()
    this.#placements.stop()
    await this.#init.network.stop()
  }

  /** Tells all peers of a block that was made here and is durable. */
  publishBlock(block: Block): void {
    if (this.#isStopped) return
    this.#blocks.published(block)
    this.#tell(this.#publisher.block(block))
  }

  /** Tells all peers of entries that wait for a block. */
  publishEntries(items: readonly EntryWithPayload[]): void {
    if (!this.#isStopped) this.#publisher.entries(items)
  }

  /** What the ledger says, once it is durable. */
  onNotices(notices: readonly Notice[]): void {
    if (this.#isStopped) return
    let isMoved = false
    for (const notice of notices) {
      if (notice.kind === 'block-refused') {
        this.#driver.refused(notice.block, notice.error)
        this.#blocks.refused(notice.block, notice.error)
      }
      isMoved ||= notice.kind === 'block-connected'
    }
    if (isMoved) this.#stored()
  }

  peers(): PeerView[] {
    return this.#init.network.peers().map((peer) => {
      const status = this.#sync.peerStatus(peer.id)
      const head = status && { height: status.height, hash: status.head }
      return { ...peer, head, state: this.#sync.peerState(peer.id) }
    })
  }

  #handlers(): NetworkHandlers {
    return {
      onPeer: (peer) => this.#onPeer(peer),
      onPeerGone: (id) => this.#onPeerGone(id),
      onGossip: (topic, message, from) =>
        this.#isStopped ? Promise.resolve('ignore') : this.#gate.onGossip(topic, message, from),
      onRequest: (kind, message, from) => this.#server.onRequest(kind, message, from),
      onForeign: (meeting) => this.#init.tell({ kind: 'foreign-met', meeting }),
    }
  }

  #onPeer(peer: PeerConnection): void {
    this.#init.tell({ kind: 'peer-connected', peer })
    this.#watch.onPeer(peer.id)
    this.#step({ kind: 'peer-connected', peer: peer.id })
  }

  #onPeerGone(id: PeerId): void {
    this.#init.tell({ kind: 'peer-gone', id })
    this.#watch.onPeerGone(id)
    this.#step({ kind: 'peer-gone', peer: id })
  }

  /** A peer that asks for our status tells its own. */
  #onStatus(peer: PeerId, status: PeerStatus): void {
    this.#step({ kind: 'status', peer, status })
    this.#watch.onStatusOver(peer, true)
  }

  /** There is a new block that these have not heard of. */
  #tell(peers: readonly PeerId[]): void {
    if (peers.length > 0) this.#step({ kind: 'unreached', peers })
  }

  /** The chain grew or changed by other means than sync. */
  #stored(): void {
    if (this.#isStopped) return
    this.#blocks.settle()
    this.#step({ kind: 'head-moved' })
  }

  #step(event: SyncEvent): void {
    this.#driver.step(event)
  }
}

/**
 * One life of a node's process, from its start to its end: the product's ledger, runner, service and
 * exchange, over a store, a network and a clock of the simulation. It is put together as `node.ts` of the
 * product does it; what is left out are sockets, threads and terminals.
 */
import { type Signer, validateEntry } from '@pulseledger/core'
import {
  Exchange,
  joinLedgerParts,
  type Logger,
  type MemoryNetwork,
  type Miner,
  type Network,
  type NodeCrypto,
  type NodeEvent,
  NodeFailure,
  openOrCreateLedger,
} from 'pulseledger/simulation'
import type { Chance } from '../kernel/chance.ts'
import type { Owner, SimClock } from '../kernel/scheduler.ts'
import type { Genesis } from '../scenario/genesis.ts'
import type { TinyLimits } from '../scenario/scenario.ts'
import type { Parts } from './observation.ts'
import type { SimStore } from './sim-store.ts'

export interface LifeInit {
  readonly owner: Owner
  readonly clock: SimClock
  readonly store: SimStore
  readonly signer: Signer
  readonly crypto: NodeCrypto
  readonly genesis: Genesis
  readonly chance: Chance
  readonly limits: TinyLimits | undefined
  readonly miner: Miner | undefined
  /** Joins the network, as soon as the ledger is known. */
  readonly join: () => { readonly network: MemoryNetwork; readonly tapped: Network }
  readonly onFailure: (failure: NodeFailure) => void
  readonly onEvent: (event: NodeEvent) => void
  /** Told of errors that nobody thought of. */
  readonly onBug: (error: Error) => void
  /** The longest that checking the signatures of one message takes, ms. */
  readonly checkMsMax: number
}

/** What is logged as a failure that has no name is a bug, which whoever logged it went on from. */
function listeningLogger(onBug: (error: Error) => void): Logger {
  const listen = (fields: object): void => {
    if ('err' in fields && fields.err instanceof Error && !(fields.err instanceof NodeFailure))
      onBug(fields.err)
  }
  return { debug: listen, info: listen, warn: listen, error: listen }
}

export class Life {
  readonly owner: Owner
  readonly clock: SimClock
  readonly store: SimStore
  readonly network: MemoryNetwork
  readonly parts: Parts

  private constructor(init: LifeInit, network: MemoryNetwork, parts: Parts) {
    this.owner = init.owner
    this.clock = init.clock
    this.store = init.store
    this.network = network
    this.parts = parts
  }

  /** Rejects with a `NodeFailure` when the disk fails. Takes no virtual time. */
  static async start(init: LifeInit): Promise<Life> {
    const { store, crypto, clock, chance, signer, genesis, limits, onFailure, checkMsMax } = init
    await store.open()
    const random = { bytes: (count: number) => chance.bytes(count) }
    const rules = await openOrCreateLedger(store, genesis.document, { crypto, clock, random })
    const { network, tapped } = init.join()
    const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
    const parts = joinLedgerParts(
      {
        ...{ store, rules, clock, random, crypto, signer, onFailure, miner: init.miner },
        logger: listeningLogger(init.onBug),
        ...(limits && { limits: limits.ledger }),
        async checkEntries(items) {
          if (items.length > 0) await wait(chance.between(0, checkMsMax))
          return items.map((item) => validateEntry(item, rules.ledgerId, crypto))
        },
        verify: () => Promise.reject(new Error('no terminal asks for it')),
      },
      (given) =>
        new Exchange({
          ...given,
          network: tapped,
          expectsPeers: true,
          pause: () => wait(0),
          ...(limits && { syncLimits: limits.sync }),
        }),
    )
    const life = new Life(init, network, parts)
    parts.service.subscribe(init.onEvent)
    await parts.networked?.start()
    parts.runner.dispatch({ kind: 'started' })
    return life
  }

  /** As after a kill: nothing runs any more. `isWritten`: see `SimStore.crash`. */
  crash(isWritten: boolean): void {
    this.owner.isDead = true
    this.store.crash(isWritten)
    void this.network.stop()
  }

  /** As after an interrupt: what was submitted becomes durable first. */
  async stop(): Promise<void> {
    const { runner, networked } = this.parts
    await networked?.stop()
    await runner.idle()
    runner.stop()
    await this.store.close()
    this.owner.isDead = true
  }
}

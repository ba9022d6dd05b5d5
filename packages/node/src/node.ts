/**
 * The composition root: makes every part of a node and joins them. Reads from top to bottom, in the order in
 * which a node starts; it stops in the reverse order.
 */
import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { ControlServer } from './control/server.ts'
import { loadCrypto } from './crypto/index.ts'
import { EntryChecks } from './entry-checks.ts'
import { readOrCreateKeyFile } from './keys/key-file.ts'
import { joinLedgerParts } from './ledger-parts.ts'
import type { Networking, NetworkingInit } from './networking.ts'
import { type LedgerRules, openOrCreateLedger } from './open-ledger.ts'
import type { NodeOptions, SourceAddress, TerminalPort } from './options.ts'
import type { Clock, Logger, Miner, NodeCrypto, NodeFailure, Random } from './ports.ts'
import type { Runner } from './runner.ts'
import type { LedgerService } from './service.ts'
import { keyPath, writeHolder } from './store/level/data-directory.ts'
import { LevelStore } from './store/level/level-store.ts'
import { Printer } from './terminal/printer.ts'
import { type TerminalAddress, TerminalServer } from './terminal/server.ts'
import { Source } from './terminal/source.ts'
import { type CheckEntries, verifyStore } from './verify/verify-store.ts'

/** What the surroundings give a node. */
export interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** The first terminal: usually stdout. */
  readonly output: Writable
  /** Whether `output` is a terminal that shows colours; the format is chosen by `options.json`. */
  readonly colour: boolean
}

type NetworkingClass = new (init: NetworkingInit) => Networking

interface Made {
  readonly runner: Runner
  readonly service: LedgerService
  readonly networking: Networking | undefined
}

interface LedgerInit {
  readonly store: LevelStore
  readonly rules: LedgerRules
  readonly crypto: NodeCrypto
  /** Of the node's key. */
  readonly seed: Uint8Array
  readonly network: NetworkingClass | undefined
  readonly miner: Miner | undefined
}

/** Something that was started and must be stopped. */
type Stop = () => Promise<void> | void

export class PulseNode {
  readonly #options: NodeOptions
  readonly #surroundings: Surroundings
  readonly #stops: Stop[] = []
  readonly #failed = Promise.withResolvers<NodeFailure>()
  #stopping: Promise<void> | undefined
  #service: LedgerService | undefined
  #addresses: readonly TerminalAddress[] = []

  constructor(options: NodeOptions, surroundings: Surroundings) {
    this.#options = options
    this.#surroundings = surroundings
  }

  /** Once started. */
  get service(): LedgerService {
    if (this.#service === undefined) throw new Error('the node is not started')
    return this.#service
  }

  /** Where terminals are served, once started: with the ports that the system chose. */
  get addresses(): readonly TerminalAddress[] {
    return this.#addresses
  }

  /** Resolves when a failure stopped the node's work; `stop` must still be called. */
  get failed(): Promise<NodeFailure> {
    return this.#failed.promise
  }

  /** Rejects with a `NodeFailure`, having stopped whatever it had started. */
  async start(): Promise<void> {
    try {
      await this.#start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /**
   * Idempotent. Terminals are answered and closed, what was submitted becomes durable, then the store is
   * closed: nothing that was acknowledged is lost, and nothing is acknowledged that was not stored.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  /** Every part is stopped, also when one fails at it; the first failure is passed on. */
  async #stopAll(): Promise<void> {
    const failures: unknown[] = []
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  async #start(): Promise<void> {
    const { dataDirectory } = this.#options
    const { clock, random, logger } = this.#surroundings
    const crypto = await loadCrypto(this.#options.crypto === 'auto' ? undefined : this.#options.crypto)

    const holder = { pid: process.pid, startedAt: clock.now() }
    const store = new LevelStore({ directory: dataDirectory, crypto, holder })
    await store.open()
    this.#stops.push(() => store.close())

    const seed = await readOrCreateKeyFile(keyPath(dataDirectory), random)
    const rules = await openOrCreateLedger(store, this.#options.genesis, { crypto, clock, random })
    // libp2p doubles the time that a start takes: only a node with a network waits for it.
    const { listen } = this.#options
    const network = listen && (await import('./networking.ts')).Networking
    const miner = await this.#startMiner(rules)
    const { runner, service, networking } = this.#makeLedger({ store, rules, crypto, seed, network, miner })
    this.#service = service

    const { printer, terminals } = this.#makeTerminals(service)
    // Before terminals are served: a port moves while nobody uses it, and the invite is known when it is
    // shown.
    this.#stops.push(() => networking?.stop())
    await networking?.start()
    // After the network said whether peers are to be met first: else what was pending became a block at once.
    runner.dispatch({ kind: 'started' })
    this.#stops.push(() => printer.stop())
    this.#stops.push(() => terminals.stop())
    this.#addresses = await terminals.start()
    const control = new ControlServer({ service, clock, random, logger, directory: dataDirectory })
    this.#stops.push(() => control.stop())
    const addresses = this.#addresses.map(({ host, port }) => `${host}:${port}`)
    writeHolder(dataDirectory, { ...holder, control: await control.start(), addresses })

    const { invocation, notes } = this.#options
    printer.start(this.#addresses, { invocation, notes: [...notes, ...(networking?.notes ?? [])] })
    this.#startSources(service)
  }

  /** Only where blocks take work: its threads cost memory and a moment of every start. */
  async #startMiner({ engine }: LedgerRules): Promise<Miner | undefined> {
    const { miningThreads: threads } = this.#options
    if (engine.making !== 'search' || threads === 0) return undefined
    const { MiningPool } = await import('./mining/mining-pool.ts')
    const miner = new MiningPool({ threads, clock: this.#surroundings.clock })
    this.#stops.push(() => miner.stop())
    await miner.start()
    return miner
  }

  /** The ledger, its runner, its network, and the service that everything else talks to. */
  #makeLedger({ store, rules, crypto, seed: privateSeed, network, miner }: LedgerInit): Made {
    const { clock, random, logger } = this.#surroundings
    const signer = crypto.signer(privateSeed)
    const checks = new EntryChecks(crypto)
    this.#stops.push(() => checks.stop())
    const checkEntries: CheckEntries = (ledgerId, items) => checks.check(ledgerId, items)
    const { publicKey } = signer
    const { runner, service, networked } = joinLedgerParts(
      {
        ...{ store, rules, clock, random, logger, crypto, signer, miner },
        checkEntries: (items) => checkEntries(rules.ledgerId, items),
        verify: (options) =>
          verifyStore(store, { ...options, crypto, clock, pause: setImmediate, checkEntries }),
        onFailure: (failure) => this.#failed.resolve(failure),
      },
      network &&
        ((init) => new network({ ...init, options: this.#options, random, crypto, privateSeed, publicKey })),
    )
    this.#stops.push(async () => {
      await runner.idle()
      runner.stop()
    })
    return { runner, service, networking: networked }
  }

  #makeTerminals(service: LedgerService): { printer: Printer; terminals: TerminalServer } {
    const { clock, logger, output, colour } = this.#surroundings
    const { broadcastIntervalMs, broadcastBlocksMax, connectionsMax, connectionsPerAddressMax } =
      this.#options
    const isTerminal = 'isTTY' in output && output.isTTY === true
    const json = this.#options.json ?? !isTerminal
    const printer = new Printer({ service, clock, logger, output, json, colour })
    const terminals = new TerminalServer({
      service,
      clock,
      logger,
      ports: this.#options.terminalPorts.map((port) => withMeasure(port, service)),
      portsExplicit: this.#options.terminalPortsExplicit,
      options: { broadcastIntervalMs, broadcastBlocksMax, connectionsMax, connectionsPerAddressMax },
    })
    return { printer, terminals }
  }

  #startSources(service: LedgerService): void {
    for (const address of this.#options.sources) {
      const { clock, random, logger } = this.#surroundings
      const source = new Source({ service, clock, random, logger, address: withMeasure(address, service) })
      this.#stops.push(() => source.stop())
      source.start()
    }
  }
}

/** A port that names no measure takes the first one of the ledger. */
function withMeasure<T extends TerminalPort | SourceAddress>(
  address: T,
  { document }: LedgerService,
): T & { readonly measure: string } {
  const [first] = document.measures
  return { ...address, measure: address.measure ?? (first?.name as string) }
}

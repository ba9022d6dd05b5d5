/**
 * The composition root: makes every part of a node and joins them. Reads from top to bottom, in the order in
 * which a node starts; it stops in the reverse order.
 */
import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { equalBytes, type Ledger, loadLedger, type Signer, toHex } from '@pulseledger/core'
import { ControlServer } from './control/server.ts'
import { loadCrypto } from './crypto/index.ts'
import { EntryChecks } from './entry-checks.ts'
import { readOrCreateKeyFile } from './keys/key-file.ts'
import { type LedgerRules, openOrCreateLedger } from './open-ledger.ts'
import type { NodeOptions, SourceAddress, TerminalPort } from './options.ts'
import { type Clock, type Logger, type NodeCrypto, NodeFailure, type Random } from './ports.ts'
import { Runner } from './runner.ts'
import { LedgerService } from './service.ts'
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
    const signer = crypto.signer(seed)
    checkProducer(rules, signer)
    const service = this.#startLedger(store, rules, crypto, signer)
    this.#service = service

    const printer = await this.#startTerminals(service)
    const control = new ControlServer({ service, clock, random, logger, directory: dataDirectory })
    this.#stops.push(() => control.stop())
    const addresses = this.#addresses.map(({ host, port }) => `${host}:${port}`)
    writeHolder(dataDirectory, { ...holder, control: await control.start(), addresses })

    printer.start(this.#addresses)
    this.#startSources(service)
  }

  /** The ledger, its runner, and the service that everything else talks to. */
  #startLedger(store: LevelStore, rules: LedgerRules, crypto: NodeCrypto, signer: Signer): LedgerService {
    const { clock, random, logger } = this.#surroundings
    const ledger = loadOrThrow({ ...rules, crypto, signer, reader: store })
    const checks = new EntryChecks(crypto)
    this.#stops.push(() => checks.stop())
    const checkEntries: CheckEntries = (ledgerId, items) => checks.check(ledgerId, items)

    const runner: Runner = new Runner({
      ledger,
      store,
      clock,
      logger,
      network: { publish: () => undefined }, // no peers in this stage
      onNotices: (notices) => service.onNotices(notices),
      onFailure: (failure) => {
        service.onFailure(failure)
        this.#failed.resolve(failure)
      },
    })
    const service: LedgerService = new LedgerService({
      ...rules,
      ledger,
      store,
      clock,
      random,
      signer,
      dispatch: (event) => runner.dispatch(event),
      checkEntries: (items) => checkEntries(rules.ledgerId, items),
      verify: (options) =>
        verifyStore(store, { ...options, crypto, clock, pause: setImmediate, checkEntries }),
    })
    this.#stops.push(async () => {
      await runner.idle()
      runner.stop()
    })
    runner.dispatch({ kind: 'started' })
    return service
  }

  async #startTerminals(service: LedgerService): Promise<Printer> {
    const { clock, logger, output, colour } = this.#surroundings
    const { broadcastIntervalMs, broadcastBlocksMax, connectionsMax, connectionsPerAddressMax } =
      this.#options
    const isTerminal = 'isTTY' in output && output.isTTY === true
    const json = this.#options.json ?? !isTerminal
    const printer = new Printer({ service, clock, logger, output, json, colour })
    this.#stops.push(() => printer.stop())

    const terminals = new TerminalServer({
      service,
      clock,
      logger,
      ports: this.#options.terminalPorts.map((port) => withMeasure(port, service)),
      options: { broadcastIntervalMs, broadcastBlocksMax, connectionsMax, connectionsPerAddressMax },
    })
    this.#stops.push(() => terminals.stop())
    this.#addresses = await terminals.start()
    return printer
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

/** Without peers, readings typed into a node that may not make blocks would wait for ever. */
function checkProducer({ document }: LedgerRules, { publicKey }: Signer): void {
  const { producers } = document
  if (producers === undefined || producers.some((key) => equalBytes(key, publicKey))) return
  const message = `the key of this node, ${toHex(publicKey)}, is not among the producers of the ledger`
  throw new NodeFailure('BLOCK_PRODUCER_NOT_ALLOWED', message)
}

/** A port that names no measure takes the first one of the ledger. */
function withMeasure<T extends TerminalPort | SourceAddress>(
  address: T,
  { document }: LedgerService,
): T & { readonly measure: string } {
  const [first] = document.measures
  return { ...address, measure: address.measure ?? (first?.name as string) }
}

function loadOrThrow(config: Parameters<typeof loadLedger>[0]): Ledger {
  const loaded = loadLedger(config)
  if (loaded.ok) return loaded.value
  throw new NodeFailure(loaded.error.code, loaded.error.message)
}

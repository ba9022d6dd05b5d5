/**
 * A simulated group: its nodes, the network between them, the time they share, and those who look on. It
 * knows how to let time pass, and nothing of what is to happen meanwhile: see `run.ts` for that.
 */
import type { GenesisDocument } from '@pulseledger/core'
import { loadCrypto, MemoryHub, type NodeCrypto, type PeerId } from 'pulseledger/simulation'
import type { Checker, CheckerContext, Violation } from './invariants/checker.ts'
import { checkersOf } from './invariants/checkers.ts'
import { Chance } from './kernel/chance.ts'
import { fastCrypto } from './kernel/fast-crypto.ts'
import { Owner, Scheduler, SimClock } from './kernel/scheduler.ts'
import { settled, turnOver } from './kernel/settled.ts'
import { Trace } from './kernel/trace.ts'
import { Metrics } from './metrics.ts'
import type { Observation } from './node/observation.ts'
import { SimNode } from './node/sim-node.ts'
import { SimWeather } from './node/sim-weather.ts'
import { type Genesis, makeGenesis } from './scenario/genesis.ts'
import type { Scenario } from './scenario/scenario.ts'
import { edgesOf } from './scenario/topology.ts'
import { tellObservation } from './tell.ts'

/** When every simulation begins. */
export const EPOCH = Date.UTC(2026, 0, 1)

/** Tasks at one moment of time after which it is certain that time does not pass any more. */
const TASKS_AT_ONCE_MAX = 1_000_000

/** Of the chain, from one look at all of it to the next. */
const GROWTH = 1.2

/** Tasks between two turns of Node's event loop. */
const TASKS_PER_TURN = 2_000

const NAMES = ['ann', 'bea', 'cem', 'dee', 'eli', 'fay', 'gus', 'hal', 'ida', 'jon', 'kai', 'lea', 'max']

export interface WorldOptions {
  readonly scenario: Scenario
  readonly print?: ((line: string) => void) | undefined
}

export class World {
  readonly scenario: Scenario
  readonly scheduler = new Scheduler(EPOCH)
  readonly trace: Trace
  readonly metrics: Metrics
  readonly weather: SimWeather
  readonly hub: MemoryHub
  readonly crypto: NodeCrypto
  readonly genesis: Genesis
  readonly nodes: readonly SimNode[]
  readonly edges: readonly (readonly [number, number])[]
  /** Keys of those who do not keep to the rules. */
  readonly adversaries = new Set<PeerId>()
  readonly checkerContext: CheckerContext
  readonly #checkers: readonly Checker[]
  readonly #observers: ((observation: Observation) => void)[] = []
  #violation: (Violation & { readonly at: number }) | undefined
  #tasksAtOnce = 0
  #lookedAtHeight = 0

  static async create({ scenario, print }: WorldOptions): Promise<World> {
    const crypto = scenario.hasRealSignatures ? await loadCrypto() : fastCrypto()
    const document = {
      time: EPOCH - 60_000,
      engine: engineOf(scenario),
      limits: { blockEntries: scenario.blockEntries, blockBytes: 1_048_576, timeAhead: 120_000 },
    }
    const chance = Chance.of(scenario.seed, 'genesis')
    return new World(scenario, crypto, await makeGenesis(document, { crypto, chance, now: EPOCH }), print)
  }

  private constructor(
    scenario: Scenario,
    crypto: NodeCrypto,
    genesis: Genesis,
    print: ((line: string) => void) | undefined,
  ) {
    this.scenario = scenario
    this.crypto = crypto
    this.genesis = genesis
    this.trace = new Trace(EPOCH, print)
    this.metrics = new Metrics()
    const chance = Chance.of(scenario.seed, 'weather')
    this.weather = new SimWeather(scenario.latencyMs, chance, this.scheduler)
    const clock = new SimClock(this.scheduler, new Owner('network'))
    this.hub = new MemoryHub({ clock, weather: this.weather })
    this.edges = edgesOf(scenario.topology, scenario.nodeCount, Chance.of(scenario.seed, 'edges'))
    const observe = (observation: Observation): void => this.#observe(observation)
    const parts = { scenario, scheduler: this.scheduler, hub: this.hub, crypto, genesis, observe }
    this.nodes = Array.from(
      { length: scenario.nodeCount },
      (_, i) => new SimNode({ ...parts, name: NAMES[i] ?? `node-${i}`, index: i }),
    )
    this.checkerContext = {
      ...{ scenario, rules: genesis.rules, crypto },
      now: () => this.scheduler.now,
      isHonest: (peer) => !this.adversaries.has(peer),
      report: (violation) => this.report(violation),
    }
    this.#checkers = checkersOf(this.checkerContext)
  }

  get now(): number {
    return this.scheduler.now
  }

  get violation(): (Violation & { readonly at: number }) | undefined {
    return this.#violation
  }

  /** Also told of everything that happens at the nodes. */
  onObservation(observer: (observation: Observation) => void): void {
    this.#observers.push(observer)
  }

  /** The first one ends the run. */
  report(violation: Violation): void {
    if (this.#violation !== undefined) return
    this.#violation = { ...violation, at: this.now }
    this.trace.tell(
      this.now,
      violation.node,
      () => `VIOLATION of ${violation.invariant}: ${violation.message}`,
    )
  }

  /** Says what somebody did to the group. */
  tell(who: string, what: string): void {
    this.trace.tell(this.now, who, () => what)
  }

  /** The wires of a node with its neighbours; to be called again when its key has changed. */
  wire(node: SimNode): void {
    const index = this.nodes.indexOf(node)
    for (const [a, b] of this.edges) {
      if (a !== index && b !== index) continue
      this.hub.connect(this.nodes[a] as SimNode, this.nodes[b] as SimNode)
    }
  }

  /** Lets time pass until then, or until it is reported that something is wrong, or `isOver` says so. */
  async passUntil(until: number, isOver?: () => boolean): Promise<void> {
    await settled()
    while (this.#violation === undefined && isOver?.() !== true) {
      const before = this.now
      const task = this.scheduler.take(until)
      if (task === undefined) return
      this.#tasksAtOnce = this.now === before ? this.#tasksAtOnce + 1 : 0
      if (this.#tasksAtOnce > TASKS_AT_ONCE_MAX) {
        this.report({ invariant: 'time-passes', node: task.owner.name, message: 'time does not pass' })
      }
      this.trace.task(task.at - EPOCH, task.order)
      this.#run(task.run, task.owner.name)
      await settled()
      if (this.trace.eventCount % TASKS_PER_TURN === 0) await turnOver()
    }
  }

  async pass(ms: number): Promise<void> {
    await this.passUntil(this.now + ms)
  }

  /**
   * The honest nodes agree, and all of them run. Looking at a whole chain takes as long as it is, so in a
   * long run it is looked at when it has grown by a part of itself, and at the end.
   */
  agreed(isLast = false): void {
    const height = Math.max(...this.nodes.map(({ disk }) => disk.canonical.length))
    if (!isLast && height < this.#lookedAtHeight * GROWTH) return
    this.#lookedAtHeight = height
    for (const checker of this.#checkers) {
      try {
        checker.agreed?.(this.nodes)
      } catch (error) {
        // What it looks at is so wrong that it could not look at it.
        this.report({ invariant: checker.name, node: '?', message: String(error) })
      }
    }
  }

  /** A task that throws would have ended a process. */
  #run(task: () => void, name: string): void {
    try {
      task()
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.report({ invariant: 'no-crash', node: name, message: `a task threw: ${message}` })
    }
  }

  #observe(observation: Observation): void {
    const { node } = observation
    tellObservation(observation, this.trace, this.now)
    this.metrics.observe(observation)
    for (const checker of this.#checkers) checker.observe?.(observation)
    for (const observer of this.#observers) observer(observation)
    if (observation.kind === 'committed') this.trace.bytes(node.disk.head?.hash ?? new Uint8Array())
    if (observation.kind === 'published') this.trace.bytes(observation.message)
  }
}

/** The difficulty to begin with is right for the hash power that there is. */
function engineOf({ engine, finalDepth, work, nodeCount }: Scenario): GenesisDocument['engine'] {
  if (engine === 'longest-chain') return { name: engine, finalDepth }
  const power = work.power.slice(0, nodeCount).reduce((sum, each) => sum + each, 0)
  const difficulty = Math.max(1, Math.round((power * work.intervalMs) / 1_000))
  const { intervalMs, window } = work
  return { name: engine, finalDepth, intervalMs, window, difficulty, difficultyMinimum: 1 }
}

/** What a long simulation is to do, and what came of it so far. */
import { Figures } from '../../report/figures.ts'
import { DETERMINISTIC, type Finding } from '../../shrink/attempt.ts'
import { choiceOf, replayLine } from '../../shrink/run-choice.ts'
import type { LongOptions } from '../long-options.ts'
import { type Order, type SeedResult, scenarioOfOrder } from './orders.ts'

/** A worker process crashed, or hangs. */
const WORKER = 'worker'

/** One seed of so many is run twice. */
const TWICE_EVERY = 100

/** A bug that every seed has would fill the memory with what is said about it. */
const VIOLATIONS_MAX = 1_000

/** What a stack says is told once, by the line that has it again. */
const MESSAGE_CHARACTERS_MAX = 600

export interface WalkViolation extends Finding {
  readonly seed: number
  readonly replay: string
}

export interface SeedLine {
  readonly seed: number
  readonly traceHash: string | undefined
  readonly eventCount: number
}

type Chosen = Pick<LongOptions, 'from' | 'seedCount' | 'hours' | 'nodes' | 'engine' | 'only' | 'without'>

export class Walk {
  readonly figures = new Figures()
  readonly violations: WalkViolation[] = []
  readonly seeds: SeedLine[] = []
  /** By invariant. */
  readonly violationCounts = new Map<string, number>()
  readonly #options: Chosen
  #orderCount = 0
  twiceCount = 0

  constructor(options: Chosen) {
    this.#options = options
  }

  get doneCount(): number {
    return this.seeds.length
  }

  get violationCount(): number {
    return [...this.violationCounts.values()].reduce((sum, count) => sum + count, 0)
  }

  next(): Order | undefined {
    const { from, seedCount } = this.#options
    if (seedCount !== undefined && this.#orderCount >= seedCount) return undefined
    this.#orderCount += 1
    return this.#orderOf(from + this.#orderCount - 1)
  }

  done({ seed, traceHash, figures, finding }: SeedResult): void {
    this.seeds.push({ seed, traceHash, eventCount: figures?.eventCount ?? 0 })
    if (figures) this.figures.add(figures)
    const order = this.#orderOf(seed)
    if (order.isTwice) this.twiceCount += 1
    if (finding) this.#violated(order, finding)
  }

  lost(order: Order, message: string): void {
    this.seeds.push({ seed: order.seed, traceHash: undefined, eventCount: 0 })
    this.#violated(order, { invariant: WORKER, node: '?', atMs: 0, message })
  }

  #orderOf(seed: number): Order {
    const { hours, nodes, engine, only, without } = this.#options
    return { seed, choice: { hours, nodes, engine, only, without }, isTwice: seed % TWICE_EVERY === 0 }
  }

  #violated(order: Order, finding: Finding): void {
    const { invariant, message } = finding
    this.violationCounts.set(invariant, (this.violationCounts.get(invariant) ?? 0) + 1)
    if (this.violations.length >= VIOLATIONS_MAX) return
    const replay = replayLine(choiceOf(scenarioOfOrder(order)), invariant === DETERMINISTIC)
    const shortened = message.slice(0, MESSAGE_CHARACTERS_MAX)
    this.violations.push({ ...finding, message: shortened, seed: order.seed, replay })
  }
}

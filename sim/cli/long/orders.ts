/** What the process of a long simulation and its workers say to each other. */
import type { RunFigures } from '../../report/figures.ts'
import { figuresOf } from '../../report/figures.ts'
import { type Scenario, type ScenarioChoice, scenarioOf } from '../../scenario/scenario.ts'
import { attempt, type Finding } from '../../shrink/attempt.ts'

/** How often a worker says that it is alive. */
export const ALIVE_MS = 1_000

export interface Order {
  readonly seed: number
  readonly choice: ScenarioChoice
  /** Have it a second time, and compare. */
  readonly isTwice: boolean
}

export interface SeedResult {
  readonly seed: number
  /** Undefined when the simulation itself failed. */
  readonly traceHash: string | undefined
  readonly figures: RunFigures | undefined
  readonly finding: Finding | undefined
}

export type WorkerMessage =
  /** Its event loop turns. */
  { readonly kind: 'alive' } | { readonly kind: 'done'; readonly result: SeedResult }

export function scenarioOfOrder({ seed, choice }: Order): Scenario {
  return scenarioOf(seed, choice)
}

export async function fulfil(order: Order): Promise<SeedResult> {
  const { outcome, finding } = await attempt(scenarioOfOrder(order), { isTwice: order.isTwice })
  const figures = outcome && figuresOf(outcome)
  return { seed: order.seed, traceHash: outcome?.traceHash, figures, finding }
}

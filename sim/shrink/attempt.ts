/** A run, and whatever speaks against it: what its invariants say, and what only shows from outside. */
import { type Outcome, run } from '../run.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { EPOCH } from '../world.ts'

/** Two runs of one seed differ: something in them is not decided by the seed. */
export const DETERMINISTIC = 'deterministic'

/** The simulation itself failed, which says nothing good about the seed either. */
const SIMULATOR = 'simulator'

export interface Finding {
  readonly invariant: string
  readonly node: string
  /** Since the begin of the run, ms. */
  readonly atMs: number
  readonly message: string
}

export interface Attempt {
  /** Undefined when the simulation itself failed. */
  readonly outcome: Outcome | undefined
  readonly finding: Finding | undefined
}

export interface AttemptOptions {
  /** Have it once more, and compare. */
  readonly isTwice?: boolean | undefined
  readonly print?: ((line: string) => void) | undefined
}

export async function attempt(scenario: Scenario, options: AttemptOptions = {}): Promise<Attempt> {
  try {
    const outcome = await run(scenario, options.print)
    const finding = findingOf(outcome)
    if (finding !== undefined || options.isTwice !== true) return { outcome, finding }
    return { outcome, finding: difference(outcome, await run(scenario)) }
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { outcome: undefined, finding: { invariant: SIMULATOR, node: '?', atMs: 0, message } }
  }
}

function findingOf({ violation }: Outcome): Finding | undefined {
  if (violation === undefined) return undefined
  const { invariant, node, message, at } = violation
  return { invariant, node, atMs: at - EPOCH, message }
}

function difference(first: Outcome, second: Outcome): Finding | undefined {
  if (first.traceHash === second.traceHash) return undefined
  const what = ({ traceHash, eventCount }: Outcome): string => `${traceHash} after ${eventCount} events`
  const message = `two runs have different traces: ${what(first)} and ${what(second)}`
  return { invariant: DETERMINISTIC, node: '?', atMs: first.simulatedMs, message }
}

/**
 * What it takes to have a run once more: the seed, and those parts of its scenario that shrinking changes.
 * The rest is drawn from the seed.
 */
import { type EngineName, FAULTS, type FaultKind, type Scenario, scenarioOf } from '../scenario/scenario.ts'

export interface RunChoice {
  readonly seed: number
  readonly nodes: number
  readonly hours: number
  /** In the order of `FAULTS`. */
  readonly only: readonly FaultKind[]
  readonly realSignatures: boolean
  readonly engine: EngineName
}

export function choiceOf({ seed, nodeCount, hours, faults, hasRealSignatures, engine }: Scenario): RunChoice {
  const only = FAULTS.filter((kind) => faults.has(kind))
  return { seed, nodes: nodeCount, hours, only, realSignatures: hasRealSignatures, engine }
}

/** The line that has this run once more, whatever else will be drawn from the seed by then. */
export function replayLine(choice: RunChoice, isTwice = false): string {
  const { seed, nodes, hours, only, realSignatures, engine } = choice
  const parts = [`npm run sim -- --seed ${seed} --nodes ${nodes} --hours ${hours}`]
  parts.push(`--only ${only.length > 0 ? only.join(',') : 'none'}`)
  if (scenarioOf(seed).engine !== engine) parts.push(`--engine ${engine}`)
  if (realSignatures) parts.push('--real-signatures')
  else if (scenarioOf(seed).hasRealSignatures) parts.push('--stub-signatures')
  if (isTwice) parts.push('--twice')
  return parts.join(' ')
}

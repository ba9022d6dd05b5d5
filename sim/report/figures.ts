/** What many runs measured, added up. */
import type { Outcome } from '../run.ts'
import { type Counts, Tally } from './tally.ts'

/** Of one run; it goes from one process to another as JSON. */
export interface RunFigures {
  readonly eventCount: number
  readonly simulatedMs: number
  readonly blockCount: number
  readonly orphanCount: number
  readonly splitCount: number
  readonly distributions: Readonly<Record<Measure, Counts>>
}

export type Measure = 'reorgDepth' | 'convergence' | 'orphanRate' | 'inclusion'

export interface MeasureInfo {
  readonly measure: Measure
  readonly title: string
  /** Of what one value is. */
  readonly per: string
  /** In which people read it; `unitsPerValue` times what is counted. */
  readonly unit: 'blocks' | 's' | '%'
  readonly unitsPerValue: number
  /** Where the bars of its plot begin, in `unit`; the last one has no end. */
  readonly edges: readonly number[]
}

/** The bars get wider to the right: most values are small, and the few that are not are of interest. */
export const MEASURES: readonly MeasureInfo[] = [
  {
    ...{ measure: 'reorgDepth', title: 'Reorg depth', per: 'move of a head that took blocks off the chain' },
    ...{ unit: 'blocks', unitsPerValue: 1, edges: [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, 200, 400] },
  },
  {
    ...{ measure: 'convergence', title: 'Time to converge', per: 'healing of everything' },
    ...{ unit: 's', unitsPerValue: 0.001, edges: [0, 0.1, 0.2, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45] },
  },
  {
    ...{ measure: 'orphanRate', title: 'Orphan rate', per: 'seed' },
    ...{ unit: '%', unitsPerValue: 0.1, edges: [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80] },
  },
  {
    ...{ measure: 'inclusion', title: 'Time to inclusion', per: 'reading, from typed to confirmed' },
    ...{ unit: 's', unitsPerValue: 0.001, edges: [0, 0.01, 0.1, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 60] },
  },
]

export function figuresOf({ metrics, eventCount, simulatedMs }: Outcome): RunFigures {
  const { blockCount, orphanCount, splitCount } = metrics
  const orphanRates = blockCount > 0 ? [Math.round((orphanCount * 1_000) / blockCount)] : []
  const distributions = {
    reorgDepth: Tally.of(metrics.reorgDepths).counts(),
    convergence: Tally.of(metrics.convergenceMs).counts(),
    orphanRate: Tally.of(orphanRates).counts(),
    inclusion: Tally.of(metrics.inclusionMs).counts(),
  }
  return { eventCount, simulatedMs, blockCount, orphanCount, splitCount, distributions }
}

export class Figures {
  eventCount = 0
  simulatedMs = 0
  blockCount = 0
  orphanCount = 0
  /** Groups that were apart for longer than what is final. */
  splitCount = 0
  readonly tallies: Readonly<Record<Measure, Tally>> = {
    reorgDepth: new Tally(),
    convergence: new Tally(),
    orphanRate: new Tally(),
    inclusion: new Tally(),
  }

  add(run: RunFigures): void {
    this.eventCount += run.eventCount
    this.simulatedMs += run.simulatedMs
    this.blockCount += run.blockCount
    this.orphanCount += run.orphanCount
    this.splitCount += run.splitCount
    for (const { measure } of MEASURES) this.tallies[measure].addAll(run.distributions[measure])
  }
}

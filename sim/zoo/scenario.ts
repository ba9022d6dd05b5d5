import { ATTACKS, type Scenario, scenarioOf } from '../scenario/scenario.ts'
import type { ZooChoice } from './bug.ts'

/** Some two minutes. */
const HOURS = 0.03

const NODES_MAX = 5

/**
 * What a seed is in the zoo: as anywhere, but small and dense. A bug is to be met soon, so few nodes, no long
 * silences, and everything is made good and looked at twice a minute.
 */
export function zooScenario(seed: number, choice: ZooChoice = {}): Scenario {
  const scenario = scenarioOf(seed, {
    hours: HOURS,
    ...(choice.only === undefined && { without: ATTACKS }),
    ...choice,
  })
  return {
    ...scenario,
    nodeCount: choice.nodes ?? Math.min(scenario.nodeCount, NODES_MAX),
    finalDepth: choice.finalDepth ?? scenario.finalDepth,
    readingGapMs: choice.readingGapMs ?? Math.min(Math.max(scenario.readingGapMs, 600), 3_000),
    epochMs: Math.round(scenario.epochMs / 8),
  }
}

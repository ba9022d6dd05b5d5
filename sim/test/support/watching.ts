import type { Receipt } from 'pulseledger/simulation'
import type { Checker, CheckerContext, Violation } from '../../invariants/checker.ts'
import type { Observation, ObservedNode } from '../../node/observation.ts'
import type { TestGroup } from './group.ts'

export interface Watching<C extends Checker> {
  readonly checker: C
  /** All that it reported; a run would end at the first. */
  readonly violations: readonly Violation[]
}

/** A checker in a quiet world of no faults, but for what the test says. */
export function watching<C extends Checker>(
  Kind: new (context: CheckerContext) => C,
  { genesis, crypto, now }: TestGroup,
  { scenario, ...other }: Partial<CheckerContext> = {},
): Watching<C> {
  const violations: Violation[] = []
  const checker = new Kind({
    scenario: scenario ?? scenarioWith({}),
    ...{ rules: genesis.rules, crypto },
    now: () => now,
    isHonest: () => true,
    report: (violation) => violations.push(violation),
    ...other,
  })
  return { checker, violations }
}

export function scenarioWith(part: Partial<CheckerContext['scenario']>): CheckerContext['scenario'] {
  return { engine: 'longest-chain', finalDepth: 400, faults: new Set(), limits: undefined, ...part }
}

/** The node confirms an entry. */
export function confirmed(node: ObservedNode, entryId: Uint8Array): Observation {
  const value: Receipt = { entryId, height: 1, blockHash: entryId, index: 0 }
  return { kind: 'answered', node, result: { ok: true, value }, waitedMs: 1 }
}

import type { Crypto } from '@pulseledger/core'
import type { LedgerRules, PeerId } from 'pulseledger/simulation'
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Scenario } from '../scenario/scenario.ts'

/** A claim of THREATS about every run, and what in this one speaks against it. */
export interface Violation {
  readonly invariant: string
  readonly node: string
  readonly message: string
}

/** What a checker stands on. */
export interface CheckerContext {
  readonly scenario: Pick<Scenario, 'engine' | 'finalDepth' | 'faults' | 'limits'>
  readonly rules: LedgerRules
  readonly crypto: Crypto
  /** Virtual time, ms since 1970. */
  readonly now: () => number
  readonly isHonest: (peer: PeerId) => boolean
  /** To be called with the first thing that is wrong; the run ends there. */
  readonly report: (violation: Violation) => void
}

/** Looks on, and reports what must not be. It never touches what it looks at. */
export interface Checker {
  /** As docs/SIMULATION.md lists it. */
  readonly name: string
  observe?(observation: Observation): void
  /** All faults are over, and the honest nodes have one chain: all of them, each of them up. */
  agreed?(nodes: readonly ObservedNode[]): void
}

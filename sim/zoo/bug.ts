import type { ScenarioChoice } from '../scenario/scenario.ts'

/** A mistake that somebody could have made in the product, and how the simulator is to notice it. */
export interface Bug {
  readonly name: string
  /** One sentence: what a person would have done wrong. */
  readonly why: string
  readonly edits: readonly Edit[]
  /** Another invariant that breaks does not count: it would be found for another reason. */
  readonly foundBy: readonly InvariantName[]
  /** What of the scenario is not left to the seed; nothing, for most. */
  readonly choice?: ZooChoice
}

export interface ZooChoice extends ScenarioChoice {
  /** Where what is final matters, one that is reached soon. */
  readonly finalDepth?: number
  /** Where it matters that somebody types at a certain moment. */
  readonly readingGapMs?: number
}

/** Replaces the one place in a file that reads like this. */
export interface Edit {
  /** Below `packages/`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** As the checkers and run.ts name them. */
export type InvariantName =
  | 'acknowledged'
  | 'after-failure'
  | 'best-head'
  | 'caps'
  | 'convergence'
  | 'final-prefix'
  | 'honest-peers'
  | 'no-crash'
  | 'proofs'
  | 'receipts'
  | 'recovery'
  | 'responsive'
  | 'same-state'
  | 'time-passes'
  | 'told'
  | 'work'

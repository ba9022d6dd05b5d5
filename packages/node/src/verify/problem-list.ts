import { NODE_LIMITS } from '../limits.ts'
import { NodeFailure, type VerifyProblem } from '../ports.ts'

/** What a person can do about a problem. `verify` itself changes nothing, whatever it finds. */
export const REMEDY = {
  /** Something stored was lost or changed. */
  restore:
    'Stop the node, keep this data directory as it is under another name, and put a copy of it from before ' +
    'the damage in its place.',
  /** The bytes are as they were made: their hash says so. */
  producer:
    'The block is as its producer made it and breaks a rule of the ledger: restoring a copy does not help. ' +
    'Compare the ledger with that of another node, and report it.',
  /** The chain is sound, what leads to it is not. */
  index:
    'The blocks are not affected, but look-ups and new blocks may go wrong: stop the node, keep this data ' +
    'directory under another name, and put a copy of it from before the damage in its place.',
  /** The note of the last commit. */
  note:
    'The next commit writes the note anew. Until then nothing tells whether the end of the database was ' +
    'lost: compare the head with another copy or node.',
} as const

/** Where something is wrong. */
export interface Place {
  /** Undefined when it belongs to no one height. */
  readonly height?: number | undefined
  readonly field: string
}

/**
 * The problems found so far: each once, the lowest heights first, those without a height last, never too
 * many.
 */
export class ProblemList {
  #problems: VerifyProblem[] = []

  get all(): readonly VerifyProblem[] {
    return this.#problems
  }

  add({ height, field }: Place, message: string, remedy: string): void {
    const problem: VerifyProblem = { ...(height !== undefined && { height }), field, message, remedy }
    if (this.#problems.some((known) => isSame(known, problem))) return
    const before = this.#problems.findLastIndex((known) => rankOf(known) <= rankOf(problem))
    this.#problems.splice(before + 1, 0, problem)
    if (this.#problems.length > NODE_LIMITS.verifyProblemsMax) this.#problems.pop()
  }

  addAll(problems: Iterable<VerifyProblem>): void {
    for (const problem of problems) this.add(problem, problem.message, problem.remedy)
  }

  /** Forgets what was found above this height: the blocks there are not on the chain any more. */
  dropAbove(height: number): void {
    this.#problems = this.#problems.filter(
      (problem) => rankOf(problem) <= height || problem.height === undefined,
    )
  }
}

export function isSame(a: VerifyProblem, b: VerifyProblem): boolean {
  return a.height === b.height && a.field === b.field && a.message === b.message
}

function rankOf({ height }: VerifyProblem): number {
  return height ?? Number.POSITIVE_INFINITY
}

/** What `attempt` gives when the record that was asked for cannot be read any more. */
export const DAMAGED = Symbol('damaged')

/**
 * The outcome of a read, or `DAMAGED` and a problem. Other failures, such as of the disk, end the
 * verification.
 */
export function attempt<T>(problems: ProblemList, place: Place, read: () => T): T | typeof DAMAGED {
  try {
    return read()
  } catch (error) {
    problems.add(place, damageOf(error), REMEDY.restore)
    return DAMAGED
  }
}

/** The message of a STORE_DAMAGED; anything else is thrown on. */
export function damageOf(error: unknown): string {
  if (error instanceof NodeFailure && error.code === 'STORE_DAMAGED') return error.message
  throw error
}

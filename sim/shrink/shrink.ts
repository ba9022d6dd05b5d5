/**
 * Makes a failing run small, for a person to look at. Whatever is taken away, the same invariant must still
 * be violated: another violation is another bug. First it is cut off at its violation, which makes all that
 * follows quick. Then, in turns: kinds of faults are switched off, one by one; there are fewer nodes; it is
 * shorter; and once more from the start, since what a fault was needed for may be gone with a node. It ends
 * when nothing more can be taken away, or when it was tried often enough.
 *
 * Each stream of chance is one of its own, so a run mostly stays the same when something is taken away; it
 * may still become another one, which hides the violation. So this finds something small, not the smallest.
 *
 * To read: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002.
 */
import type { Finding } from './attempt.ts'
import type { RunChoice } from './run-choice.ts'

/** A run takes up to some seconds, and somebody waits. */
const TRIES_MAX = 120

/** A run has at least 20 s of faults, whatever it is told. */
const HOURS_MIN = 0.006

const HOUR = 3_600_000

export interface ShrinkInit {
  /** Has a run, and says what was wrong with it. */
  readonly attempt: (choice: RunChoice) => Promise<Finding | undefined>
  readonly triesMax?: number | undefined
  /** Told of each step that worked. */
  readonly onSmaller?: ((choice: RunChoice) => void) | undefined
}

export interface Failing {
  readonly choice: RunChoice
  readonly finding: Finding
}

export interface Shrunk extends Failing {
  readonly tryCount: number
}

/** The same violation in a run that is not larger; the run that was given at worst. */
export function shrink(failing: Failing, init: ShrinkInit): Promise<Shrunk> {
  return new Shrinker(failing, init).shrink()
}

class Shrinker {
  readonly #init: ShrinkInit
  readonly #invariant: string
  readonly #tried = new Set<string>()
  #smallest: Failing

  constructor(failing: Failing, init: ShrinkInit) {
    this.#init = init
    this.#smallest = failing
    this.#invariant = failing.finding.invariant
    this.#tried.add(JSON.stringify(failing.choice))
  }

  async shrink(): Promise<Shrunk> {
    await this.#first(untilViolation(this.#smallest))
    for (let before: Failing | undefined; before !== this.#smallest; ) {
      before = this.#smallest
      await this.#dropFaults()
      await this.#first(fewerNodes(this.#smallest))
      await this.#first(shorter(this.#smallest))
    }
    return { ...this.#smallest, tryCount: this.#tried.size - 1 }
  }

  async #dropFaults(): Promise<void> {
    if (await this.#isViolated({ ...this.#smallest.choice, only: [] })) return
    for (const fault of this.#smallest.choice.only) {
      const { choice } = this.#smallest
      await this.#isViolated({ ...choice, only: choice.only.filter((other) => other !== fault) })
    }
  }

  /** The first of them that violates it: they are in order, the smallest and quickest first. */
  async #first(choices: readonly RunChoice[]): Promise<void> {
    for (const choice of choices) if (await this.#isViolated(choice)) return
  }

  async #isViolated(choice: RunChoice): Promise<boolean> {
    const { triesMax = TRIES_MAX, attempt, onSmaller } = this.#init
    const key = JSON.stringify(choice)
    if (this.#tried.has(key) || this.#tried.size > triesMax) return false
    this.#tried.add(key)
    const finding = await attempt(choice)
    if (finding?.invariant !== this.#invariant) return false
    this.#smallest = { choice, finding }
    onSmaller?.(choice)
    return true
  }
}

function fewerNodes({ choice }: Failing): RunChoice[] {
  return Array.from({ length: choice.nodes - 1 }, (_, i) => ({ ...choice, nodes: i + 1 }))
}

/** Not before its violation: what happened until then stays the same. */
function untilViolation({ choice, finding }: Failing): RunChoice[] {
  const hours = Math.max(HOURS_MIN, round(finding.atMs / HOUR))
  return hours < choice.hours ? [{ ...choice, hours }] : []
}

/** Twice as long each time, as long as that is shorter. */
function shorter(failing: Failing): RunChoice[] {
  const { choice } = failing
  const lengths: RunChoice[] = []
  for (let hours = HOURS_MIN; hours < choice.hours; hours *= 2) {
    lengths.push({ ...choice, hours: round(hours) })
  }
  return [...lengths, ...untilViolation(failing)].sort((a, b) => a.hours - b.hours)
}

/** Upwards, to 3.6 s. */
function round(hours: number): number {
  return Number((Math.ceil(hours * 1_000) / 1_000).toFixed(3))
}

/** What was measured, how far chance may be from the truth, and whether a theory is within that. */

export interface Estimate {
  readonly mean: number
  /** Standard error of the mean. */
  readonly error: number
}

/** Of values that are independent of each other; at least two. */
export function estimateOf(values: readonly number[]): Estimate {
  const count = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, error: Math.sqrt(squares / (count - 1) / count) }
}

/**
 * Of a few values, with the error that theory gives it, `outcomes` being many more of the same from a model:
 * how far four values are from each other says little of how far their mean is from the truth.
 */
export function estimateBy(values: readonly number[], outcomes: readonly number[]): Estimate {
  const { error } = estimateOf(outcomes)
  return { mean: estimateOf(values).mean, error: error * Math.sqrt(outcomes.length / values.length) }
}

/** How far a theory may be from what was measured, in standard errors. */
const ERRORS_MAX = 3

/** Beyond 3 standard errors of a normal distribution, on one side. */
const TAIL_MIN = 0.00135

export function agrees({ mean, error }: Estimate, theory: number): boolean {
  return Math.abs(mean - theory) <= ERRORS_MAX * error
}

/**
 * Whether so many successes are no rarer than 3 standard errors would be: exactly, since few successes are
 * not normally distributed.
 */
export function agreesCount(successes: number, trials: number, probability: number): boolean {
  let below = 0
  for (let count = 0; count < successes; count++) below += binomial(trials, count, probability)
  const atLeast = 1 - below
  const atMost = below + binomial(trials, successes, probability)
  return Math.min(atLeast, atMost) >= TAIL_MIN
}

function binomial(trials: number, count: number, probability: number): number {
  if (probability >= 1) return count === trials ? 1 : 0
  let log = count * Math.log(probability) + (trials - count) * Math.log(1 - probability)
  for (let i = 0; i < count; i++) log += Math.log((trials - i) / (count - i))
  return Math.exp(log)
}

/** Where the probability is with 95 % confidence, from what came of trials (Wilson 1927). */
export function wilson(successes: number, trials: number): readonly [low: number, high: number] {
  const z = 1.96
  const share = successes / trials
  const scale = 1 + z ** 2 / trials
  const middle = (share + z ** 2 / (2 * trials)) / scale
  const half = (z * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2))) / scale
  return [Math.max(0, middle - half), Math.min(1, middle + half)]
}

/** Multiplies the runs of every property test that asks: `RUNS_FACTOR=100 npx vitest run packages/core`. */
const factor = Number(process.env.RUNS_FACTOR ?? 1)
if (!(factor > 0)) throw new Error(`RUNS_FACTOR is "${process.env.RUNS_FACTOR}", not a number above 0`)

export function runs(count: number): { numRuns: number } {
  return { numRuns: Math.ceil(count * factor) }
}

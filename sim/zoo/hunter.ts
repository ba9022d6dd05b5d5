/**
 * The process of one hunt: `hunter.ts <job as JSON>` prints a `Catch` as JSON. With plant.ts imported first
 * it runs the product with a bug in it, without it the product as it is.
 */
import { run } from '../run.ts'
import type { Catch, Job } from './hunt.ts'
import { zooScenario } from './scenario.ts'

const job = JSON.parse(process.argv[2] ?? '') as Job
console.log(JSON.stringify(await hunt(job)))
// What the last run left waiting is nobody's concern any more.
process.exit()

/** Goes through the seeds until one breaks an invariant that counts. */
async function hunt({ firstSeed, lastSeed, foundBy, choice }: Job): Promise<Catch> {
  const others = new Map<string, number>()
  for (let seed = firstSeed; seed <= lastSeed; seed++) {
    const { violation } = await run(zooScenario(seed, choice))
    if (violation === undefined) continue
    const { invariant, node, message } = violation
    if (foundBy === undefined || foundBy.some((name) => name === invariant)) {
      return { found: { seed, invariant, node, message }, others: Object.fromEntries(others) }
    }
    others.set(invariant, (others.get(invariant) ?? 0) + 1)
  }
  return { found: undefined, others: Object.fromEntries(others) }
}

/**
 * `npm run sim:work`: what proof of work does in a small group, measured, next to what theory says: see
 * docs/PROOF-OF-WORK.md.
 */
import { plural } from '../report/words.ts'
import {
  choosySection,
  doubleSpendSection,
  finalDepthSection,
  selfishSection,
} from '../report/work-attacks.ts'
import type { Section } from '../report/work-lines.ts'
import { retargetSection, timesSection } from '../report/work-windows.ts'
import { Flags, type FlagTable } from './flags.ts'
import { wallMs } from './wall-clock.ts'

const HELP = `Measures what proof of work does in a small group: npm run sim:work -- [options]

  --quick     fewer blocks and trials: in seconds, with more noise
  --seed N    1 when it is not given
  --help      this

It ends with 0; with 1 when a row is farther from theory than 3 standard errors, which happens to one row of
some 300 by chance; with 2 for a bad option.`

const TABLE: FlagTable = { quick: 'boolean', seed: 'string', help: 'boolean' }

interface Size {
  readonly cycles: number
  readonly batches: number
  readonly alphas: readonly number[]
  readonly choosyAlphas: readonly number[]
  readonly blocks: number
  readonly shares: readonly number[]
  readonly confirmations: readonly number[]
  readonly tieConfirmations: readonly number[]
  readonly trials: number
}

const WHOLE: Size = {
  ...{
    cycles: 24,
    batches: 24,
    alphas: [0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45],
    choosyAlphas: [0.1, 0.2, 0.25],
  },
  ...{ blocks: 5_000, shares: [0.1, 0.2, 0.3, 0.4, 0.55], confirmations: [1, 2, 4, 6] },
  ...{ tieConfirmations: [1, 6], trials: 400 },
}

const QUICK: Size = {
  ...{ cycles: 4, batches: 4, alphas: [0.2, 0.4], choosyAlphas: [0.2], blocks: 1_000 },
  ...{ shares: [0.1, 0.4], confirmations: [1, 4], tieConfirmations: [1], trials: 60 },
}

/** Ties are of no more use to who has most of the power. */
const MINORITY = 0.5

function sectionsOf(seed: number, size: Size): (() => Promise<Section>)[] {
  const { shares, confirmations, tieConfirmations, trials, alphas, choosyAlphas, blocks } = size
  const minorities = shares.filter((share) => share < MINORITY)
  return [
    () => retargetSection(seed, size.cycles),
    () => timesSection(seed, size.batches),
    () => selfishSection(seed, { alphas, blocks }),
    () => choosySection(seed, { alphas: choosyAlphas, blocks }),
    () => doubleSpendSection(seed, { shares, confirmations, trials, usesTies: false }),
    () =>
      doubleSpendSection(seed, {
        ...{ shares: minorities, confirmations: tieConfirmations, trials, usesTies: true },
      }),
    () => finalDepthSection(seed),
  ]
}

async function main(args: readonly string[]): Promise<number> {
  const flags = new Flags(args, TABLE)
  const seed = flags.integer('seed', 0, Number.MAX_SAFE_INTEGER) ?? 1
  if (flags.problem !== undefined) {
    console.error(`error: ${flags.problem}`)
    return 2
  }
  if (flags.has('help')) {
    console.log(HELP)
    return 0
  }
  let offCount = 0
  for (const measure of sectionsOf(seed, flags.has('quick') ? QUICK : WHOLE)) {
    const startedAt = wallMs()
    const section = await measure()
    console.log(section.lines.join('\n'))
    console.error(`${((wallMs() - startedAt) / 1_000).toFixed(1)} s\n`)
    offCount += section.offCount
  }
  console.log(offCount === 0 ? 'all within 3 standard errors' : `${plural(offCount, 'row')} off: see NO`)
  return offCount === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))

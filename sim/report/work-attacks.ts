/**
 * Experiments 3 and 4: what a miner gets who withholds blocks, and how often one undoes what was confirmed.
 */
import { measureDoubleSpend } from '../work/double-spend.ts'
import { measureFinalDepth } from '../work/final-depth.ts'
import {
  bestLowest,
  choosySelfishShare,
  nakamoto,
  rosenfeld,
  rosenfeldByHash,
  selfishShare,
} from '../work/formulas.ts'
import { measureSelfish } from '../work/selfish.ts'
import { agreesCount, wilson } from '../work/statistics.ts'
import { percent, whole } from './words.ts'
import { compared, type Section, section, VERDICT, verdict } from './work-lines.ts'

export async function selfishSection(
  seed: number,
  { alphas, blocks }: { alphas: readonly number[]; blocks: number },
): Promise<Section> {
  const rows: string[][] = []
  for (const alpha of alphas) {
    const { share, staleShare } = await measureSelfish({ seed, alpha, blocks })
    const theory = selfishShare(alpha, 1 / 2)
    rows.push([`${alpha}`, ...compared(share, theory, 4), gain(theory, alpha), percent(staleShare)])
  }
  const title = `3. Selfish mining: its share of ${whole(blocks)} blocks of the chain`
  return section(title, ['power', 'share', 'theory', VERDICT, 'gain', 'stale'], rows)
}

/** The one who knows beforehand which ties it wins. */
export async function choosySection(
  seed: number,
  { alphas, blocks }: { alphas: readonly number[]; blocks: number },
): Promise<Section> {
  const rows: string[][] = []
  for (const alpha of alphas) {
    const lowest = bestLowest(alpha)
    const { share, staleShare } = await measureSelfish({ seed, alpha, blocks, lowest })
    const theory = choosySelfishShare(alpha, lowest)
    const cells = [...compared(share, theory, 4), gain(theory, alpha), percent(staleShare)]
    rows.push([`${alpha}`, lowest.toFixed(2), ...cells])
  }
  const title = 'The same, of a miner that withholds only blocks with low hashes, which win ties'
  return section(title, ['power', 'lowest', 'share', 'theory', VERDICT, 'gain', 'stale'], rows)
}

/** Against what it would get in good order. */
function gain(share: number, alpha: number): string {
  const value = share / alpha - 1
  return `${value < -0.0005 ? '-' : '+'}${percent(Math.abs(value))}`
}

interface Cell {
  readonly share: number
  readonly confirmations: number
  readonly trials: number
}

export interface DoubleSpendPlan {
  readonly shares: readonly number[]
  readonly confirmations: readonly number[]
  readonly trials: number
  readonly usesTies: boolean
}

/** What became of the readings of others, over all trials. */
interface Readings {
  total: number
  returned: number
  lost: number
  alarms: number
  successes: number
}

export async function doubleSpendSection(seed: number, plan: DoubleSpendPlan): Promise<Section> {
  const { shares, confirmations, trials, usesTies } = plan
  const readings: Readings = { total: 0, returned: 0, lost: 0, alarms: 0, successes: 0 }
  const rows: string[][] = []
  for (const share of shares) {
    for (const count of confirmations) {
      rows.push(await rowOf({ share, confirmations: count, trials }, { seed, usesTies, readings }))
    }
  }
  const how = usesTies ? 'telling of equal chains that win by their hash' : 'with a longer chain'
  const title = `4. Double spending ${how}: ${whole(trials)} trials in each row`
  const head = ['power', 'confirmations', 'undone', '95 %', 'theory', VERDICT, 'Nakamoto']
  const { lines, offCount } = section(title, head, rows)
  const { total, returned, lost, alarms, successes } = readings
  const said = [
    `${whole(total)} readings of others were on the chain; ${whole(returned)} times one came off it with its`,
    `block; not on it in the end: ${lost}. ` +
      `Warnings of a lost sequence: ${alarms} for ${successes} successes.`,
  ]
  return { lines: [...lines, ...said, ''], offCount: offCount + (lost > 0 || alarms !== successes ? 1 : 0) }
}

async function rowOf(
  { share, confirmations, trials }: Cell,
  { seed, usesTies, readings }: { seed: number; usesTies: boolean; readings: Readings },
): Promise<string[]> {
  const figures = await measureDoubleSpend({ seed, share, confirmations, trials, usesTies })
  const { successes, readingCount, returnedCount, lostCount, alarmCount } = figures
  readings.total += readingCount
  readings.returned += returnedCount
  readings.lost += lostCount
  readings.alarms += alarmCount
  readings.successes += successes
  const theory = usesTies ? rosenfeldByHash(share, confirmations) : rosenfeld(share, confirmations)
  const [low, high] = wilson(successes, trials)
  return [
    ...[`${share}`, `${confirmations}`, (successes / trials).toFixed(4)],
    ...[`${low.toFixed(4)}-${high.toFixed(4)}`, theory.toFixed(4)],
    ...[verdict(agreesCount(successes, trials, theory)), nakamoto(share, confirmations).toFixed(4)],
  ]
}

const FINAL_DEPTH = 6

export async function finalDepthSection(seed: number): Promise<Section> {
  const rows = await measureFinalDepth(FINAL_DEPTH, [1, 3, FINAL_DEPTH, FINAL_DEPTH + 1, 12], seed)
  const cells = rows.map(({ depth, isTaken }) => {
    const isRight = isTaken === depth <= FINAL_DEPTH
    return [`${depth}`, isTaken ? 'taken' : 'refused', verdict(isRight)]
  })
  const title = `Heavier branches told of at once, where a block is final under ${FINAL_DEPTH} others`
  return section(title, ['blocks undone', '', 'as it should be'], cells)
}

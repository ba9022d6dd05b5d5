/** Experiments 1 and 2: what a window of blocks takes, while power changes and while clocks lie. */
import { Chance } from '../kernel/chance.ts'
import { modelWindows } from '../work/model.ts'
import { estimateBy, estimateOf } from '../work/statistics.ts'
import { type Course, type Liar, measureWindows, WINDOW } from '../work/windows.ts'
import { compared, type Section, section, VERDICT } from './work-lines.ts'

/** Windows from one step of power to the next: by then the last one is forgotten. */
const PHASE_WINDOWS = 8
const SHOWN_WINDOWS = 4

/** From each to the next, and from the last to the first. */
const POWERS = [1, 4, 1, 1 / 3] as const
const STEPS = ['x3', 'x4', 'x1/4', 'x1/3']
const CYCLE_WINDOWS = PHASE_WINDOWS * POWERS.length

/** So many cycles of the model that its own noise is nothing. */
const MODEL_CYCLES = 1_500

/** `cycles`: of four steps each; the first one is not counted. */
export async function retargetSection(seed: number, cycles: number): Promise<Section> {
  const course = (count: number): Course => ({
    ...{ intervalMs: 1_000, windows: (count + 1) * CYCLE_WINDOWS },
    powerAt: (window) => POWERS[Math.floor(window / PHASE_WINDOWS) % POWERS.length] ?? 1,
  })
  const windows = await measureWindows(course(cycles), seed)
  const seen = byPlace(windows.map(({ interval }) => interval))
  const chance = Chance.of(seed, 'model of power')
  const theory = byPlace(modelWindows(course(MODEL_CYCLES), { sharesEdges: true }, chance))
  const places = POWERS.flatMap((_, phase) =>
    Array.from({ length: SHOWN_WINDOWS }, (_, i) => ({ phase, place: phase * PHASE_WINDOWS + i, i })),
  )
  const rows = places.map(({ phase, place, i }) => {
    const outcomes = theory[place] ?? []
    const estimate = estimateBy(seen[place] ?? [], outcomes)
    const { mean } = estimateOf(outcomes)
    return [`${STEPS[phase]}`, `${i + 1}`, ...compared(estimate, mean, 3), near(mean)]
  })
  const times = `${cycles} times (1 = the interval)`
  const title = `1. Steps of hash power: windows of ${WINDOW} blocks after each, ${times}`
  const head = ['step', 'window', 'interval', 'theory', VERDICT, 'within 20 %']
  return section(title, head, [...rows, steadyRow(seen, theory)])
}

/** The second half of each phase. */
function steadyRow(seen: readonly number[][], theory: readonly number[][]): string[] {
  const outcomes = steadyMeans(theory)
  const { mean } = estimateOf(outcomes)
  return ['steady', '5-8', ...compared(estimateBy(steadyMeans(seen), outcomes), mean, 3), near(mean)]
}

/** One mean for each cycle, since windows that follow each other are not independent. */
function steadyMeans(byPlaces: readonly number[][]): number[] {
  const steady = byPlaces.filter((_, place) => place % PHASE_WINDOWS >= PHASE_WINDOWS / 2)
  return (steady[0] ?? []).map((_, cycle) => meanOf(steady.map((all) => all[cycle] ?? 0)))
}

/** Of every cycle but the first, by the place of the window in it. */
function byPlace(intervals: readonly number[]): number[][] {
  return Array.from({ length: CYCLE_WINDOWS }, (_, place) =>
    intervals.filter((_, i) => i >= CYCLE_WINDOWS && i % CYCLE_WINDOWS === place),
  )
}

function near(interval: number): string {
  return Math.abs(interval - 1) <= 0.2 ? 'yes' : '-'
}

const AHEAD_MS = 119_000

/** What a ledger has by default. */
const INTERVAL_MS = 5_000

/** Left out at the beginning, and then averaged as one value, windows. */
const BURN_IN = 8
const BATCH = 10

interface Game {
  readonly name: string
  readonly liar?: Liar
}

/** Just before the end too: a draft has the clock of its beginning. */
function atEnds(height: number): number {
  return height % WINDOW === 0 || height % WINDOW >= WINDOW - 2 ? AHEAD_MS : 0
}

const GAMES: readonly Game[] = [
  { name: 'all clocks right' },
  { name: '1/3 of the power 119 s ahead', liar: { share: 1 / 3, skewMs: () => AHEAD_MS } },
  { name: '1/3 ahead, at the ends of windows alone', liar: { share: 1 / 3, skewMs: atEnds } },
  { name: '1/3 as far behind as it can', liar: { share: 1 / 3, skewMs: () => -AHEAD_MS } },
]

const MODEL_WINDOWS = 8_000

/** `batches`: of ten windows each, for every game. */
export async function timesSection(seed: number, batches: number): Promise<Section> {
  const rows: string[][] = []
  for (const { name, liar } of GAMES) {
    const course = (windows: number): Course => ({
      ...{ intervalMs: INTERVAL_MS, windows, powerAt: () => 1 },
      ...(liar && { liar }),
    })
    const windows = (await measureWindows(course(BURN_IN + BATCH * batches), seed)).slice(BURN_IN)
    const model = (sharesEdges: boolean): number[] =>
      batchesOf(modelWindows(course(MODEL_WINDOWS), { sharesEdges }, Chance.of(seed, 'model of time')))
    const outcomes = model(true)
    const estimate = estimateBy(batchesOf(windows.map(({ interval }) => interval)), outcomes)
    const difficulties = windows.map(({ difficulty }) => difficulty)
    const spread = [Math.min(...difficulties), Math.max(...difficulties)]
    rows.push([
      ...[name, ...compared(estimate, meanOf(outcomes), 3)],
      ...[spread.map((value) => value.toFixed(2)).join('-'), meanOf(model(false)).toFixed(3)],
    ])
  }
  const windowCount = batches * BATCH
  const title = `2. Clocks that lie: ${windowCount} windows of ${WINDOW} blocks each (1 = the interval, 5 s)`
  return section(title, ['', 'interval', 'theory', VERDICT, 'difficulty', 'own first block'], rows)
}

/** Means of windows that follow each other, which are not independent. */
function batchesOf(intervals: readonly number[]): number[] {
  const count = Math.floor(intervals.length / BATCH)
  return Array.from({ length: count }, (_, i) => meanOf(intervals.slice(i * BATCH, (i + 1) * BATCH)))
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The distributions of a long simulation: as a table, as a plot, and as they are. */
import { type Figures, MEASURES, type MeasureInfo } from './figures.ts'
import { type Bar, histograms, type Panel } from './histogram.ts'
import { table } from './table.ts'
import type { Counts, Tally } from './tally.ts'
import { decimal, whole } from './words.ts'

const SHARES = [0.5, 0.9, 0.99, 1]

/** A row for each measure: count, p50, p90, p99, max. */
export function distributionLines(figures: Figures): string[] {
  return table([
    ['', 'count', 'p50', 'p90', 'p99', 'max', 'unit'],
    ...MEASURES.map((info) => {
      const tally = figures.tallies[info.measure]
      const values = SHARES.map((share) => inUnit(tally.percentile(share), info))
      return [info.title, whole(tally.count), ...values, info.unit]
    }),
  ])
}

export function distributionPlot(figures: Figures, subtitle: string): string {
  const panels = MEASURES.map((info) => panelOf(info, figures.tallies[info.measure]))
  return histograms({ title: 'Simulated groups', subtitle, panels })
}

/** Every value with its count, in the unit that is counted: `unitsPerValue` makes it the other. */
export function rawDistributions(figures: Figures): Record<string, object> {
  const raw = MEASURES.map(({ measure, per, unit, unitsPerValue }) => {
    const counts: Counts = figures.tallies[measure].counts()
    return [measure, { per, unit, unitsPerValue, counts }]
  })
  return Object.fromEntries(raw)
}

function panelOf(info: MeasureInfo, tally: Tally): Panel {
  const { title, per, unit, edges } = info
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => inUnit(tally.percentile(share), info))
  const note = `${whole(tally.count)} in all: p50 ${p50}, p99 ${p99}, max ${max} ${unit}`
  return { title, note, unit, what: `for each ${per}`, bars: barsOf(tally, info, edges) }
}

/** Each bar from its edge to the next; what is below the first edge is counted there too. */
function barsOf(tally: Tally, { unitsPerValue }: MeasureInfo, edges: readonly number[]): Bar[] {
  const counts = edges.map(() => 0)
  for (const [value, count] of tally.counts()) {
    const index = Math.max(
      0,
      edges.findLastIndex((edge) => edge <= value * unitsPerValue + 1e-9),
    )
    counts[index] = (counts[index] ?? 0) + count
  }
  return edges.map((edge, i) => ({
    label: decimal(edge, 2),
    share: tally.count > 0 ? (counts[i] ?? 0) / tally.count : 0,
  }))
}

function inUnit(value: number | undefined, { unitsPerValue }: MeasureInfo): string {
  return value === undefined ? '-' : decimal(value * unitsPerValue, 3)
}

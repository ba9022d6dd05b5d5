/** What a long simulation leaves behind: lines for a terminal, and the files of sim-report/. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { distributionLines, distributionPlot, rawDistributions } from '../../report/distributions.ts'
import { counted, decimal, plural, whole } from '../../report/words.ts'
import type { LongOptions } from '../long-options.ts'
import { progressLine } from './progress.ts'
import type { Walk } from './walk.ts'

/** More than anybody reads; the file has more. */
const LISTED_MAX = 50

const LINE_CHARACTERS_MAX = 200

export interface LongEnd {
  readonly elapsedMs: number
  /** That were begun and given up when the time was over. */
  readonly givenUp: readonly number[]
}

export function reportLines(walk: Walk, { elapsedMs, givenUp }: LongEnd): string[] {
  const { blockCount, orphanCount, splitCount } = walk.figures
  const cut = givenUp.length > 0 ? `, ${plural(givenUp.length, 'seed')} given up at the end` : ''
  return [
    progressLine(walk, elapsedMs),
    `${plural(walk.twiceCount, 'seed')} run twice${cut}`,
    `${whole(blockCount)} blocks, ${whole(orphanCount)} of them orphans; ` +
      `${plural(splitCount, 'group')} apart for longer than what is final`,
    '',
    ...distributionLines(walk.figures),
    '',
    ...violationLines(walk),
  ]
}

function violationLines({ violations, violationCounts, violationCount }: Walk): string[] {
  if (violationCount === 0) return ['no violations']
  const listed = violations.toSorted((a, b) => a.seed - b.seed).slice(0, LISTED_MAX)
  const more = violationCount - listed.length
  return [
    `${plural(violationCount, 'violation')}: ${counted(violationCounts)}`,
    ...listed.flatMap(({ seed, invariant, node, atMs, message, replay }) => [
      '',
      `seed ${seed}: ${invariant}, ${node} at ${decimal(atMs / 1_000, 3)} s`,
      `  ${(message.split('\n')[0] ?? '').slice(0, LINE_CHARACTERS_MAX)}`,
      `  ${replay}`,
    ]),
    ...(more > 0 ? ['', `and ${whole(more)} more`] : []),
  ]
}

/** Returns the paths of what was written. */
export function writeReport(walk: Walk, options: LongOptions, end: LongEnd): string[] {
  const { from, hours, folder, workerCount } = options
  const { figures, violations, seeds, twiceCount } = walk
  const what = `${plural(seeds.length, 'seed')} from ${from}, ${decimal(hours, 3)} simulated hours each`
  const subtitle = `${what}; bars are shares of all values`
  const { eventCount, simulatedMs, blockCount, orphanCount, splitCount } = figures
  const raw = {
    ...{ from, hoursPerSeed: hours, only: options.only, without: options.without, workerCount },
    ...{ elapsedMs: Math.round(end.elapsedMs), seedCount: seeds.length, twiceCount, givenUp: end.givenUp },
    ...{ eventCount, simulatedMs, blockCount, orphanCount, splitCount },
    distributions: rawDistributions(figures),
    violationCounts: Object.fromEntries(walk.violationCounts),
    violations: violations.toSorted((a, b) => a.seed - b.seed),
    seeds: seeds.toSorted((a, b) => a.seed - b.seed),
  }
  const files = {
    'distributions.svg': distributionPlot(figures, subtitle),
    'figures.json': `${JSON.stringify(raw)}\n`,
    'report.txt': `${reportLines(walk, end).join('\n')}\n`,
  }
  mkdirSync(folder, { recursive: true })
  return Object.entries(files).map(([name, text]) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  })
}

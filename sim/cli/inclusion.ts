/**
 * `npm run sim:inclusion`: how long readings take in groups of two to nine nodes that all type at once, each
 * joined with each, with 100 ms from one to another. A way without a leader pays for it with orphans; this
 * shows how much, and whether 99 readings of 100 are stored within ten seconds.
 */
import { type InclusionFigures, measureInclusion, turnGapMs } from '../report/inclusion.ts'
import { table } from '../report/table.ts'
import type { Tally } from '../report/tally.ts'
import { decimal, duration, percent, plural, whole } from '../report/words.ts'
import { NODES_MAX, type Scenario, scenarioOf } from '../scenario/scenario.ts'
import { Flags, type FlagTable, type Parsed } from './flags.ts'
import { wallMs } from './wall-clock.ts'

/** What is asked of the ledger: of 100 readings 99 are stored by then. */
const STORED_MS_MAX = 10_000

const LATENCY_MS = 100

const HELP = `Measures how long readings take while all nodes type at once: npm run sim:inclusion -- [options]

  --nodes N            groups of 2 to N nodes; 9 when it is not given
  --gap MS             one rate: each node types a reading every MS milliseconds, on average;
                       10000, 1000 and 100 when it is not given
  --minutes M          of simulated time; 2 when it is not given
  --seed N             1 when it is not given
  --help               this

It ends with 0; with 1 when more than one reading of 100 took longer than ${STORED_MS_MAX / 1_000} s,
or something was wrong; with 2 for a bad option.`

const TABLE: FlagTable = {
  ...{ nodes: 'string', gap: 'string', minutes: 'string', seed: 'string', help: 'boolean' },
}

interface InclusionOptions {
  readonly nodesMax: number
  readonly gapsMs: readonly number[]
  readonly minutes: number
  readonly seed: number
  readonly isHelp: boolean
}

function parse(args: readonly string[]): Parsed<InclusionOptions> {
  const flags = new Flags(args, TABLE)
  const gapMs = flags.integer('gap', 10, 3_600_000)
  const value: InclusionOptions = {
    nodesMax: flags.integer('nodes', 2, NODES_MAX) ?? 9,
    gapsMs: gapMs === undefined ? [10_000, 1_000, 100] : [gapMs],
    minutes: flags.decimal('minutes', 1_000) ?? 2,
    seed: flags.integer('seed', 0, Number.MAX_SAFE_INTEGER) ?? 1,
    isHelp: flags.has('help'),
  }
  return flags.problem === undefined ? { ok: true, value } : { ok: false, problem: flags.problem }
}

function scenarioFor(nodeCount: number, gapMs: number, { seed, minutes }: InclusionOptions): Scenario {
  return {
    ...scenarioOf(seed, {
      only: [],
      engine: 'longest-chain',
      nodes: nodeCount,
      hours: minutes / 60,
      realSignatures: false,
    }),
    ...{ topology: 'mesh', latencyMs: [LATENCY_MS, LATENCY_MS], finalDepth: 400, blockEntries: 1_000 },
    ...{ readingGapMs: turnGapMs(gapMs, nodeCount), authorShare: 0 },
  }
}

const HEAD = ['nodes', 'each every', 'readings/s', 'orphans', 'reorg max', 'stored p50', 'p99', 'max']
const HEAD_SETTLED = ['settled p50', 'p99', 'max']

function rowOf(nodeCount: number, gapMs: number, figures: InclusionFigures): string[] {
  const { readingsPerSecond, orphanRate, reorgDepthMax, stored, settled } = figures
  const told = (tally: Tally): string[] =>
    [0.5, 0.99, 1].map((share) => duration(tally.percentile(share) ?? 0))
  return [
    ...[String(nodeCount), duration(gapMs), decimal(readingsPerSecond, 1), percent(orphanRate)],
    ...[whole(reorgDepthMax), ...told(stored), ...told(settled)],
  ]
}

async function main(args: readonly string[]): Promise<number> {
  const parsed = parse(args)
  if (!parsed.ok) {
    console.error(`error: ${parsed.problem}`)
    return 2
  }
  if (parsed.value.isHelp) {
    console.log(HELP)
    return 0
  }
  return measure(parsed.value)
}

async function measure(options: InclusionOptions): Promise<number> {
  const { nodesMax, gapsMs, minutes } = options
  const rows: string[][] = []
  const problems: string[] = []
  for (const gapMs of gapsMs) {
    for (let nodeCount = 2; nodeCount <= nodesMax; nodeCount++) {
      const startedAt = wallMs()
      const figures = await measureInclusion(scenarioFor(nodeCount, gapMs, options))
      const what = `${nodeCount} nodes, each a reading every ${duration(gapMs)}`
      console.error(`${what}: ${duration(wallMs() - startedAt)}`)
      rows.push(rowOf(nodeCount, gapMs, figures))
      problems.push(...problemsOf(figures).map((problem) => `${what}: ${problem}`))
    }
  }
  const title = `${decimal(minutes, 2)} simulated minutes each, ${LATENCY_MS} ms from each node to each`
  console.log([title, '', ...table([[...HEAD, ...HEAD_SETTLED], ...rows]), '', ...problems].join('\n'))
  if (problems.length === 0) console.log(`p99 of stored is at most ${duration(STORED_MS_MAX)} everywhere`)
  return problems.length === 0 ? 0 : 1
}

function problemsOf({ stored, lostCount, problem }: InclusionFigures): string[] {
  const p99 = stored.percentile(0.99) ?? 0
  return [
    ...(problem === undefined ? [] : [problem]),
    ...(p99 > STORED_MS_MAX ? [`p99 of stored is ${duration(p99)}, above ${duration(STORED_MS_MAX)}`] : []),
    ...(lostCount > 0 ? [`${plural(lostCount, 'reading')} refused, or on the chain without an answer`] : []),
  ]
}

process.exitCode = await main(process.argv.slice(2))

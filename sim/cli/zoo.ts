/**
 * `node sim/cli/zoo.ts [name...]`: hunts the bugs of the zoo, or those that are named, and says after how
 * many seeds each was found and by which invariant. The control is the product as it is over as many seeds:
 * what is found there was not planted.
 */
import { BUGS, bugNamed } from '../zoo/bugs.ts'
import { type HuntReport, huntAll, huntNothing, SEEDS_MAX } from '../zoo/hunt.ts'
import { wallMs } from './wall-clock.ts'

/** Seeds of the control at most: some of the bugs need many, and each takes its time. */
const CONTROL_SEEDS_MAX = 100

const names = process.argv.slice(2)
const bugs = names.length === 0 ? BUGS : names.map(bugNamed)

console.log(row('bug', 'seeds', 'found by', 'time'))
const onReport = (report: HuntReport, tookMs: number): void => console.log(rowOf(report, tookMs))
const reports = await huntAll(bugs, { now: wallMs, onReport })

const seeds = Math.min(CONTROL_SEEDS_MAX, Math.max(1, ...reports.map((report) => report.seeds ?? 1)))
const { found } = await huntNothing(1, seeds)
const missing = reports.filter((report) => report.seeds === undefined)
console.log(`\n${reports.length - missing.length} of ${reports.length} bugs found in ${inSeconds(wallMs())}`)
if (found === undefined) console.log(`control: nothing in ${seeds} seeds of the product as it is`)
else console.log(`control: seed ${found.seed} breaks ${found.invariant} of ${found.node}: ${found.message}`)
for (const { bug, message, others } of missing) {
  const instead = Object.entries(others).map(([invariant, count]) => `, but for ${invariant} in ${count}`)
  console.error(`error: ${bug}: ${message ?? `not found in ${SEEDS_MAX} seeds${instead.join('')}`}`)
}
if (missing.length > 0 || found !== undefined) process.exitCode = 1

function rowOf({ bug, seeds: needed, invariant }: HuntReport, tookMs: number): string {
  return row(bug, needed === undefined ? 'none' : String(needed), invariant ?? '', inSeconds(tookMs))
}

function row(bug: string, needed: string, invariant: string, time: string): string {
  return `${bug.padEnd(48)} ${needed.padStart(6)}  ${invariant.padEnd(14)} ${time.padStart(8)}`
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

import { withDirectory } from './support/bench-node.ts'
import { installRivals } from './support/install-rivals.ts'
import type { Group, Latencies, Throughput } from './support/network-figures.ts'
import { NodeGroup } from './support/node-group.ts'
import { median, percentile, type Report, type Suite } from './support/report.ts'
import { RivalGroup } from './support/rival-group.ts'

/** One process where readings are entered, and the others to which they are replicated. */
const GROUP_SIZE = 5
const WARM_UP = 50
const ONE_AT_A_TIME = 200
/** 20 readings a second: what the slowest of the systems still keeps up with. */
const RATE_COUNT = 200
const RATE_INTERVAL_MS = 50

const TYPING_MS = 6_000
const TERMINALS = 1_000
/** Share of a run that is done once before it is measured. */
const WARM_UP_SHARE = 0.2

interface RivalPlan {
  readonly name: string
  readonly title: string
  readonly does: string
  /** Readings that are measured, and how many of them one call of its append takes; named by what it is. */
  readonly runs: readonly { readonly how: string; readonly count: number; readonly together: number }[]
}

const RIVALS: readonly RivalPlan[] = [
  {
    name: 'orbitdb',
    title: 'OrbitDB',
    does: 'each reading signed and checked by each replica (secp256k1); no fsync',
    runs: [{ how: 'one a call', count: 1_000, together: 1 }],
  },
  {
    name: 'autobase',
    title: 'Autobase',
    does: 'a signature a call, checked by each replica (Ed25519); no fsync',
    runs: [
      { how: 'one a call', count: 3_000, together: 1 },
      { how: '1,000 a call', count: 10_000, together: 1_000 },
    ],
  },
  {
    name: 'hypercore',
    title: 'Hypercore',
    does: 'a signature a call, checked by each replica (Ed25519); no order of writers; no fsync',
    runs: [
      { how: 'one a call', count: 5_000, together: 1 },
      { how: '1,000 a call', count: 50_000, together: 1_000 },
    ],
  },
]

interface Measured {
  readonly oneAtATime: Latencies
  readonly atRate: Latencies
  readonly throughput: Throughput
}

/**
 * Five processes on this machine, connected over TCP on loopback: how fast a reading that is entered at one
 * is at the four others. First our nodes, typed into through terminals, then the same readings in the rivals
 * of bench/rivals, each with its data on disk. Readings a second count until all five have them, latencies at
 * each of the four.
 *
 * Goals: ahead of each rival in replicated readings a second and in the 99th percentile of latency.
 */
export const networkSuite: Suite = async (report) => {
  const ours = await withDirectory((directory) => measureNodes(report, directory))
  const missing = installRivals()
  if (missing !== undefined) return report.line('rivals', 'absent', missing)
  for (const plan of RIVALS) {
    const theirs = await withDirectory((directory) => measureRival(report, plan, directory))
    compare(report, plan, ours, theirs)
  }
}

async function measureNodes(report: Report, directory: string): Promise<Measured> {
  report.line('pulseledger', '', 'each reading signed and checked by each node (Ed25519); fsync first')
  const group = await NodeGroup.start(directory, GROUP_SIZE)
  try {
    const latencies = await measureLatencies(report, group)
    await group.throughput(1, TERMINALS, WARM_UP_SHARE * TYPING_MS)
    const atOne = await group.throughput(1, TERMINALS, TYPING_MS)
    reportThroughput(report, `${TERMINALS} terminals at one node`, atOne)
    const each = TERMINALS / GROUP_SIZE
    const atAll = await group.throughput(GROUP_SIZE, each, TYPING_MS)
    reportThroughput(report, `${each} terminals at each node`, atAll)
    reportMemory(report, group)
    return { ...latencies, throughput: atOne }
  } finally {
    await group.stop()
  }
}

async function measureRival(report: Report, plan: RivalPlan, directory: string): Promise<Measured> {
  report.line(plan.title, '', plan.does)
  const group = await RivalGroup.start(plan.name, directory, GROUP_SIZE)
  try {
    const latencies = await measureLatencies(report, group)
    const runs: Throughput[] = []
    for (const { how, count, together } of plan.runs) {
      await group.throughput(WARM_UP_SHARE * count, together)
      const run = await group.throughput(count, together)
      reportThroughput(report, how, run)
      runs.push(run)
    }
    reportMemory(report, group)
    await group.check()
    const throughput = runs.reduce((best, run) => (run.perSecond > best.perSecond ? run : best))
    return { ...latencies, throughput }
  } finally {
    await group.stop()
  }
}

async function measureLatencies(report: Report, group: Group): Promise<Omit<Measured, 'throughput'>> {
  await group.warmUp(WARM_UP)
  const oneAtATime = await group.oneAtATime(ONE_AT_A_TIME)
  reportLatencies(report, 'one at a time', oneAtATime)
  const atRate = await group.atRate(RATE_COUNT, RATE_INTERVAL_MS)
  reportLatencies(report, `${1000 / RATE_INTERVAL_MS} a second`, atRate)
  return { oneAtATime, atRate }
}

function reportLatencies(report: Report, how: string, latencies: Latencies): void {
  const note = `p99 ${percentile(latencies, 0.99).toFixed(1)} ms`
  report.line(`  shown elsewhere, ${how}, p50`, `${median(latencies).toFixed(1)} ms`, note)
}

function reportThroughput(report: Report, how: string, { perSecond, bytesEach, count }: Throughput): void {
  const note = `${Math.round(bytesEach)} bytes on the wire each; ${count} readings`
  report.line(`  readings/s, ${how}`, perSecond.toFixed(0), note)
}

function reportMemory(report: Report, group: Group): void {
  const all = group.rssMib().map((mib) => Math.round(mib))
  report.line('  resident memory a process', `${median(all)} MiB`, all.join(', '))
}

/** The best of what each can do, whichever way it likes. */
function compare(report: Report, { title }: RivalPlan, ours: Measured, theirs: Measured): void {
  const faster = ours.throughput.perSecond / theirs.throughput.perSecond
  report.line(`  pulseledger / ${title}, readings/s`, faster.toFixed(2), goal(faster > 1, 'above 1'))
  for (const [how, key] of [
    ['one at a time', 'oneAtATime'],
    [`${1000 / RATE_INTERVAL_MS} a second`, 'atRate'],
  ] as const) {
    const slower = percentile(ours[key], 0.99) / percentile(theirs[key], 0.99)
    report.line(`  pulseledger / ${title}, p99, ${how}`, slower.toFixed(2), goal(slower < 1, 'below 1'))
  }
}

function goal(isReached: boolean, what: string): string {
  return `goal: ${what}, ${isReached ? 'reached' : 'not reached'}`
}

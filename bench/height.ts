import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { startBenchNode, withDirectory } from './support/bench-node.ts'
import { firstPort } from './support/child-node.ts'
import { buildLongChain } from './support/long-chain.ts'
import { median, percentile, type Report, type Suite } from './support/report.ts'

const LOW = 10
const HIGH = 1_000_000
const APPENDS = 1_000
const STARTS = 5

/** Whether anything slows down as the chain grows: appending one reading, and starting. */
export const heightSuite: Suite = async (report) => {
  await withDirectory(async (directory) => {
    const low = join(directory, 'low')
    const high = join(directory, 'high')
    await buildLongChain(low, LOW)
    const startedAt = performance.now()
    await buildLongChain(high, HIGH)
    report.line(
      `(made ${HIGH} blocks of one reading)`,
      `${Math.round((performance.now() - startedAt) / 1000)} s`,
    )
    await compareStarts(report, low, high)
    await compareAppends(report, low, high)
  })
}

/** Two nodes in one process take turns, so that whatever the machine does meanwhile meets both. */
async function compareAppends(report: Report, low: string, high: string): Promise<void> {
  const nodes = [await startBenchNode(low), await startBenchNode(high)] as const
  const times: [number[], number[]] = [[], []]
  for (let i = 0; i < APPENDS; i++) {
    for (const [which, node] of nodes.entries()) {
      const startedAt = performance.now()
      const result = await node.service.submit({ measure: 'bpm', value: 72 })
      if (!result.ok) throw new Error(result.error.message)
      times[which as 0 | 1].push(performance.now() - startedAt)
    }
  }
  for (const node of nodes) await node.stop()
  const [lowMs, highMs] = times.map(median) as [number, number]
  for (const [which, height] of [LOW, HIGH].entries()) {
    const own = times[which as 0 | 1]
    const note = `p99 ${percentile(own, 0.99).toFixed(2)} ms`
    report.line(`append one reading at height ${height}, p50`, `${median(own).toFixed(3)} ms`, note)
  }
  report.line('  ratio', (highMs / lowMs).toFixed(2), 'must not grow: at most 1.2')
}

async function compareStarts(report: Report, low: string, high: string): Promise<void> {
  for (const [directory, height] of [
    [low, LOW],
    [high, HIGH],
  ] as const) {
    const times: number[] = []
    for (let i = 0; i < STARTS; i++) times.push(await startTime(directory))
    const note = 'process start to listening'
    report.line(`start-up with ${height} readings, p50`, `${median(times).toFixed(0)} ms`, note)
  }
}

async function startTime(directory: string): Promise<number> {
  const startedAt = performance.now()
  const flags = ['--data-dir', directory, '--addr', '127.0.0.1:0', '--json']
  const child = spawn(process.execPath, ['packages/node/bin/pulseledger.js', 'start', ...flags])
  await firstPort(child.stdout)
  const elapsedMs = performance.now() - startedAt
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
  return elapsedMs
}

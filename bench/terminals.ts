import { fork } from 'node:child_process'
import { startBenchNode, withDirectory } from './support/bench-node.ts'
import { median, percentile, perSecond, type Suite } from './support/report.ts'

const DURATION_MS = 4_000

interface Typed {
  readonly latencies: number[]
  readonly elapsedMs: number
}

/**
 * Terminals that each type a number, wait until it is confirmed, and type again: readings a second, each
 * durable before it was confirmed, and how long one takes. All terminals are in one other process.
 */
export const terminalSuite: Suite = async (report) => {
  for (const count of [1, 100, 1_000]) {
    const { latencies, elapsedMs } = await withDirectory(async (directory) => {
      const node = await startBenchNode(directory)
      try {
        return await type(count, node.addresses[0]?.port as number)
      } finally {
        await node.stop()
      }
    })
    const rate = perSecond(latencies.length, elapsedMs)
    const note = `p50 ${median(latencies).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms`
    report.line(`readings/s through ${count} terminal${count === 1 ? '' : 's'}`, rate.toFixed(0), note)
  }
}

function type(count: number, port: number): Promise<Typed> {
  const clients = new URL('./support/typing-clients.ts', import.meta.url)
  return new Promise((resolve, reject) => {
    const child = fork(clients, [port, count, DURATION_MS].map(String))
    child.once('message', (typed) => resolve(typed as Typed))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the typing terminals ended with code ${code}`)))
  })
}

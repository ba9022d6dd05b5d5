import { startBenchNode, withDirectory } from './support/bench-node.ts'
import { median, percentile, perSecond, type Suite } from './support/report.ts'
import { type } from './support/typing.ts'

const DURATION_MS = 4_000

/**
 * Terminals that each type a number, wait until it is confirmed, and type again: readings a second, each
 * durable before it was confirmed, and how long one takes. All terminals are in one other process.
 */
export const terminalSuite: Suite = async (report) => {
  for (const count of [1, 100, 1_000]) {
    const { latencies, elapsedMs } = await withDirectory(async (directory) => {
      const node = await startBenchNode(directory)
      try {
        return await type(count, node.addresses[0]?.port as number, DURATION_MS)
      } finally {
        await node.stop()
      }
    })
    const rate = perSecond(latencies.length, elapsedMs)
    const note = `p50 ${median(latencies).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms`
    report.line(`readings/s through ${count} terminal${count === 1 ? '' : 's'}`, rate.toFixed(0), note)
  }
}

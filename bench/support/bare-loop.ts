/** A thread that does nothing but search, for as long as it is told, and says how fast it was. */
import { parentPort, workerData } from 'node:worker_threads'
import { type MiningJob, NonceSearch } from 'pulseledger'
import { perSecond } from './report.ts'

export interface BareLoop {
  readonly job: MiningJob
  readonly warmUpMs: number
  readonly measuredMs: number
}

/** Nonces between two looks at the clock: some milliseconds of work. */
const NONCES = 65_536

const { job, warmUpMs, measuredMs } = workerData as BareLoop
const search = await NonceSearch.create()
search.setJob(job)
let from = 0n

function runFor(ms: number): number {
  const [startedAt, before] = [performance.now(), from]
  for (; performance.now() - startedAt < ms; from += BigInt(NONCES)) search.find(from, NONCES)
  return perSecond(Number(from - before), performance.now() - startedAt)
}

runFor(warmUpMs)
parentPort?.postMessage(runFor(measuredMs))

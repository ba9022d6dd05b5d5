/** A thread of the mining pool: job after job, each until its board is closed. See `mining-pool.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '@pulseledger/core'
import { JobBoard } from './job-board.ts'
import type { JobMessage, MinerMessage, MinerWorkerData } from './mining-pool.ts'
import { NonceSearch } from './nonce-search.ts'
import { runJob, SlicePace } from './run-job.ts'
import { SharedCount } from './shared-count.ts'
import { sliceNowMs } from './slice-clock.ts'

invariant(parentPort !== null, 'this module runs in a worker thread')
const port = parentPort
const total = new SharedCount((workerData as MinerWorkerData).total)
const search = await NonceSearch.create()
const pace = new SlicePace()

// Between jobs the thread sleeps. Jobs that were given up while it was busy are closed when it gets to them.
port.on('message', ({ id, job, board }: JobMessage) => {
  search.setJob(job)
  const nonce = runJob({ search, board: new JobBoard(board), total, pace, nowMs: sliceNowMs })
  if (nonce !== undefined) say({ kind: 'found', id, nonce })
})
say({ kind: 'ready' })

function say(message: MinerMessage): void {
  port.postMessage(message)
}

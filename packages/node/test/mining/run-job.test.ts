import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { JobBoard } from '../../src/mining/job-board.ts'
import { RateMeter } from '../../src/mining/rate-meter.ts'
import { runJob, SlicePace } from '../../src/mining/run-job.ts'
import { SharedCount } from '../../src/mining/shared-count.ts'

const { miningSliceMs, miningSliceNoncesMin, miningSliceNoncesMax, hashRateWindowMs } = NODE_LIMITS

/** A search that takes no time of its own; `answers` says what each slice finds. */
function run(board: JobBoard, answers: (from: bigint, count: number) => bigint | undefined) {
  const slices: [bigint, number][] = []
  const total = new SharedCount()
  const find = (from: bigint, count: number) => {
    slices.push([from, count])
    return answers(from, count)
  }
  const nonce = runJob({ search: { find }, board, total, pace: new SlicePace(), nowMs: () => 0 })
  return { nonce, slices, total: total.value }
}

describe('a thread at a job', () => {
  test('takes one slice after another, without a gap, until it finds a nonce', () => {
    const board = new JobBoard()
    const { nonce, slices, total } = run(board, (from, count) =>
      from + BigInt(count) > 50_000n ? 50_000n : undefined,
    )
    expect(nonce).toBe(50_000n)
    expect(slices.length).toBeGreaterThan(2)
    slices.reduce((expected, [from, count]) => {
      expect(from).toBe(expected)
      return from + BigInt(count)
    }, 0n)
    expect([board.attempts(), total]).toEqual([50_001, 50_001])
    expect(board.isOpen()).toBe(false)
  })

  test('ends with the slice in which the job was given up', () => {
    const board = new JobBoard()
    let slice = 0
    const { nonce, slices } = run(board, () => {
      slice += 1
      if (slice === 3) board.close()
      return undefined
    })
    expect(nonce).toBeUndefined()
    expect(slices.length).toBe(3)
  })

  test('tries nothing when the job was given up before', () => {
    const board = new JobBoard()
    board.close()
    expect(run(board, () => 0n)).toEqual({ nonce: undefined, slices: [], total: 0 })
  })

  test('keeps what it finds to itself when another thread found one first', () => {
    const board = new JobBoard()
    const { nonce } = run(board, () => {
      board.close()
      return 3n
    })
    expect(nonce).toBeUndefined()
    expect(board.attempts()).toBe(4)
  })
})

describe('the size of a slice', () => {
  const settled = (noncesPerMs: number): SlicePace => {
    const pace = new SlicePace()
    for (let i = 0; i < 40; i++) pace.took(pace.count / noncesPerMs)
    return pace
  }

  test.each([2_000, 15_000, 123_456])('becomes what takes its time at %i nonces a millisecond', (speed) => {
    expect(Math.abs(settled(speed).count - speed * miningSliceMs)).toBeLessThanOrEqual(4)
  })

  test('stays within its bounds, and a multiple of four', () => {
    const pace = new SlicePace()
    for (let i = 0; i < 100; i++) {
      pace.took(0)
      expect(pace.count % 4).toBe(0)
    }
    expect(pace.count).toBe(miningSliceNoncesMax)
    for (let i = 0; i < 100; i++) pace.took(10_000)
    expect(pace.count).toBe(miningSliceNoncesMin)
  })

  test('is only halved when the machine held a slice up for long', () => {
    const pace = settled(15_000)
    const { count } = pace
    pace.took(60_000)
    expect(pace.count).toBeGreaterThanOrEqual(count / 2 - 4)
  })
})

describe('the board of a job', () => {
  const workers: Worker[] = []
  afterEach(() => Promise.all(workers.map((worker) => worker.terminate())))

  test('gives no nonce to two threads and leaves none out, however unequal their slices', async () => {
    const board = new JobBoard()
    const code = `
      import { parentPort, workerData } from 'node:worker_threads'
      import { JobBoard } from ${JSON.stringify(new URL('../../src/mining/job-board.ts', import.meta.url))}
      const board = new JobBoard(workerData.shared)
      const slices = Array.from({ length: 3000 }, (_, i) => {
        const count = 1 + ((i * workerData.factor) % 97)
        return { from: board.take(count), count }
      })
      parentPort.postMessage(slices)`
    const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`)
    const lists = await Promise.all(
      [3, 5, 7, 11].map((factor) => {
        const worker = new Worker(url, { workerData: { shared: board.shared, factor } })
        workers.push(worker)
        return new Promise<{ from: bigint; count: number }[]>((resolve, reject) => {
          worker.on('message', resolve).on('error', reject)
        })
      }),
    )
    const slices = lists.flat().sort((a, b) => Number(a.from - b.from))
    expect(slices.length).toBe(12_000)
    let expected = 0n
    for (const { from, count } of slices) {
      expect(from).toBe(expected)
      expected += BigInt(count)
    }
    expect(board.take(1)).toBe(expected)
  })

  test('is closed by one thread only, and for all', () => {
    const board = new JobBoard()
    const other = new JobBoard(board.shared)
    expect([board.isOpen(), other.isOpen()]).toEqual([true, true])
    expect([other.close(), board.close(), other.close()]).toEqual([true, false, false])
    expect([board.isOpen(), other.isOpen()]).toEqual([false, false])
  })
})

describe('the hash rate', () => {
  test('is 0 before any time has passed', () => {
    const meter = new RateMeter()
    expect(meter.perSecond(5, 5)).toBe(0)
    meter.note(5, 0)
    expect(meter.perSecond(5, 100)).toBe(0)
  })

  test('follows what was done in the window, and forgets what was before', () => {
    const meter = new RateMeter()
    let total = 0
    let atMs = 0
    const pass = (noncesPerMs: number, forMs: number): number => {
      for (const end = atMs + forMs; atMs < end; atMs += 50) {
        meter.note(atMs, total)
        total += 50 * noncesPerMs
      }
      return meter.perSecond(atMs, total)
    }
    expect(pass(10, 30_000)).toBeCloseTo(10_000, 0)
    expect(pass(0, hashRateWindowMs / 2)).toBeCloseTo(5_000, -2)
    expect(pass(0, hashRateWindowMs)).toBe(0)
    expect(pass(20, hashRateWindowMs + 100)).toBeCloseTo(20_000, 0)
  })

  test('is an average since the last count when that one is older than the window', () => {
    const meter = new RateMeter()
    meter.note(0, 0)
    expect(meter.perSecond(100_000, 500_000)).toBe(5_000)
  })

  test('begins again when the clock is set back', () => {
    const meter = new RateMeter()
    meter.note(100_000, 0)
    meter.note(50_000, 700)
    expect(meter.perSecond(51_000, 1_700)).toBe(1_000)
  })
})

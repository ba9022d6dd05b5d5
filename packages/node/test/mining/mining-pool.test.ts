import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { MiningPool, type MiningPoolInit } from '../../src/mining/mining-pool.ts'
import { NodeFailure } from '../../src/ports.ts'
import { eventually } from '../support/eventually.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { dumbFind, EASIEST, HARDEST, meets, targetOf } from './dumb-work.ts'

const PREFIX = Uint8Array.from({ length: 192 }, (_, i) => 255 - i)
const ENDLESS = { prefix: PREFIX, target: HARDEST }
const clock = new VirtualClock()
let pool: MiningPool | undefined

async function started(init: Partial<MiningPoolInit> = {}): Promise<MiningPool> {
  pool = new MiningPool({ threads: 1, clock, ...init })
  await pool.start()
  return pool
}

function prefixOf(job: number): Uint8Array {
  return new Uint8Array(128).fill(job)
}

/** A thread that runs this JavaScript instead; `port` is its way to the pool. */
function worker(code: string): URL {
  const head = "import { parentPort as port } from 'node:worker_threads'\n"
  return new URL(`data:text/javascript,${encodeURIComponent(head + code)}`)
}

const READY = "port.postMessage({ kind: 'ready' })\n"

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => error,
  )
}

afterEach(async () => {
  await pool?.stop()
  pool = undefined
})

describe('mining pool', () => {
  test('of one thread finds the least nonce there is, job after job, and counts what it tried', async () => {
    const pool = await started()
    for (let i = 0; i < 10; i++) {
      const job = { prefix: prefixOf(i), target: targetOf(12) }
      const least = dumbFind(job, 0n, 1_000_000) as bigint
      expect(await pool.mine(job)).toBe(least)
      expect(pool.attempts()).toBe(Number(least) + 1)
    }
  })

  test.each([2, 5])('of %i threads finds a nonce that meets the target, job after job', async (threads) => {
    const pool = await started({ threads })
    for (let i = 0; i < 20; i++) {
      const target = targetOf(i)
      const nonce = await pool.mine({ prefix: prefixOf(i), target })
      expect(meets(prefixOf(i), nonce as bigint, target)).toBe(true)
    }
  })

  test('gives a job up when it is cancelled, and goes on with the next', async () => {
    const pool = await started({ threads: 2 })
    const given = pool.mine(ENDLESS)
    await eventually(() => pool.attempts()).toBeGreaterThan(100_000)
    pool.cancel()
    pool.cancel()
    expect(await given).toBeUndefined()
    expect(await pool.mine({ prefix: PREFIX, target: EASIEST })).toBeTypeOf('bigint')
  })

  test.each(['cancelled', 'replaced'])('closes the board of a job that is %s, at once', async (way) => {
    // The thread does nothing but look at the board; it answers the second job when the first is closed.
    const code = `${READY} port.on('message', ({ id, board }) => {
      if (id > 0) return
      while (Atomics.load(new Int32Array(board.state), 0) === 0);
      port.postMessage({ kind: 'found', id: 1, nonce: 9n })
    })`
    const pool = await started({ worker: worker(code) })
    const first = pool.mine(ENDLESS)
    if (way === 'cancelled') pool.cancel()
    expect([await pool.mine(ENDLESS), await first]).toEqual([9n, undefined])
  })

  test('gives a job up for the next one, of many in one turn all but the last', async () => {
    const pool = await started({ threads: 2 })
    const jobs = [1, 2, 3, 4, 5].map((i) => pool.mine({ prefix: prefixOf(i), target: HARDEST }))
    const target = targetOf(16)
    const last = pool.mine({ prefix: PREFIX, target })
    expect(await Promise.all(jobs)).toEqual(Array(5).fill(undefined))
    expect(meets(PREFIX, (await last) as bigint, target)).toBe(true)
  })

  test('does not see what becomes of the bytes of a job after it was given', async () => {
    const pool = await started()
    const job = { prefix: PREFIX.slice(), target: targetOf(12) }
    const least = dumbFind(job, 0n, 1_000_000)
    const found = pool.mine(job)
    job.prefix.fill(0)
    job.target.fill(0xff)
    expect(await found).toBe(least)
  })

  test('does not take the late answer to a job that it gave up for one to the next', async () => {
    const code = `${READY} port.on('message', ({ id }) => {
      if (id === 0) return
      port.postMessage({ kind: 'found', id: 0, nonce: 77n })
      port.postMessage({ kind: 'found', id, nonce: 5n })
    })`
    const pool = await started({ worker: worker(code) })
    const first = pool.mine(ENDLESS)
    const second = pool.mine(ENDLESS)
    expect([await first, await second]).toEqual([undefined, 5n])
  })

  test('says how fast it was, and that it rests', async () => {
    const pool = await started()
    expect([pool.hashRate(), pool.attempts()]).toEqual([0, 0])
    void pool.mine(ENDLESS)
    await eventually(() => pool.attempts()).toBeGreaterThan(100_000)
    clock.advance(1_000)
    expect(pool.hashRate()).toBeGreaterThan(100_000)
    pool.cancel()
    await eventually(() => {
      clock.advance(10_000)
      return pool.hashRate()
    }).toBe(0)
  })

  test('without threads finds nothing, and gives up as any other', async () => {
    const pool = await started({ threads: 0 })
    const jobs = [pool.mine({ prefix: PREFIX, target: EASIEST }), pool.mine(ENDLESS), pool.mine(ENDLESS)]
    expect([pool.attempts(), pool.hashRate()]).toEqual([0, 0])
    await pool.stop()
    expect(await Promise.all(jobs)).toEqual([undefined, undefined, undefined])
  })

  test('refuses what no job is, and keeps the one it has', async () => {
    const pool = await started()
    const job = pool.mine({ prefix: PREFIX, target: targetOf(18) })
    expect(() => pool.mine({ prefix: new Uint8Array(65), target: EASIEST })).toThrow('65 bytes')
    expect(await job).toBeTypeOf('bigint')
  })

  test('does not keep a process alive, even one that mines', () => {
    const script = fileURLToPath(new URL('./mining-process.ts', import.meta.url))
    const options = { encoding: 'utf8', timeout: 20_000 } as const
    const { stdout, status } = spawnSync(process.execPath, [script], options)
    expect({ stdout, status }).toEqual({ stdout: 'mining\n', status: 0 })
  })
})

describe('a mining pool that ends', () => {
  test('mines after start only, and starts once', async () => {
    pool = new MiningPool({ threads: 1, clock })
    expect(() => pool?.mine(ENDLESS)).toThrow('not started')
    await pool.start()
    await expect(pool.start()).rejects.toThrow('that is running cannot start')
  })

  test('gives its job up when it is stopped, and every later one; stop is idempotent', async () => {
    const pool = await started({ threads: 2 })
    const job = pool.mine(ENDLESS)
    await Promise.all([pool.stop(), pool.stop()])
    await pool.stop()
    expect(await job).toBeUndefined()
    expect(await pool.mine(ENDLESS)).toBeUndefined()
    await expect(pool.start()).rejects.toThrow('that is stopped cannot start')
  })

  test('can be stopped before it starts, and while its threads start', async () => {
    const never = new MiningPool({ threads: 1, clock })
    await never.stop()
    await expect(never.start()).rejects.toThrow('that is stopped cannot start')

    const starting = new MiningPool({ threads: 2, clock, worker: worker('') })
    const start = rejection(starting.start())
    await starting.stop()
    expect(await start).toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('was stopped') })
  })

  test.each([
    ['throws', "throw new Error('planted')", 'failed: Error: planted'],
    ['exits', 'process.exit(0)', 'ended by itself with code 0'],
  ])('rejects its job, and all later ones, when a thread %s', async (_, code, message) => {
    const failing = worker(`${READY} port.on('message', () => { ${code} })`)
    const pool = await started({ worker: failing })
    const error = (await rejection(pool.mine(ENDLESS))) as NodeFailure
    expect(error).toBeInstanceOf(NodeFailure)
    expect(error.code).toBe('INTERNAL')
    expect(error.message).toContain(`thread miner-1 of the mining pool ${message}`)
    await expect(pool.mine(ENDLESS)).rejects.toThrow(message)
    await pool.stop()
    await expect(pool.mine(ENDLESS)).rejects.toThrow(message)
  })

  test.each([
    ['throws at once', "throw new Error('planted at the start')", 'failed: Error: planted at the start'],
    ['exits at once', 'process.exit(3)', 'ended by itself with code 3'],
    ['does not load', 'this is not JavaScript', 'failed: SyntaxError'],
  ])('does not start when a thread %s', async (_, code, message) => {
    const pool = new MiningPool({ threads: 2, clock, worker: worker(code) })
    await expect(pool.start()).rejects.toThrow(message)
    await expect(pool.mine(ENDLESS)).rejects.toThrow(message)
  })

  test.each([-1, 1.5, 257])('has no %s threads', async (threads) => {
    await expect(new MiningPool({ threads, clock }).start()).rejects.toThrow(`a mining pool of ${threads}`)
  })
})

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fulfil, type Order, type SeedResult } from '../../cli/long/orders.ts'
import { Pool } from '../../cli/long/pool.ts'
import { progressLine, showProgress } from '../../cli/long/progress.ts'
import { reportLines } from '../../cli/long/report.ts'
import { Walk } from '../../cli/long/walk.ts'

const CLI = join(import.meta.dirname, '../../cli')

const walkOf = (from: number, seedCount: number) =>
  new Walk({
    from,
    seedCount,
    hours: 0.006,
    only: [],
    without: undefined,
    nodes: undefined,
    engine: undefined,
  })

const failed = (seed: number, invariant: string): SeedResult => {
  const finding = { invariant, node: 'ann', atMs: 1_000, message: 'is wrong\nvery' }
  return { seed, traceHash: '00', figures: undefined, finding }
}

describe('a walk through seeds', () => {
  test('takes them in order, as many as it is told, and one in a hundred twice', () => {
    const walk = walkOf(150, 200)
    const orders: Order[] = []
    for (let order = walk.next(); order; order = walk.next()) orders.push(order)
    expect(orders.map(({ seed }) => seed)).toEqual(Array.from({ length: 200 }, (_, i) => 150 + i))
    expect(orders.filter(({ isTwice }) => isTwice).map(({ seed }) => seed)).toEqual([200, 300])
    expect(walk.next()).toBeUndefined()
  })

  test('goes on after a violation, and lists each with its line, up to a bound', () => {
    const walk = walkOf(1, 2_000)
    for (let seed = 1_500; seed > 0; seed--) walk.done(failed(seed, seed % 2 ? 'caps' : 'deterministic'))
    expect(walk.violationCount).toBe(1_500)
    expect(walk.violations.length).toBe(1_000)
    const lines = reportLines(walk, { elapsedMs: 60_000, givenUp: [7] })
    expect(lines).toContain('1,500 violations: 750 caps, 750 deterministic')
    expect(lines.filter((line) => line.includes('npm run sim -- --seed')).length).toBe(50)
    expect(lines.at(-1)).toBe('and 1,450 more')
    const twice = walk.violations.find(({ invariant }) => invariant === 'deterministic')
    expect(twice?.replay).toMatch(/ --hours 0.006 --only none.* --twice$/)
  })

  test('adds up what its seeds measured', async () => {
    const walk = walkOf(5, 1)
    const order = walk.next() as Order
    walk.done(await fulfil(order))
    expect(walk.violationCount).toBe(0)
    expect(walk.figures.eventCount).toBeGreaterThan(0)
    expect(progressLine(walk, 60_000)).toMatch(/^1:00 {2}1 seed {2}0 h simulated .* 0 violations$/)
  })
})

describe('progress', () => {
  test('leaves the line of a terminal empty at its end', () => {
    const written: string[] = []
    const screen = { isTTY: true, write: (text: string) => written.push(text) }
    showProgress(walkOf(1, 1), screen, () => 1_000)()
    expect(written).toEqual(['\u001b[2K\r'])
  })
})

describe('a pool of workers', () => {
  const worker = new URL('./unlucky-worker.mjs', import.meta.url)

  test('tells the seed at which a worker crashed or hung, and goes on', async () => {
    const orders = [1, 2, 3, 4].map((seed): Order => ({ seed, choice: {}, isTwice: false }))
    const done: number[] = []
    const lost = new Map<number, string>()
    const pool = new Pool({
      ...{ workerCount: 2, worker, hangMs: 5_000 },
      next: () => orders.shift(),
      onDone: ({ seed }) => done.push(seed),
      onLost: ({ seed }, what) => lost.set(seed, what),
    })
    await pool.run()
    expect(done.sort()).toEqual([1, 4])
    expect(lost.get(2)).toMatch(/^ended with code 1: [\s\S]*seed 2 is unlucky/)
    expect(lost.get(3)).toMatch(/^hangs: nothing for \d+ s$/)
  })

  test('gives up what is under way when it is stopped', async () => {
    const pool = new Pool({
      ...{ workerCount: 2, worker, hangMs: 60_000 },
      next: () => ({ seed: 3, choice: {}, isTwice: false }),
      onDone: () => {},
      onLost: () => {},
    })
    const over = pool.run()
    expect(pool.underWay).toEqual([3, 3])
    pool.stop()
    await over
    expect(pool.underWay).toEqual([])
  })
})

describe('sim:long', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pulseledger-long-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('has its seeds and writes its report', () => {
    const args = ['--seeds', '3', '--from', '99', '--hours', '0.006', '--only', 'none', '--out', folder]
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(CLI, 'long.ts'), ...args], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout).toContain('3 seeds')
    expect(stdout).toContain('1 seed run twice')
    expect(stdout).toContain('no violations')
    expect(status).toBe(0)
    expect(readFileSync(join(folder, 'distributions.svg'), 'utf8')).toContain('Time to converge')
    const raw = JSON.parse(readFileSync(join(folder, 'figures.json'), 'utf8'))
    expect(raw).toMatchObject({ from: 99, seedCount: 3, twiceCount: 1, violations: [] })
    expect(raw.seeds.map(({ seed }: { seed: number }) => seed)).toEqual([99, 100, 101])
  })

  test.each(['sim.ts', 'long.ts', 'inclusion.ts'])('%s refuses a bad option with 2, and has help', (name) => {
    const call = (arg: string) => spawnSync(process.execPath, [join(CLI, name), arg], { encoding: 'utf8' })
    expect(call('--bogus')).toMatchObject({
      ...{ status: 2, stdout: '', stderr: 'error: there is no option --bogus; --help lists all of them\n' },
    })
    expect(call('--help')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('npm run sim'),
    })
  })
})

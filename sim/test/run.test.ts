import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '../faults/fault.ts'
import { FAULT_BY_KIND } from '../faults/faults.ts'
import { turnOver } from '../kernel/settled.ts'
import type { SimNode } from '../node/sim-node.ts'
import { type Outcome, run } from '../run.ts'
import { FAULTS, type FaultKind, type Scenario, scenarioOf } from '../scenario/scenario.ts'
import { quietWorld } from './support/quiet-world.ts'

/** Not two minutes, of most faults at once. */
function short(seed: number, part: Partial<Scenario> = {}): Scenario {
  const only = FAULTS.filter((_, i) => (seed + i) % 4 !== 0)
  const drawn = scenarioOf(seed, { nodes: 4, hours: 0.03, only, realSignatures: false })
  return { ...drawn, readingGapMs: 4_000, ...part }
}

/** Nothing goes wrong; with all the room there is, no chain is left at a final block by chance alone. */
const QUIET: Partial<Scenario> = {
  ...{ faults: new Set(), authorShare: 0, limits: undefined },
  ...{ finalDepth: 400, blockEntries: 1_000 },
}

const faults: Record<FaultKind, Fault> = FAULT_BY_KIND
const { loss } = FAULT_BY_KIND

afterEach(() => {
  faults.loss = loss
})

/** A run in which that is done to a node, as the only fault. */
async function harmed(harm: (node: SimNode) => void, atMs: number, part: Partial<Scenario> = {}) {
  faults.loss = ({ world, later }) => {
    later(atMs, () => harm(world.nodes[0] as SimNode))
    return () => {}
  }
  return run(short(1, { ...QUIET, ...part, faults: new Set<FaultKind>(['loss']) }))
}

describe('a run', () => {
  const outcomes = new Map<number, Outcome>()

  beforeAll(async () => {
    for (const seed of [1, 2, 3]) outcomes.set(seed, await run(short(seed)))
  })

  test.each([1, 2, 3])('of seed %i is the same a second time, event by event', async (seed) => {
    const [first, second] = [outcomes.get(seed), await run(short(seed))]
    expect(second.eventCount).toBeGreaterThan(500)
    expect(second.traceHash).toBe(first?.traceHash)
    expect(second).toEqual(first)
  })

  test('differs from that of another seed, and of the same seed with one fault fewer', async () => {
    const [first, ...others] = short(1).faults
    expect(first).toBeDefined()
    const fewer = await run(short(1, { faults: new Set(others) }))
    const hashes = [...outcomes.values(), fewer].map(({ traceHash }) => traceHash)
    expect(new Set(hashes).size).toBe(4)
  })

  test('is not changed by somebody who reads along', async () => {
    const lines: string[] = []
    const read = await run(short(2), (line) => lines.push(line))
    expect(read).toEqual(outcomes.get(2))
    expect(lines.length).toBeGreaterThan(100)
  })

  test('with every fault there is comes to its end', async () => {
    const outcome = await run(short(7, { faults: new Set(FAULTS) }))
    expect(outcome.violation).toBeUndefined()
    expect(outcome.simulatedMs).toBeGreaterThan(100_000)
    expect(outcome.metrics.entryCount).toBeGreaterThan(0)
  })

  test('without faults stores every reading on one chain, and refuses none', async () => {
    const { violation, metrics } = await run(short(4, QUIET))
    expect(violation).toBeUndefined()
    expect(metrics.entryCount).toBe(metrics.inclusionMs.length)
    expect(metrics.entryCount).toBeGreaterThan(10)
    expect([metrics.refusals.size, metrics.faultCounts.size, metrics.convergenceMs.length]).toEqual([0, 0, 2])
  })
})

describe('what a run finds', () => {
  test('is an exception in a task of a node, with its stack', async () => {
    const { violation, simulatedMs } = await harmed((node) => {
      node.life?.clock.after(500, () => {
        throw new TypeError('a planted bug')
      })
    }, 10_000)
    expect(violation).toMatchObject({ invariant: 'no-crash', node: 'ann' })
    expect(violation?.message).toMatch(/^a task threw: TypeError: a planted bug\n.*run\.test\.ts/)
    expect(simulatedMs).toBe(10_500)
  })

  test('is a bug in what the node does with an event', async () => {
    const { violation } = await harmed((node) => {
      node.life?.parts.runner.fail(new RangeError('a planted bug'))
    }, 10_000)
    expect(violation).toMatchObject({ invariant: 'no-crash', node: 'ann' })
    expect(violation?.message).toMatch(/^RangeError: a planted bug/)
  })

  test('is a disk that forgets what was confirmed', async () => {
    const { violation } = await harmed((node) => {
      node.disk.positions.clear()
      node.disk.pending.clear()
      node.crash(false)
    }, 15_000)
    expect(violation).toMatchObject({ invariant: 'acknowledged', node: 'ann' })
  })

  test('is a node that never comes to the chain of the others', async () => {
    const { violation } = await harmed((node) => {
      node.pause()
    }, 20_000)
    expect(violation).toMatchObject({ invariant: 'convergence', node: 'ann' })
  })

  test('is an index that is wrong after a restart', async () => {
    const { violation } = await harmed((node) => {
      node.disk.treeNodes.set('0/0', new Uint8Array(32))
    }, 80_000)
    expect(violation?.node).toBe('ann')
    expect(['recovery', 'proofs']).toContain(violation?.invariant)
  })

  /** Of a promise of a node, soon after the start. */
  function rejected(part: Partial<Scenario>): Promise<Outcome> {
    const reject = (): void => void Promise.reject(new Error('a planted bug'))
    return alone(() => harmed((node) => void node.life?.clock.after(500, reject), 1_000, part))
  }

  test('is a rejection that nobody handles', async () => {
    const { violation } = await rejected({ readingGapMs: 300 })
    expect(violation).toMatchObject({ invariant: 'no-crash', node: '?' })
    expect(violation?.message).toContain('nobody handles a rejection: Error: a planted bug')
  })

  test('is a rejection that nobody handles in a run of less than a turn of tasks', async () => {
    const { violation, eventCount } = await rejected({ readingGapMs: 60_000 })
    expect(eventCount).toBeLessThan(2_000)
    expect(violation).toMatchObject({ invariant: 'no-crash' })
  })
})

describe('a world', () => {
  test('reports the first violation alone, with its time, and lets no time pass after it', async () => {
    const { world } = await quietWorld(1)
    const at = world.now
    world.report({ invariant: 'first', node: 'ann', message: 'is wrong' })
    world.report({ invariant: 'second', node: 'ann', message: 'is wrong too' })
    await world.pass(60_000)
    expect(world.violation).toEqual({ invariant: 'first', node: 'ann', message: 'is wrong', at })
    expect(world.now).toBe(at)
  })

  test('passes no further than it is told to, or than somebody wants it to', async () => {
    const { world } = await quietWorld(2)
    const startedAt = world.now
    await world.pass(1_234)
    expect(world.now).toBe(startedAt + 1_234)
    let count = 0
    await world.passUntil(world.now + 600_000, () => ++count > 3)
    expect(world.now).toBeLessThan(startedAt + 600_000)
  })
})

/** Without the listeners of the test runner, which would count every rejection as a failed test. */
async function alone<T>(act: () => Promise<T>): Promise<T> {
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', () => {})
  try {
    return await act()
  } finally {
    // What is rejected by now is reported while nobody listens.
    await turnOver()
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
}

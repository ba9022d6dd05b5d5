import { afterEach, describe, expect, test, vi } from 'vitest'
import { SimNode } from '../../node/sim-node.ts'
import { FAULTS, scenarioOf } from '../../scenario/scenario.ts'
import { attempt, type Finding } from '../../shrink/attempt.ts'
import { choiceOf, type RunChoice } from '../../shrink/run-choice.ts'
import { shrink } from '../../shrink/shrink.ts'

const finding: Finding = { invariant: 'caps', node: 'ann', atMs: 720_000, message: 'too much' }

const large: RunChoice = {
  seed: 7,
  nodes: 9,
  hours: 2,
  only: [...FAULTS],
  realSignatures: false,
  engine: 'longest-chain',
}

/** Violated in runs that have at least this. */
function needs(least: Partial<Pick<RunChoice, 'nodes' | 'hours' | 'only'>>) {
  return async ({ nodes, hours, only }: RunChoice): Promise<Finding | undefined> => {
    const hasFaults = (least.only ?? []).every((fault) => only.includes(fault))
    return hasFaults && nodes >= (least.nodes ?? 1) && hours >= (least.hours ?? 0) ? finding : undefined
  }
}

describe('shrinking', () => {
  test('leaves the faults, nodes and time without which nothing is violated', async () => {
    const least = { nodes: 3, hours: 0.1, only: ['loss', 'crash'] } as const
    const { choice } = await shrink({ choice: large, finding }, { attempt: needs(least) })
    expect(choice).toEqual({ ...large, nodes: 3, hours: 0.192, only: ['loss', 'crash'] })
  })

  test('cuts a run off at its violation', async () => {
    const { choice } = await shrink({ choice: large, finding }, { attempt: needs({ hours: 0.2 }) })
    expect(choice.hours).toBe(0.2)
  })

  test('goes on until nothing more can be taken away', async () => {
    // With many nodes the pause is needed, with few it is not.
    const isViolated = needs({ nodes: 2 })
    const { choice } = await shrink(
      { choice: large, finding },
      {
        attempt: async (choice) =>
          choice.nodes > 2 && !choice.only.includes('pause') ? undefined : isViolated(choice),
      },
    )
    expect(choice).toMatchObject({ nodes: 2, hours: 0.006, only: [] })
  })

  test('does not take another violation for the same one', async () => {
    const other = { ...finding, invariant: 'no-crash' }
    const { choice, finding: left } = await shrink(
      { choice: large, finding },
      { attempt: async ({ only }) => (only.includes('loss') ? finding : other) },
    )
    expect(left).toBe(finding)
    expect(choice.only).toEqual(['loss'])
  })

  test('keeps the run it was given when nothing smaller violates anything', async () => {
    const shrunk = await shrink({ choice: large, finding }, { attempt: async () => undefined })
    expect(shrunk).toMatchObject({ choice: large, finding })
  })

  test('tries no run twice, and not more than it may', async () => {
    const tried: string[] = []
    const count = async (choice: RunChoice) => {
      tried.push(JSON.stringify(choice))
      return needs({ nodes: 2, only: ['loss'] })(choice)
    }
    await shrink({ choice: large, finding }, { attempt: count })
    expect(new Set(tried).size).toBe(tried.length)
    tried.length = 0
    const { tryCount } = await shrink({ choice: large, finding }, { attempt: count, triesMax: 5 })
    expect([tried.length, tryCount]).toEqual([5, 5])
  })
})

describe('a violation that was planted in the simulator', () => {
  afterEach(() => vi.restoreAllMocks())

  test('is found, and shrunk to the fault that it needs', async () => {
    plantLossyKill()
    const scenario = scenarioOf(44, {
      nodes: 3,
      hours: 0.05,
      only: ['loss', 'crash', 'delay'],
      realSignatures: false,
      engine: 'longest-chain',
    })
    const has = async (choice: RunChoice) => (await attempt(scenarioOf(choice.seed, choice))).finding
    const found = (await attempt(scenario)).finding
    if (found === undefined) throw new Error('not found')
    const shrunk = await shrink({ choice: choiceOf(scenario), finding: found }, { attempt: has })
    expect(shrunk.finding.invariant).toBe(found.invariant)
    expect(shrunk.choice.only).toEqual(['crash'])
    expect(shrunk.choice.hours).toBeLessThan(0.05)
    // The line that is printed has it again, in all of it.
    expect(await has(shrunk.choice)).toEqual(shrunk.finding)
  })
})

/** A kill that loses the commit under way loses the last entry of the chain as well. */
function plantLossyKill(): void {
  const { crash } = SimNode.prototype
  vi.spyOn(SimNode.prototype, 'crash').mockImplementation(function (this: SimNode, isWritten) {
    crash.call(this, isWritten)
    const last = [...this.disk.positions.keys()].at(-1)
    if (!isWritten && last !== undefined) this.disk.positions.delete(last)
  })
}

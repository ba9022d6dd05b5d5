import { describe, expect, test } from 'vitest'
import { FAULTS, type Scenario, type ScenarioChoice, scenarioOf } from '../../scenario/scenario.ts'

const SEEDS = 4_000

const all = Array.from({ length: SEEDS }, (_, seed) => scenarioOf(seed))

/** How often each value of a part is drawn. */
function shares(part: (scenario: Scenario) => unknown): Map<unknown, number> {
  const found = new Map<unknown, number>()
  for (const scenario of all) {
    const value = part(scenario)
    found.set(value, (found.get(value) ?? 0) + 1 / SEEDS)
  }
  return found
}

/** All parts but these. */
function without(scenario: Scenario, ...parts: readonly (keyof Scenario)[]): Partial<Scenario> {
  return Object.fromEntries(
    Object.entries(scenario).filter(([part]) => !parts.includes(part as keyof Scenario)),
  )
}

describe('a seed', () => {
  test('gives the same scenario each time, and another one than the next seed', () => {
    for (let seed = 0; seed < 200; seed++) {
      expect(scenarioOf(seed)).toEqual(scenarioOf(seed))
      expect(without(scenarioOf(seed), 'seed')).not.toEqual(without(scenarioOf(seed + 1), 'seed'))
    }
  })

  test('gives every part one of its values, each often enough', () => {
    expect([...shares(({ nodeCount }) => nodeCount).keys()].sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    const common = [
      shares(({ nodeCount }) => nodeCount),
      shares(({ topology }) => topology),
      shares(({ finalDepth }) => finalDepth),
      shares(({ blockEntries }) => blockEntries),
      shares(({ readingGapMs }) => readingGapMs),
      shares(({ latencyMs: [low, high] }) => high - low),
    ]
    for (const values of common) expect(Math.min(...values.values())).toBeGreaterThan(0.09)
    expect(shares(({ topology }) => topology).size).toBe(5)
    const real = shares(({ hasRealSignatures }) => hasRealSignatures).get(true)
    expect(real).toBeCloseTo(0.05, 1)
  })
})

describe('what is set from outside', () => {
  const CHOICES: readonly (readonly [keyof Scenario, ScenarioChoice])[] = [
    ['nodeCount', { nodes: 5 }],
    ['hours', { hours: 2 }],
    ['hasRealSignatures', { realSignatures: true }],
  ]

  test.each(CHOICES)('as %s is that, and leaves every other part as it was', (part, choice) => {
    for (let seed = 0; seed < 200; seed++) {
      const [drawn, chosen] = [scenarioOf(seed), scenarioOf(seed, choice)]
      expect([chosen[part]]).toEqual(Object.values(choice))
      expect(without(chosen, part)).toEqual(without(drawn, part))
    }
  })

  test('as faults is those, and leaves every part as it was that no fault decides', () => {
    for (let seed = 0; seed < 200; seed++) {
      const drawn = scenarioOf(seed)
      const chosen = scenarioOf(seed, { only: ['loss', 'crash', 'pause'], without: ['pause'] })
      expect([...chosen.faults]).toEqual(['loss', 'crash'])
      const decided = ['faults', 'authorShare', 'limits'] as const
      expect(without(chosen, ...decided)).toEqual(without(drawn, ...decided))
    }
  })

  test('as a fault fewer leaves everything else that the fault has no say in', () => {
    for (let seed = 0; seed < 200; seed++) {
      const drawn = scenarioOf(seed)
      for (const kind of FAULTS) {
        const chosen = scenarioOf(seed, { without: [kind] })
        expect(chosen.faults).toEqual(new Set([...drawn.faults].filter((other) => other !== kind)))
        if (kind === 'wipe' || kind === 'tiny-limits') continue
        expect(without(chosen, 'faults')).toEqual(without(drawn, 'faults'))
      }
    }
  })
})

describe('the faults of a scenario', () => {
  test.each(FAULTS)('have %s in a fair share of the seeds, with and without company', (kind) => {
    const having = all.filter(({ faults }) => faults.has(kind))
    // 41 % are expected; the standard deviation is below 1 %.
    expect(having.length / SEEDS).toBeGreaterThan(0.37)
    expect(having.length / SEEDS).toBeLessThan(0.45)
    expect(having.filter(({ faults }) => faults.size <= 3).length).toBeGreaterThan(10)
    expect(having.filter(({ faults }) => faults.size >= 15).length).toBeGreaterThan(100)
  })

  test('bring any two of them together in some seeds', () => {
    const pairs = FAULTS.flatMap((a, i) => FAULTS.slice(0, i).map((b) => [a, b] as const))
    for (const [a, b] of pairs) {
      expect(all.filter(({ faults }) => faults.has(a) && faults.has(b)).length).toBeGreaterThan(400)
    }
  })

  test('decide two other parts: small limits, and no authors where disks are lost', () => {
    for (const { faults, limits, authorShare } of all) {
      expect(limits !== undefined).toBe(faults.has('tiny-limits'))
      if (faults.has('wipe')) expect(authorShare).toBe(0)
    }
    expect(all.filter(({ authorShare }) => authorShare > 0).length).toBeGreaterThan(SEEDS / 4)
  })
})

import { LIMITS } from '@pulseledger/core'
import { NODE_LIMITS } from 'pulseledger/simulation'
import { beforeAll, describe, expect, test } from 'vitest'
import { Caps } from '../../invariants/caps.ts'
import type { Observation } from '../../node/observation.ts'
import type { Scenario } from '../../scenario/scenario.ts'
import { TestGroup } from '../support/group.ts'
import { bareNode, type Counts, committed, ledgerHolding, published } from '../support/reports.ts'
import { scenarioWith, watching } from '../support/watching.ts'

let group: TestGroup

beforeAll(async () => {
  group = await TestGroup.create()
})

const TINY: NonNullable<Scenario['limits']> = {
  ledger: {
    pending: { entriesMax: 8 },
    waiting: { blocksMax: 2 },
    heldReadingsMax: 3,
    receiptsWatchedMax: 4,
  },
  sync: {},
}

function holding(counts: Counts): Observation {
  return committed({ ...bareNode(), ledger: ledgerHolding(counts) })
}

const HELD: readonly (readonly [what: string, max: number, counts: (count: number) => Counts])[] = [
  ['waiting blocks', 4, (waiting) => ({ waiting })],
  ['held readings', 3, (held) => ({ held })],
  ['watched receipts', 9, (watched) => ({ watched })],
  ['pending entries', 8, (pending) => ({ pending })],
]

const SENT = [
  ['blocks', LIMITS.announcementBytesMax],
  ['entries', NODE_LIMITS.entriesBatchBytesMax + 9],
] as const

describe('what a node holds', () => {
  test.each(HELD)('of %s is reported above %i and not at it', (what, max, counts) => {
    const { checker, violations } = watching(Caps, group, { scenario: scenarioWith({ limits: TINY }) })
    checker.observe(holding(counts(max)))
    expect(violations).toEqual([])
    checker.observe(holding(counts(max + 1)))
    const message = `${max + 1} ${what}; ${max} are allowed`
    expect(violations).toEqual([{ invariant: 'caps', node: 'ann', message }])
  })

  test.each(HELD)('of %s is measured by the bounds of the product without others', (_what, max, counts) => {
    const { checker, violations } = watching(Caps, group)
    checker.observe(holding(counts(max + 1)))
    expect(violations).toEqual([])
    checker.observe(
      holding({
        waiting: 2 * LIMITS.waitingBlocksMax + 1,
        held: LIMITS.heldReadingsMax + 1,
        watched: 2 * LIMITS.receiptsWatchedMax + 2,
      }),
    )
    expect(violations).toHaveLength(3)
  })

  test('leaves out pending entries that are stored: blocks give them back whatever the limits', () => {
    const { checker, violations } = watching(Caps, group, { scenario: scenarioWith({ limits: TINY }) })
    checker.observe(holding({ pending: 8, stored: 30 }))
    expect(violations).toEqual([])
  })

  test('is of no interest when no process holds it', () => {
    const { checker, violations } = watching(Caps, group)
    checker.observe(committed(bareNode()))
    expect(violations).toEqual([])
  })
})

describe('what a node publishes', () => {
  test.each(SENT)('as %s is reported above %i bytes and not at it', (topic, max) => {
    const { checker, violations } = watching(Caps, group)
    checker.observe(published(bareNode(), topic, max))
    expect(violations).toEqual([])
    checker.observe(published(bareNode(), topic, max + 1))
    const message = `${max + 1} bytes of ${topic} gossip; ${max} are allowed`
    expect(violations).toEqual([{ invariant: 'caps', node: 'ann', message }])
  })
})

import type { Receipt } from 'pulseledger/simulation'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TestBlock } from '../../../packages/node/test/support/chain.ts'
import { Receipts } from '../../invariants/receipts.ts'
import type { Observation, ObservedNode } from '../../node/observation.ts'
import { seenAs, TestGroup, type TestNode } from '../support/group.ts'
import { bareNode } from '../support/reports.ts'
import { scenarioWith, watching } from '../support/watching.ts'

let group: TestGroup
let first: TestBlock
let second: TestBlock
let node: TestNode

beforeAll(async () => {
  group = await TestGroup.create()
  const main = group.branch(group.chain.genesis, 2)
  first = main[0] as TestBlock
  second = main[1] as TestBlock
  node = await group.node('ann', first, second)
})

function receiptOf({ block }: TestBlock, other: Partial<Receipt> = {}): Receipt {
  const { height, size } = block.header
  const entryId = (block.entries[0] as { id: Uint8Array }).id
  return { entryId, height, blockHash: block.hash, index: size - 1, ...other }
}

function answered(value: Receipt, at: ObservedNode = node): Observation {
  return { kind: 'answered', node: at, result: { ok: true, value }, waitedMs: 1 }
}

function moved(receipt: Receipt): Observation {
  return { kind: 'event', node, event: { kind: 'receipt-moved', receipt } }
}

function watch() {
  const watched = watching(Receipts, group)
  watched.checker.observe({ kind: 'booted', node })
  return watched
}

describe('a receipt', () => {
  test('with the place that the entry has in its block is right', () => {
    const { checker, violations } = watch()
    checker.observe(answered(receiptOf(first)))
    checker.observe(moved(receiptOf(second)))
    checker.agreed([node])
    expect(violations).toEqual([])
  })

  test.each([
    ['another index', { index: 1 }],
    ['another height', { height: 2 }],
    ['a block that is not there', { blockHash: new Uint8Array(32) }],
  ])('with %s is reported, also when it tells of a move', (_, other) => {
    for (const tell of [answered, moved]) {
      const { checker, violations } = watch()
      checker.observe(tell(receiptOf(first, other)))
      expect(violations).toHaveLength(1)
      expect(violations[0]?.message).toMatch(/where it is not$/)
    }
  })
})

describe('once the group agrees', () => {
  test('an entry that was told to wait, and is on the chain, is reported', () => {
    const { checker, violations } = watch()
    const { entryId } = receiptOf(first)
    checker.observe({ kind: 'event', node, event: { kind: 'receipt-withdrawn', entryId } })
    checker.agreed([node])
    expect(violations.map(({ message }) => message)).toEqual([
      'tells that an entry waits; it is in block 1, entry 0',
    ])
  })

  test('one whose move was not told is reported, unless receipts may be forgotten', async () => {
    for (const limits of [undefined, { ledger: {}, sync: {} }]) {
      const { checker, violations } = watching(Receipts, group, { scenario: scenarioWith({ limits }) })
      checker.observe({ kind: 'booted', node })
      checker.observe(answered(receiptOf(first)))
      const disk = node.disk.copy()
      for (const [key, place] of disk.positions) disk.positions.set(key, { ...place, height: 7 })
      const elsewhere = seenAs(node, { disk })
      checker.observe({ kind: 'booted', node: elsewhere })
      checker.observe(answered(receiptOf(first), elsewhere))
      checker.agreed([elsewhere])
      expect(violations).toHaveLength(limits === undefined ? 1 : 0)
    }
  })

  test('what a process was told is forgotten with it', () => {
    const { checker, violations } = watch()
    const { entryId } = receiptOf(first)
    checker.observe({ kind: 'event', node, event: { kind: 'receipt-withdrawn', entryId } })
    checker.observe({ kind: 'booted', node })
    checker.agreed([node])
    expect(violations).toEqual([])
  })

  test('whoever is left without an answer is reported', () => {
    const { checker, violations } = watch()
    checker.agreed([seenAs(bareNode(), { unansweredCount: 2 })])
    expect(violations).toEqual([
      { invariant: 'receipts', node: 'ann', message: 'leaves 2 readings unanswered' },
    ])
  })
})

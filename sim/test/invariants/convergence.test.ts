import type { Ledger } from '@pulseledger/core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TestBlock } from '../../../packages/node/test/support/chain.ts'
import { findStraggler } from '../../invariants/convergence.ts'
import { seenAs, TestGroup } from '../support/group.ts'
import { ledgerHolding } from '../support/reports.ts'

let group: TestGroup
/** Ten blocks, and branches of five on block 2 and of two on block 9. */
let main: TestBlock[]
let early: TestBlock[]
let late: TestBlock[]

beforeAll(async () => {
  group = await TestGroup.create()
  main = group.branch(group.chain.genesis, 10, 'ann')
  early = [...main.slice(0, 2), ...group.branch(main[1] as TestBlock, 5, 'bea')]
  late = [...main.slice(0, 8), ...group.branch(main[7] as TestBlock, 1, 'cem')]
})

const mesh = (finalDepth: number) => ({ finalDepth, topology: 'mesh' }) as const

describe('a group that is apart', () => {
  test('is told by who is behind, how far, and since when', async () => {
    const nodes = [await group.node('ann', ...main), await group.node('bea', ...main.slice(0, 7))]
    expect(findStraggler(nodes, mesh(3))).toEqual({
      straggler: {
        node: 'bea',
        message: 'is at 7 and ann at 10, after a fork at 7; 3 blocks are final',
      },
      isSplit: false,
    })
  })

  test('by more than the final depth is split, and by no more than it is not', async () => {
    const nodes = [await group.node('ann', ...main), await group.node('bea', ...early)]
    expect(findStraggler(nodes, mesh(4))).toMatchObject({ isSplit: true, straggler: { node: 'bea' } })
    expect(findStraggler(nodes, mesh(5))).toEqual({
      straggler: { node: 'bea', message: 'is at 7 and ann at 10, after a fork at 2; 5 blocks are final' },
      isSplit: false,
    })
  })

  test('is not excused by one that cannot come back when another could', async () => {
    const nodes = [
      await group.node('bea', ...early),
      await group.node('ann', ...main),
      await group.node('cem', ...late),
    ]
    expect(findStraggler(nodes, mesh(4))).toEqual({
      straggler: { node: 'cem', message: 'is at 9 and ann at 10, after a fork at 8; 4 blocks are final' },
      isSplit: false,
    })
  })

  test('at one height is measured by the lower hash', async () => {
    const rivals = [
      ...group.branch(group.chain.genesis, 1, 'a'),
      ...group.branch(group.chain.genesis, 1, 'b'),
    ]
    rivals.sort((a, b) => Buffer.compare(a.block.hash, b.block.hash))
    const [low, high] = rivals as [TestBlock, TestBlock]
    const nodes = [await group.node('high', high), await group.node('low', low)]
    for (const order of [nodes, nodes.toReversed()]) {
      expect(findStraggler(order, mesh(3))).toMatchObject({ straggler: { node: 'high' }, isSplit: false })
    }
  })
})

describe('a group on one chain', () => {
  test('waits for the node that has entries pending, in memory or on its disk', async () => {
    const calm = seenAs(await group.node('ann', ...main), { ledger: ledgerHolding({}) })
    const busy = seenAs(await group.node('bea', ...main), { ledger: ledgerHolding({ pending: 2 }) })
    expect(findStraggler([calm, busy], mesh(3))).toEqual({
      straggler: { node: 'bea', message: 'has 2 entries pending, 0 of them stored' },
      isSplit: false,
    })
    const storing = await group.node('cem', ...main)
    await storing.shelter(group.chain.entry('dee', 0))
    const stored = seenAs(storing, { ledger: ledgerHolding({}) })
    expect(findStraggler([calm, stored], mesh(3))).toMatchObject({
      straggler: { node: 'cem', message: 'has 0 entries pending, 1 of them stored' },
    })
  })

  test('waits for the node that is down', async () => {
    const node = await group.node('ann', ...main)
    const down = seenAs(await group.node('bea', ...main), { ledger: undefined as Ledger | undefined })
    expect(findStraggler([node, down], mesh(3))).toEqual({
      straggler: { node: 'bea', message: 'is down' },
      isSplit: false,
    })
  })

  test('waits for the node that holds readings unsigned, and says so', async () => {
    const calm = seenAs(await group.node('ann', ...main), { ledger: ledgerHolding({}) })
    const holding = seenAs(await group.node('bea', ...main), { ledger: ledgerHolding({ held: 2 }) })
    const { straggler } = findStraggler([calm, holding], mesh(3))
    expect(straggler.node).toBe('bea')
    expect(straggler.message).not.toBe('is down')
  })
})

import { keyOf } from '@pulseledger/core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TestBlock, TestEntry } from '../../../packages/node/test/support/chain.ts'
import { Acknowledged } from '../../invariants/acknowledged.ts'
import { damaged, seenAs, TestGroup, type TestNode } from '../support/group.ts'
import { confirmed, watching } from '../support/watching.ts'

let group: TestGroup
let entry: TestEntry
let id: Uint8Array
/** A block with the entry, and one without. */
let full: TestBlock
let other: TestBlock

beforeAll(async () => {
  group = await TestGroup.create()
  entry = group.chain.entry('bea', 0)
  id = entry.entry.id
  full = group.chain.block(group.chain.genesis, [entry])
  other = group.chain.block(group.chain.genesis, ['cem'])
})

function watch() {
  return watching(Acknowledged, group)
}

function named(violations: readonly object[]) {
  return violations.map((violation) => ({ invariant: 'acknowledged', ...violation }))
}

async function pendingNode(): Promise<TestNode> {
  const node = await group.node('ann')
  await node.shelter(entry)
  expect([...node.disk.pending.keys()]).toEqual([keyOf(id)])
  return node
}

describe('a confirmation', () => {
  test('of an entry that is on the chain or pending on its own disk is fine', async () => {
    const { checker, violations } = watch()
    checker.observe(confirmed(await group.node('ann', full), id))
    checker.observe(confirmed(await pendingNode(), id))
    expect(violations).toEqual([])
  })

  test('of an entry that is on the disk of another node alone is reported', async () => {
    const { checker, violations } = watch()
    checker.observe({ kind: 'booted', node: await group.node('bea', full) })
    checker.observe(confirmed(await group.node('ann', other), id))
    expect(violations).toEqual(
      named([{ node: 'ann', message: expect.stringContaining('which is not on its disk') }]),
    )
  })

  test('of an entry that is on a side branch alone is reported', async () => {
    const { checker, violations } = watch()
    const node = await group.node('ann', other, ...group.branch(other, 1), full)
    expect(node.disk.blocks.has(keyOf(full.block.hash))).toBe(true)
    checker.observe(confirmed(node, id))
    expect(violations).toHaveLength(1)
  })

  test('that is a refusal binds nobody', async () => {
    const { checker, violations } = watch()
    const error = { code: 'PENDING_FULL', message: 'full' } as const
    const node = await group.node('ann')
    checker.observe({ kind: 'answered', node, result: { ok: false, error }, waitedMs: 1 })
    checker.agreed([node])
    expect(violations).toEqual([])
  })
})

describe('a start', () => {
  test('without what the node confirmed is reported', async () => {
    const { checker, violations } = watch()
    const node = await group.node('ann', full)
    checker.observe(confirmed(node, id))
    checker.observe({ kind: 'booted', node })
    expect(violations).toEqual([])
    node.disk.positions.clear()
    checker.observe({ kind: 'booted', node })
    expect(violations).toEqual(
      named([
        { node: 'ann', message: expect.stringMatching(/^starts without entry .*, which it confirmed$/) },
      ]),
    )
  })

  test('with it pending again after a reorg is fine, and without what another confirmed too', async () => {
    const { checker, violations } = watch()
    const node = await group.node('ann', full)
    checker.observe(confirmed(node, id))
    await node.receive(other, ...group.branch(other, 1))
    expect(node.disk.positions.has(keyOf(id))).toBe(false)
    checker.observe({ kind: 'booted', node })
    checker.observe({ kind: 'booted', node: await group.node('bea', other) })
    expect(violations).toEqual([])
  })
})

describe('a group that agrees', () => {
  test('on a chain with every confirmed entry is fine', async () => {
    const { checker, violations } = watch()
    const nodes = [await group.node('ann', full), await group.node('bea', full)]
    for (const node of nodes) checker.observe({ kind: 'booted', node })
    checker.observe(confirmed(nodes[0] as TestNode, id))
    checker.agreed(nodes)
    expect(violations).toEqual([])
  })

  test('on a chain without one is reported, once for each node', async () => {
    const { checker, violations } = watch()
    checker.observe(confirmed(await group.node('ann', full), id))
    checker.agreed([await group.node('bea', full), await group.node('cem', other)])
    expect(violations).toEqual(
      named([
        { node: 'cem', message: expect.stringMatching(/^entry .*, confirmed by ann, is not on its chain$/) },
      ]),
    )
  })

  test('while one waits for a block is reported: waiting is not enough any more', async () => {
    const { checker, violations } = watch()
    const node = await pendingNode()
    checker.observe(confirmed(node, id))
    checker.agreed([node])
    expect(violations).toHaveLength(1)
  })

  test('on a chain that has an entry twice is reported, though no index shows it', async () => {
    const { checker, violations } = watch()
    const again = group.chain.block(group.chain.genesis, [entry], 'somebody else')
    const node = damaged(await group.node('ann', full), (disk) => {
      disk.blocks.set(keyOf(again.block.hash), again)
      disk.canonical.push(again.block.hash)
    })
    checker.agreed([node])
    expect(violations).toEqual(
      named([{ node: 'ann', message: expect.stringContaining('is on its chain 2 times') }]),
    )
  })

  test('and keeps the same entry on a side branch as well is fine', async () => {
    const { checker, violations } = watch()
    const again = group.chain.block(group.chain.genesis, [entry], 'somebody else')
    const node = await group.node('ann', full, again)
    expect(node.disk.blocks.size).toBe(3)
    checker.agreed([node])
    expect(violations).toEqual([])
  })
})

describe('a lost disk', () => {
  test('excuses the loss of what no other disk had', async () => {
    const { checker, violations } = watch()
    const node = await group.node('ann', full)
    const rest = await group.node('bea', other)
    for (const booted of [node, rest]) checker.observe({ kind: 'booted', node: booted })
    checker.observe(confirmed(node, id))
    const fresh = seenAs(node, { disk: group.genesis.disk.copy() })
    checker.observe({ kind: 'wiped', node, disk: node.disk })
    checker.observe({ kind: 'booted', node: fresh })
    checker.agreed([rest])
    expect(violations).toEqual([])
  })

  test('does not excuse it when another disk has the entry, on its chain or pending', async () => {
    for (const keeper of [await group.node('bea', full), await pendingNode()]) {
      const { checker, violations } = watch()
      const node = await group.node('dee', full)
      for (const booted of [node, keeper]) checker.observe({ kind: 'booted', node: booted })
      checker.observe(confirmed(node, id))
      checker.observe({ kind: 'wiped', node, disk: node.disk })
      checker.agreed([await group.node('cem', other)])
      expect(violations).toEqual(
        named([{ node: 'cem', message: expect.stringContaining(`confirmed by ${keeper.name}, is not`) }]),
      )
    }
  })

  test('makes whoever still has the entry answer for it at its next start', async () => {
    const { checker, violations } = watch()
    const [node, keeper] = [await group.node('ann', full), await group.node('bea', full)]
    for (const booted of [node, keeper]) checker.observe({ kind: 'booted', node: booted })
    checker.observe(confirmed(node, id))
    checker.observe({ kind: 'wiped', node, disk: node.disk })
    keeper.disk.positions.clear()
    checker.observe({ kind: 'booted', node: keeper })
    expect(violations).toEqual(
      named([{ node: 'bea', message: expect.stringContaining('starts without entry') }]),
    )
  })
})

describe('what nobody may be excused for', () => {
  test('is an entry that was gone before another disk was lost', async () => {
    const { checker, violations } = watch()
    const [node, rest] = [await group.node('ann', full), await group.node('bea', other)]
    for (const booted of [node, rest]) checker.observe({ kind: 'booted', node: booted })
    checker.observe(confirmed(node, id))
    node.disk.positions.clear()
    checker.observe({ kind: 'wiped', node: rest, disk: rest.disk })
    checker.observe({ kind: 'booted', node })
    expect(violations).toHaveLength(1)
  })

  test('is an entry that another node confirmed too', async () => {
    const { checker, violations } = watch()
    const nodes = [await group.node('ann', full), await group.node('bea', full)]
    for (const node of nodes) checker.observe(confirmed(node, id))
    nodes[0]?.disk.positions.clear()
    checker.observe({ kind: 'booted', node: nodes[0] as TestNode })
    expect(violations).toHaveLength(1)
  })
})

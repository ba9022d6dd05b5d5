import { beforeAll, describe, expect, test } from 'vitest'
import { append, moveHead, store, type TestBlock } from '../../../packages/node/test/support/chain.ts'
import { BestHead } from '../../invariants/best-head.ts'
import { Chance } from '../../kernel/chance.ts'
import { seenAs, TestGroup, type TestNode } from '../support/group.ts'
import { type Watching, watching } from '../support/watching.ts'

let group: TestGroup
/** Two blocks on genesis, that with the lower hash first. */
let low: TestBlock
let high: TestBlock
/** A branch of two on each. */
let onLow: TestBlock[]
let onHigh: TestBlock[]

beforeAll(async () => {
  group = await TestGroup.create()
  const { genesis } = group.chain
  const pair = [...group.branch(genesis, 1, 'ann'), ...group.branch(genesis, 1, 'bea')]
  pair.sort((a, b) => Buffer.compare(a.block.hash, b.block.hash))
  ;[low, high] = pair as [TestBlock, TestBlock]
  onLow = group.branch(low, 2, 'cem')
  onHigh = group.branch(high, 2, 'dee')
})

async function watched(): Promise<Watching<BestHead> & { readonly node: TestNode }> {
  const watched = watching(BestHead, group)
  const node = await group.node('ann')
  node.observe = (observation) => watched.checker.observe(observation)
  watched.checker.observe({ kind: 'booted', node })
  return { ...watched, node }
}

function short({ block }: TestBlock): string {
  return Buffer.from(block.hash).toString('hex').slice(0, 8)
}

describe('a head', () => {
  test('with the lower hash of two equally long chains is best, whichever came first', async () => {
    for (const order of [
      [low, high],
      [high, low],
    ]) {
      const { node, violations } = await watched()
      for (const block of order) await node.receive(block)
      expect(node.disk.head?.hash).toEqual(low.block.hash)
      expect(violations).toEqual([])
    }
  })

  test('that has the higher hash of two equally long chains is reported', async () => {
    const { node, violations } = await watched()
    await node.commit(append(high))
    expect(violations).toEqual([])
    await node.commit(store(low))
    const message = `its head is block 1, ${short(high)}; the best is 1, ${short(low)}`
    expect(violations).toEqual([{ invariant: 'best-head', node: 'ann', message }])
  })

  test('that a lower hash drew to a shorter chain is reported', async () => {
    const { node, violations } = await watched()
    await node.receive(high, ...onHigh)
    await node.commit(moveHead(onHigh[1], low, [low]))
    const message = `its head is block 1, ${short(low)}; the best is 3, ${short(onHigh[1] as TestBlock)}`
    expect(violations).toEqual([{ invariant: 'best-head', node: 'ann', message }])
  })

  test('that stays when a longer branch is stored is reported', async () => {
    const { node, violations } = await watched()
    await node.receive(low)
    await node.commit(store(high, ...onHigh))
    expect(violations).toMatchObject([{ message: expect.stringContaining('the best is 3') }])
  })

  test('that moves back though nothing new came is reported', async () => {
    const { node, violations } = await watched()
    await node.receive(low, ...onLow)
    await node.commit(moveHead(onLow[1], onLow[0], []))
    expect(violations).toMatchObject([{ message: expect.stringContaining('its head is block 2') }])
  })

  test('that passes a better branch of its disk is reported after a restart too', async () => {
    const { checker, violations } = watching(BestHead, group)
    const node = await group.node('ann', low)
    await node.commit(store(high, ...onHigh))
    checker.observe({ kind: 'booted', node })
    checker.observe({ kind: 'committed', node, change: store() })
    expect(violations).toMatchObject([{ node: 'ann', message: expect.stringContaining('the best is 3') }])
  })

  test('that was best before a restart is best after it', async () => {
    const { checker, violations } = watching(BestHead, group)
    const node = await group.node('ann', low, high, ...onHigh)
    checker.observe({ kind: 'booted', node })
    checker.observe({ kind: 'committed', node, change: store() })
    expect(violations).toEqual([])
  })

  test('of a fresh disk is not measured by what the lost one had', async () => {
    const { node, checker, violations } = await watched()
    await node.receive(low, ...onLow)
    checker.observe({ kind: 'wiped', node, disk: node.disk })
    const fresh = await group.node('ann', high)
    checker.observe({ kind: 'booted', node: fresh })
    checker.observe({ kind: 'committed', node: fresh, change: append(high) })
    checker.observe({ kind: 'committed', node: seenAs(node, fresh), change: append(high) })
    expect(violations).toEqual([])
  })

  test('of the product is best, in whatever order blocks of a tree come', async () => {
    const all = [low, high, ...onLow, ...onHigh]
    for (let seed = 0; seed < 20; seed++) {
      const { node, violations } = await watched()
      for (const block of new Chance(seed, 'order').shuffled(all)) await node.receive(block)
      expect(violations).toEqual([])
      expect(node.disk.blocks.size).toBe(7)
    }
  })
})

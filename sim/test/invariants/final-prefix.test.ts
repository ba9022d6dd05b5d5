import { beforeAll, describe, expect, test } from 'vitest'
import { moveHead, type TestBlock } from '../../../packages/node/test/support/chain.ts'
import { FinalPrefix } from '../../invariants/final-prefix.ts'
import { TestGroup, type TestNode } from '../support/group.ts'
import { scenarioWith, type Watching, watching } from '../support/watching.ts'

const FINAL_DEPTH = 3

let group: TestGroup
/** Blocks 1 to 6: at the last of them block 3 is final. */
let main: TestBlock[]

beforeAll(async () => {
  group = await TestGroup.create(FINAL_DEPTH)
  main = group.branch(group.chain.genesis, 6, 'ann')
})

async function watched(): Promise<Watching<FinalPrefix> & { readonly node: TestNode }> {
  const watched = watching(FinalPrefix, group, { scenario: scenarioWith({ finalDepth: FINAL_DEPTH }) })
  const node = await group.node('ann')
  node.observe = (observation) => watched.checker.observe(observation)
  for (const block of main) await node.receive(block)
  return { ...watched, node }
}

/** A longer branch on the block at this height, as the change that moves the head there. */
function reorgFrom(height: number) {
  const branch = group.branch(main[height - 1] ?? group.chain.genesis, 8, 'bea')
  return moveHead(main.at(-1), branch.at(-1), branch)
}

describe('a head', () => {
  test('may leave the last blocks down to the final one', async () => {
    const { node, violations } = await watched()
    await node.commit(reorgFrom(3))
    expect(violations).toEqual([])
  })

  test('that moves off the final block is reported', async () => {
    const { node, violations } = await watched()
    await node.commit(reorgFrom(2))
    const message = 'takes block 3 off its chain, and 3 was final'
    expect(violations).toEqual([{ invariant: 'final-prefix', node: 'ann', message }])
  })

  test('that leaves every final block is reported, once for each', async () => {
    const { node, violations } = await watched()
    await node.commit(reorgFrom(0))
    expect(violations.map(({ message }) => message.slice(0, 13))).toEqual([
      'takes block 3',
      'takes block 2',
      'takes block 1',
    ])
  })

  test('that went back does not make what was final open again', async () => {
    const { node, violations } = await watched()
    await node.commit(moveHead(main[5], main[3], []))
    expect(violations).toEqual([])
    await node.commit(moveHead(main[3], main[1], []))
    expect(violations).toMatchObject([{ message: expect.stringContaining('block 3 off its chain, and 3') }])
  })

  test('of a fresh disk begins anew, while that of another node stays bound', async () => {
    const { node, checker, violations } = await watched()
    checker.observe({ kind: 'wiped', node: await group.node('bea'), disk: group.genesis.disk })
    await node.commit(reorgFrom(2))
    expect(violations).toHaveLength(1)

    const other = await watched()
    other.checker.observe({ kind: 'wiped', node: other.node, disk: other.node.disk })
    await other.node.commit(reorgFrom(2))
    expect(other.violations).toEqual([])
  })

  test('of the product stays on its final block when a longer branch leaves below it', async () => {
    const { node, violations } = await watched()
    await node.receive(...group.branch(main[1] as TestBlock, 8, 'bea'))
    expect(node.disk.head?.hash).toEqual(main[5]?.block.hash)
    await node.receive(...group.branch(main[2] as TestBlock, 8, 'cem'))
    expect(node.disk.head?.height).toBe(11)
    expect(violations).toEqual([])
  })
})

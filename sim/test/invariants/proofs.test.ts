import { type Crypto, type Hash, keyOf } from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TestBlock } from '../../../packages/node/test/support/chain.ts'
import { Proofs } from '../../invariants/proofs.ts'
import { damaged, seenAs, TestGroup, type TestNode } from '../support/group.ts'
import { scenarioWith, type Watching, watching } from '../support/watching.ts'

const FINAL_DEPTH = 2

/** What is looked at is chosen by chance, so it takes several looks to have seen all of a short chain. */
const LOOKS = 25

let group: TestGroup
/** Seven blocks of one entry each. */
let main: TestBlock[]
const wrong = new Uint8Array(32).fill(7)

beforeAll(async () => {
  group = await TestGroup.create(FINAL_DEPTH)
  main = group.branch(group.chain.genesis, 7, 'ann')
})

function watch(crypto?: Crypto): Watching<Proofs> {
  const scenario = scenarioWith({ finalDepth: FINAL_DEPTH })
  return watching(Proofs, group, { scenario, ...(crypto && { crypto }) })
}

/** Every message, once, however often it was found. */
async function foundAfter(damage: (disk: MemoryDisk) => void, crypto?: Crypto): Promise<string[]> {
  const { checker, violations } = watch(crypto)
  const node = damaged(await group.node('ann', ...main), damage)
  for (let i = 0; i < LOOKS; i++) checker.agreed([node])
  for (const { invariant, node } of violations) expect([invariant, node]).toEqual(['proofs', 'ann'])
  return [...new Set(violations.map(({ message }) => message))]
}

/** Puts another header on a stored block of the chain. */
function rewrite(height: number, header: { readonly root?: Hash; readonly size?: number }) {
  return (disk: MemoryDisk): void => {
    const key = keyOf(disk.canonical[height] as Hash)
    const { block, weight } = disk.blocks.get(key) as TestBlock
    disk.blocks.set(key, { weight, block: { ...block, header: { ...block.header, ...header } } })
  }
}

describe('what a node can prove', () => {
  test('is all of its chain, at every length', async () => {
    const { checker, violations } = watch()
    const node = await group.node('ann')
    node.observe = (observation) => checker.observe(observation)
    checker.agreed([node])
    for (const block of main) {
      await node.receive(block)
      for (let i = 0; i < LOOKS; i++) checker.agreed([node])
    }
    expect(violations).toEqual([])
  })

  test('is checked at some node each time, so at every node in the end', async () => {
    const { checker, violations } = watch()
    const good = await group.node('ann', ...main)
    const bad = damaged(await group.node('bea', ...main), (disk) => disk.treeNodes.set('1/0', wrong))
    for (let i = 0; i < LOOKS; i++) checker.agreed([good, good, good, bad])
    expect(new Set(violations.map(({ node }) => node))).toEqual(new Set(['bea']))
  })

  test('is not that an entry is in it when a node of its log is wrong', async () => {
    for (const place of ['0/1', '1/0', '2/0']) {
      const found = await foundAfter((disk) => disk.treeNodes.set(place, wrong))
      expect(found).toContainEqual(expect.stringMatching(/^its proof of entry \d in block \d is wrong$/))
    }
  })

  test('is not what a wrong root says, for entries, for later blocks and for the root itself', async () => {
    const found = await foundAfter(rewrite(4, { root: wrong }))
    expect(found).toContainEqual(expect.stringMatching(/^its proof of entry \d in block 4 is wrong$/))
    expect(found).toContain('its proof of the consistency of block 4 of ann with block 7 is wrong')
    expect(found).toContain('the root of block 4 is not that of its 4 entries')
    expect(found.filter((message) => !message.includes('block 4'))).toEqual([])
  })

  test('is nothing when the log of the head is empty or shorter than that of a block', async () => {
    expect(await foundAfter(rewrite(5, { size: 0 }))).toContain(
      'no proof of entry 0 in block 5: there is no leaf 0 in a log of 0',
    )
  })

  test('is worthless when the proof holds for something else too', async () => {
    const { root } = (main[6] as TestBlock).block.header
    const found = await foundAfter(() => {}, { ...group.crypto, sha256: () => root })
    expect(found).toContain('its proof holds for something else too')
  })

  test('is not that an entry is in it when a leaf of its log is lost', async () => {
    expect(await foundAfter((disk) => disk.treeNodes.delete('0/1'))).not.toEqual([])
  })

  test('is reported, and does not throw, when a peak of its log is lost', async () => {
    expect(await foundAfter((disk) => disk.treeNodes.delete('1/2'))).not.toEqual([])
  })
})

describe('what was final once', () => {
  /** A node that had `blocks`, so that all but the last two of them are final there. */
  async function after(watching: Watching<Proofs>, name: string, blocks: TestBlock[]): Promise<TestNode> {
    const node = await group.node(name)
    node.observe = (observation) => watching.checker.observe(observation)
    await node.receive(...blocks)
    return node
  }

  test('and is the beginning of the chain that all agree on is fine', async () => {
    const { checker, violations, ...rest } = watch()
    await after({ checker, violations, ...rest }, 'bea', main.slice(0, 5))
    checker.agreed([await group.node('ann', ...main)])
    expect(violations).toEqual([])
  })

  test('and is not is reported', async () => {
    const watched = watch()
    await after(watched, 'bea', group.branch(group.chain.genesis, 5, 'bea'))
    watched.checker.agreed([await group.node('ann', ...main)])
    const message = 'its proof of the consistency of block 3 of bea with block 7 is wrong'
    expect(watched.violations).toEqual([{ invariant: 'proofs', node: 'ann', message }])
  })

  test('and was not final yet may be something else', async () => {
    const watched = watch()
    const fork = [...main.slice(0, 2), ...group.branch(main[1] as TestBlock, 2, 'bea')]
    await after(watched, 'bea', fork)
    watched.checker.agreed([await group.node('ann', ...main)])
    expect(watched.violations).toEqual([])
  })

  test('on a disk that is lost is forgotten', async () => {
    const watched = watch()
    const node = await after(watched, 'bea', group.branch(group.chain.genesis, 5, 'bea'))
    watched.checker.observe({ kind: 'wiped', node: seenAs(node, {}), disk: node.disk })
    watched.checker.agreed([await group.node('ann', ...main)])
    expect(watched.violations).toEqual([])
  })

  test('and is longer than the chain that all agree on is reported', async () => {
    const watched = watch()
    await after(watched, 'bea', group.branch(group.chain.genesis, 11, 'bea'))
    watched.checker.agreed([await group.node('ann', ...main)])
    expect(watched.violations).not.toEqual([])
  })
})

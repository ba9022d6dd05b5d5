import { keyOf } from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import { beforeAll, describe, expect, test } from 'vitest'
import { append, type TestBlock } from '../../../packages/node/test/support/chain.ts'
import { SameState } from '../../invariants/same-state.ts'
import type { Observation, ObservedNode } from '../../node/observation.ts'
import { damaged, TestGroup } from '../support/group.ts'
import { watching } from '../support/watching.ts'

let group: TestGroup
/** Entries of ann, 0 to 2, and of bea, 0, in the blocks 1 to 3; the log has five entries then. */
let blocks: TestBlock[]
let last: TestBlock

beforeAll(async () => {
  group = await TestGroup.create()
  const { chain } = group
  const first = chain.block(chain.genesis, ['ann'])
  const second = chain.block(first, ['bea', 'ann'])
  last = chain.block(second, ['cem', 'ann'])
  blocks = [first, second, last]
})

function idAt(block: number, index: number): Uint8Array {
  return blocks[block - 1]?.block.entries[index]?.id as Uint8Array
}

function stored(node: ObservedNode): Observation {
  return { kind: 'committed', node, change: append(last) }
}

const NOT_ITS_OWN = new Uint8Array(32).fill(7)

/** What the last block touched. */
const NEAR: readonly (readonly [string, (disk: MemoryDisk) => void])[] = [
  ['place of an entry', (disk) => disk.positions.set(keyOf(idAt(3, 0)), { height: 3, index: 4 })],
  ['lost place of an entry', (disk) => disk.positions.delete(keyOf(idAt(3, 1)))],
  ['next sequence', (disk) => disk.authors.get(keyOf(group.chain.author('ann')))?.ids.pop()],
  ['author', (disk) => disk.authors.delete(keyOf(group.chain.author('cem')))],
  ['peak of the log', (disk) => disk.treeNodes.set('2/0', NOT_ITS_OWN)],
  ['lost peak of the log', (disk) => disk.treeNodes.delete('0/4')],
  ['length of the chain', (disk) => disk.canonical.push(NOT_ITS_OWN)],
]

/** What the last block did not touch. */
const FAR: readonly (readonly [string, (disk: MemoryDisk) => void])[] = [
  ['place of an old entry', (disk) => disk.positions.set(keyOf(idAt(1, 0)), { height: 2, index: 0 })],
  ['place too many', (disk) => disk.positions.set(keyOf(NOT_ITS_OWN), { height: 1, index: 0 })],
  ['author of an old block', (disk) => disk.authors.delete(keyOf(group.chain.author('bea')))],
  ['older entry of an author', (disk) => disk.authors.get(keyOf(group.chain.author('ann')))?.ids.reverse()],
  ['old block of the chain', (disk) => disk.canonical.splice(1, 1, NOT_ITS_OWN)],
]

describe('two nodes with one head', () => {
  test.each(NEAR)('and another %s are reported at the commit', async (_, damage) => {
    const { checker, violations } = watching(SameState, group)
    checker.observe(stored(await group.node('ann', ...blocks)))
    checker.observe(stored(damaged(await group.node('bea', ...blocks), damage)))
    const message = expect.stringMatching(/^at block 3 its state differs from that of ann: /)
    expect(violations).toEqual([{ invariant: 'same-state', node: 'bea', message }])
  })

  test.each([...NEAR, ...FAR])('and another %s are reported when all agree', async (_, damage) => {
    const { checker, violations } = watching(SameState, group)
    const nodes = [await group.node('ann', ...blocks), await group.node('bea', ...blocks)]
    checker.agreed([nodes[0] as ObservedNode, damaged(nodes[1] as ObservedNode, damage)])
    const message = expect.stringMatching(/^at block 3 its state differs from that of ann: /)
    expect(violations).toEqual([{ invariant: 'same-state', node: 'bea', message }])
  })

  test('are the same however they came there', async () => {
    const { checker, violations } = watching(SameState, group)
    const straight = await group.node('ann', ...blocks)
    const side = group.branch(group.chain.genesis, 2, 'dee')
    const bent = await group.node('bea', ...side)
    bent.observe = (observation) => checker.observe(observation)
    await bent.shelter(group.chain.entry('eli', 0))
    await bent.receive(...blocks)
    checker.observe(stored(straight))
    expect(bent.disk.blocks.size).toBe(6)
    expect(bent.disk.pending.size).toBeGreaterThan(0)
    checker.agreed([straight, bent])
    expect(violations).toEqual([])
  })
})

describe('what is not compared', () => {
  test('are nodes with different heads', async () => {
    const { checker, violations } = watching(SameState, group)
    const nodes = [await group.node('ann', ...blocks), await group.node('bea', ...blocks.slice(0, 2))]
    for (const node of nodes) checker.observe(stored(node))
    checker.agreed(nodes)
    expect(violations).toEqual([])
  })

  test('is a commit that leaves the head where it was', async () => {
    const { checker, violations } = watching(SameState, group)
    const node = await group.node('ann', ...blocks)
    checker.observe(stored(node))
    const change = { blocks: [], disconnect: [], connect: [], pendingAdd: [], pendingRemove: [] }
    const other = damaged(node, (disk) => disk.positions.clear())
    checker.observe({ kind: 'committed', node: other, change })
    expect(violations).toEqual([])
  })
})

import { type Hash, keyOf } from '@pulseledger/core'
import { MemoryDisk } from 'pulseledger/simulation'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TestBlock } from '../../../packages/node/test/support/chain.ts'
import type { Violation } from '../../invariants/checker.ts'
import { checkRecovery } from '../../invariants/recovery.ts'
import type { ObservedNode } from '../../node/observation.ts'
import { damaged, seenAs, TestGroup } from '../support/group.ts'

let group: TestGroup
/** Blocks 1 to 5 of eight entries, and a branch of two on block 2, which was the chain at first. */
let main: TestBlock[]
let side: TestBlock[]
/** A node that has all that a node can have: a reorg behind it, a side branch, and an entry that waits. */
let whole: ObservedNode

const wrong = new Uint8Array(32).fill(7)

beforeAll(async () => {
  group = await TestGroup.create()
  const { chain } = group
  const first = chain.block(chain.genesis, ['ann'])
  const second = chain.block(first, ['bea', 'ann'])
  side = group.branch(second, 2, 'dee')
  const third = chain.block(second, ['cem', 'ann', 'bea'])
  main = [first, second, third, ...group.branch(third, 2, 'eli')]
  const node = await group.node('ann', first, second, ...side)
  await node.receive(...main.slice(2))
  expect([node.disk.head?.height, node.disk.blocks.size, node.disk.pending.size]).toEqual([5, 8, 2])
  whole = seenAs(node, { ledger: undefined })
})

async function found(node: ObservedNode): Promise<string[]> {
  const violations: Violation[] = []
  const { genesis, crypto, now } = group
  await checkRecovery(node, { genesis, crypto, now, report: (violation) => violations.push(violation) })
  for (const { invariant, node } of violations) expect([invariant, node]).toEqual(['recovery', 'ann'])
  return violations.map(({ message }) => message)
}

function idAt(height: number, index: number): Hash {
  return main[height - 1]?.block.entries[index]?.id as Hash
}

type Damage = (disk: MemoryDisk) => void

/** Records that are derived from the blocks. */
const INDEXES: readonly (readonly [string, Damage])[] = [
  ['place is lost', (disk) => disk.positions.delete(keyOf(idAt(3, 1)))],
  ['place is wrong', (disk) => disk.positions.set(keyOf(idAt(1, 0)), { height: 1, index: 1 })],
  ['place is too many', (disk) => disk.positions.set(keyOf(wrong), { height: 1, index: 0 })],
  ['author is lost', (disk) => disk.authors.delete(keyOf(group.chain.author('cem')))],
  ['sequence is lost', (disk) => disk.authors.get(keyOf(group.chain.author('ann')))?.ids.pop()],
  ['sequence is wrong', (disk) => disk.authors.get(keyOf(group.chain.author('ann')))?.ids.reverse()],
  ['author is too many', (disk) => disk.authors.set('stranger', { author: wrong, ids: [wrong] })],
  ['peak of the log is wrong', (disk) => disk.treeNodes.set('3/0', wrong)],
  ['peak of the log is lost', (disk) => disk.treeNodes.delete('3/0')],
  ['hash above the head is noted', (disk) => disk.canonical.push(side[0]?.block.hash as Hash)],
]

/** What `verify` alone can know. */
const BESIDE: readonly (readonly [string, RegExp, Damage])[] = [
  ['leaf of the log is wrong', /verify: .*log index 1/, (disk) => disk.treeNodes.set('0/1', wrong)],
  ['node of the log is lost', /verify: tree node 1\/0/, (disk) => disk.treeNodes.delete('1/0')],
  ['payload is another', /verify: .*entry 0/, (disk) => disk.payloads.set(keyOf(idAt(1, 0)), wrong)],
  ['head is lost', /verify: head/, (disk) => Object.assign(disk, { head: undefined })],
  ['head lags behind the chain', /verify: /, (disk) => Object.assign(disk, { head: headAt(4) })],
  ['weight is wrong', /verify: weight/, (disk) => reweigh(disk, main[4] as TestBlock)],
  ['weight beside the chain is wrong', /verify: .*weight/, (disk) => reweigh(disk, side[1] as TestBlock)],
  ['block under a branch is lost', /verify: /, (disk) => disk.blocks.delete(key(side[0] as TestBlock))],
  ['better branch is passed over', /verify: /, (disk) => addBranch(disk, 4)],
  ['entry waits that is on the chain', /verify: pending entry/, (disk) => addPending(disk)],
]

function key({ block }: TestBlock): string {
  return keyOf(block.hash)
}

function headAt(height: number) {
  return { height, hash: main[height - 1]?.block.hash as Hash }
}

function reweigh(disk: MemoryDisk, block: TestBlock): void {
  disk.blocks.set(key(block), { block: block.block, weight: block.weight + 1n })
}

function addBranch(disk: MemoryDisk, count: number): void {
  for (const added of group.branch(main[1] as TestBlock, count, 'dee')) {
    disk.blocks.set(key(added), added)
    for (const [i, { id }] of added.block.entries.entries()) {
      disk.payloads.set(keyOf(id), added.block.payloads[i] as Uint8Array)
    }
  }
}

function addPending(disk: MemoryDisk): void {
  const [entry] = main[0]?.block.entries ?? []
  const [payload] = main[0]?.block.payloads ?? []
  if (entry && payload) disk.pending.set(keyOf(entry.id), { entry, payload })
}

describe('a disk', () => {
  test('that the product wrote is in order, with a side branch and entries that wait', async () => {
    expect(await found(whole)).toEqual([])
    expect(await found(seenAs(whole, { disk: group.genesis.disk }))).toEqual([])
  })

  test('with one more branch and one less pending entry is in order: who knows what came', async () => {
    expect(
      await found(
        damaged(whole, (disk) => {
          disk.pending.clear()
          addBranch(disk, 2)
        }),
      ),
    ).toEqual([])
  })

  test.each(INDEXES)('is reported when one %s', async (_, damage) => {
    const [first] = await found(damaged(whole, damage))
    expect(first).toBe('its indexes differ from those of its blocks')
  })

  test.each(BESIDE)('is reported when one %s', async (_, message, damage) => {
    const all = await found(damaged(whole, damage))
    expect(all).toContainEqual(expect.stringMatching(message))
  })

  test('is reported when a block of its chain is lost, by its hash', async () => {
    const lost = main[1] as TestBlock
    const [first] = await found(damaged(whole, (disk) => disk.blocks.delete(key(lost))))
    const hash = Buffer.from(lost.block.hash).toString('hex')
    expect(first).toBe(`its chain cannot be taken in again: block ${hash} is not stored`)
  })

  test('is reported when its chain breaks a rule, with the rule', async () => {
    const { block, weight } = main[4] as TestBlock
    const unruly = { ...block, header: { ...block.header, size: 99 } }
    const [first] = await found(
      damaged(whole, (disk) => disk.blocks.set(keyOf(block.hash), { block: unruly, weight })),
    )
    expect(first).toMatch(/^its chain cannot be taken in again: .*99/)
  })

  test('that a start changes is reported', async () => {
    class Fickle extends MemoryDisk {
      override copy(): MemoryDisk {
        const copy = super.copy()
        Object.defineProperty(copy, 'held', {
          get: () => false,
          set: (isHeld: boolean) => isHeld || copy.pending.clear(),
        })
        return copy
      }
    }
    const all = await found(seenAs(whole, { disk: new Fickle(whole.disk) }))
    expect(all[0]).toMatch(/^two starts find different states: /)
    expect(all[1]).toBe('a start changed what is stored')
  })

  test('is reported when a payload is lost: nobody erases any in a simulation', async () => {
    expect(await found(damaged(whole, (disk) => disk.payloads.delete(keyOf(idAt(2, 0)))))).not.toEqual([])
  })
})

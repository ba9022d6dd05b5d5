import { type EntryWithPayload, encodeAnnouncement, encodeEntries } from '@pulseledger/core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TestBlock } from '../../../packages/node/test/support/chain.ts'
import { Told } from '../../invariants/told.ts'
import { TestGroup } from '../support/group.ts'
import { watching } from '../support/watching.ts'

let group: TestGroup
let main: TestBlock[]
let entry: EntryWithPayload

beforeAll(async () => {
  group = await TestGroup.create()
  main = group.branch(group.chain.genesis, 2)
  entry = group.chain.entry('eve', 0)
})

function announcement({ block }: TestBlock): Uint8Array {
  return encodeAnnouncement({ header: block, contents: null })
}

describe('a block that is published or passed on', () => {
  for (const kind of ['published', 'passed-on'] as const) {
    test(`(${kind}) must be on the disk`, async () => {
      const { checker, violations } = watching(Told, group)
      const node = await group.node('ann', main[0] as TestBlock)
      checker.observe({ kind, node, topic: 'blocks', message: announcement(main[0] as TestBlock) })
      expect(violations).toEqual([])
      checker.observe({ kind, node, topic: 'blocks', message: announcement(main[1] as TestBlock) })
      const message = expect.stringMatching(/^tells its peers of block 2, .*, which is not on its disk$/)
      expect(violations).toEqual([{ invariant: 'told', node: 'ann', message }])
    })
  }
})

describe('an entry', () => {
  test('that is published must be on the chain or pending on the disk', async () => {
    const { checker, violations } = watching(Told, group)
    const node = await group.node('ann', ...main)
    const message = encodeEntries([entry])
    checker.observe({ kind: 'published', node, topic: 'entries', message })
    expect(violations).toHaveLength(1)
    await node.shelter(entry)
    checker.observe({ kind: 'published', node, topic: 'entries', message })
    expect(violations).toHaveLength(1)
  })

  test('of another node is passed on without being kept', async () => {
    const { checker, violations } = watching(Told, group)
    const node = await group.node('ann')
    checker.observe({ kind: 'passed-on', node, topic: 'entries', message: encodeEntries([entry]) })
    expect(violations).toEqual([])
  })

  test('that no peer can read is reported', async () => {
    const { checker, violations } = watching(Told, group)
    const node = await group.node('ann')
    checker.observe({ kind: 'published', node, topic: 'entries', message: new Uint8Array([0xff]) })
    expect(violations).toHaveLength(1)
  })
})

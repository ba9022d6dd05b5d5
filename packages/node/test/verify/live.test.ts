import { equalBytes, fail, ok, type Result, toHex } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import type { BlockStore } from '../../src/ports.ts'
import type { MemoryStore } from '../../src/store/memory/memory-store.ts'
import type { CheckEntries } from '../../src/verify/verify-store.ts'
import { append, moveHead, store as storeBeside, type TestBlock } from '../support/chain.ts'
import { copyOf, memoryFixture, reseal, verify, withAnswers } from './support.ts'

const fixture = await memoryFixture()
const { chain, blocks } = fixture
const head = blocks.at(-1) as TestBlock

/**
 * How often a verification of the fixture pauses when it pauses wherever it can: so many moments there are.
 */
const PAUSES = await countPauses()

async function countPauses(): Promise<number> {
  let pauses = 0
  const pause = async () => {
    pauses += 1
  }
  await verify(await copyOf(fixture), { sliceMs: 1, pause })
  return pauses
}

/** Pauses that do something else at one moment. */
function at(moment: number, task: () => Promise<void>): () => Promise<void> {
  let pauses = 0
  return async () => {
    pauses += 1
    if (pauses === moment) await task()
  }
}

/** From block 10 a branch of 12 blocks to height 22, where the fixture's head is at 20. */
const branch: TestBlock[] = []
for (let i = 0; i < 12; i++) {
  branch.push(chain.block(branch.at(-1) ?? (blocks[10] as TestBlock), ['ann', 'fred']))
}
const REORG = moveHead(head, branch.at(-1), branch)

const next = chain.block(head, ['ann', 'gina'])
const GROWTH = [append(next), storeBeside(chain.block(blocks[18] as TestBlock, ['zoe', 'zoe', 'zoe']))]

/** A flipped bit in the signature of one canonical block of the fixture. */
function damage(store: BlockStore, hash: Uint8Array): BlockStore {
  return withAnswers(store, {
    block(asked) {
      const stored = store.block(asked)
      if (stored === undefined || !equalBytes(asked, hash)) return stored
      return { ...stored, block: { ...stored.block, signature: new Uint8Array(64) } }
    },
  })
}

/** Every third one: they are many, and neighbours are alike. */
async function* moments(): AsyncGenerator<{ moment: number; store: MemoryStore }> {
  for (let moment = 1; moment <= PAUSES; moment += 3) yield { moment, store: await copyOf(fixture) }
}

describe('verifying while the node goes on', () => {
  test('pauses often enough for these tests to mean something', () => {
    expect(PAUSES).toBeGreaterThan(200)
  })

  test('looks at the chain up to the head of its start, at whatever moment a block comes', async () => {
    for await (const { moment, store } of moments()) {
      const grow = async () => {
        for (const change of GROWTH) await store.commit(change)
      }
      const report = await verify(store, { sliceMs: 1, pause: at(moment, grow) })
      const expected = { problems: [], headHeight: 20, entryCount: 56, isUnsettled: false }
      expect(report, `moment ${moment}`).toMatchObject(expected)
    }
  })

  test('follows the head to another branch, at whatever moment it moves', async () => {
    const heights = new Set<number>()
    for await (const { moment, store } of moments()) {
      const report = await verify(store, { sliceMs: 1, pause: at(moment, () => store.commit(REORG)) })
      const expected =
        report.headHeight === 22 ? { blockCount: 23, entryCount: 54 } : { blockCount: 21, entryCount: 56 }
      heights.add(report.headHeight)
      expect(report, `moment ${moment}`).toMatchObject({
        ...expected,
        problems: [],
        isUnsettled: false,
        erasedCount: 1,
      })
    }
    expect([...heights]).toEqual([22, 20])
  })

  test('forgets what was wrong with blocks that lost their place, and nothing else', async () => {
    for await (const { moment, store } of moments()) {
      const kept = damage(store, (blocks[5] as TestBlock).block.hash)
      const both = damage(kept, (blocks[15] as TestBlock).block.hash)
      const pause = at(moment, () => store.commit(REORG))
      const { problems, headHeight } = await verify(both, { sliceMs: 1, pause })
      const found = problems.map(({ height, field }) => `${height} ${field}`)
      const expected = headHeight === 22 ? ['5 signature'] : ['5 signature', '15 signature']
      expect(found, `moment ${moment}`).toEqual(expected)
    }
  })

  test('forgets what others say of signatures on a branch that was left meanwhile', async () => {
    const lost = (blocks[15] as TestBlock).block.entries[0]?.id as Uint8Array
    const checkEntries: CheckEntries = async (_, items) =>
      items.map(({ entry }): Result<undefined> => {
        return equalBytes(entry.id, lost) ? fail('ENTRY_SIGNATURE_INVALID', 'it does not verify') : ok()
      })
    for await (const { moment, store } of moments()) {
      const pause = at(moment, () => store.commit(REORG))
      const { problems, headHeight } = await verify(store, { sliceMs: 1, pause, checkEntries })
      const onSide = problems.filter(({ field }) => field.includes('side block'))
      // On a side branch it is named as such; what counts is that the new chain is not accused.
      expect(problems.length - onSide.length, `moment ${moment}`).toBe(headHeight === 22 ? 0 : 1)
    }
  })

  test('knows the times before the fork', async () => {
    const store = await copyOf(fixture)
    const early = reseal(chain, branch[0] as TestBlock, { time: chain.document.time + 1 })
    const others = [early]
    while (others.length < 12) others.push(chain.block(others.at(-1) as TestBlock, ['ann', 'fred']))
    let reads = 0
    const counting = withAnswers(store, {
      canonicalHash(height) {
        reads = Math.max(reads, height)
        return store.canonicalHash(height)
      },
    })
    let isMoved = false
    const pause = async () => {
      if (isMoved || reads < 16) return
      isMoved = true
      await store.commit(moveHead(head, others.at(-1), others))
    }
    const { problems } = await verify(counting, { sliceMs: 1, pause })
    expect(problems[0]).toMatchObject({ height: 11, field: 'header.time' })
  })

  test('verifies every block of the branch that it follows', async () => {
    const seen = new Set<string>()
    for await (const { moment, store } of moments()) {
      seen.clear()
      const counting = withAnswers(store, {
        entryById(id) {
          seen.add(toHex(id))
          return store.entryById(id)
        },
      })
      const pause = at(moment, () => store.commit(REORG))
      const { headHeight } = await verify(counting, { sliceMs: 1, pause })
      const walked = headHeight === 22 ? branch : blocks
      const missed = walked.flatMap(({ block }) => block.entries.filter(({ id }) => !seen.has(toHex(id))))
      expect(missed, `moment ${moment}`).toEqual([])
    }
  })

  test('begins again when the way back to the fork cannot be read', async () => {
    const store = await copyOf(fixture)
    const lost = (blocks[12] as TestBlock).block.hash
    let highest = 0
    const unreadable = withAnswers(store, {
      block: (asked) => (equalBytes(asked, lost) && highest < 22 ? undefined : store.block(asked)),
      canonicalHash(height) {
        highest = Math.max(highest, height)
        return store.canonicalHash(height)
      },
    })
    let isMoved = false
    const pause = async () => {
      // The walk has passed the missing block 12 by then and is at block 13 or above.
      if (isMoved || highest < 15) return
      isMoved = true
      await store.commit(REORG)
    }
    const report = await verify(unreadable, { sliceMs: 1, pause })
    expect(report).toMatchObject({
      problems: [],
      headHeight: 22,
      blockCount: 23,
      entryCount: 54,
      erasedCount: 1,
    })
  })

  test('says so when what is beside the chain never stands still', async () => {
    const store = await copyOf(fixture)
    let treeNodes = 1_000
    const restless = withAnswers(store, {
      async census() {
        treeNodes += 1
        return { ...(await store.census()), treeNodes }
      },
    })
    expect(await verify(restless)).toMatchObject({ ok: true, problems: [], isUnsettled: true })
  })

  test('reports a stray record that stays while the chain grows', async () => {
    const store = await copyOf(fixture)
    const withStray = withAnswers(store, {
      async census() {
        const census = await store.census()
        return { ...census, authors: census.authors + 1 }
      },
    })
    const pause = at(PAUSES - 3, () => store.commit(append(next)))
    const { problems } = await verify(withStray, { sliceMs: 1, pause })
    expect(problems.map(({ field }) => field)).toEqual(['number of authors'])
  })
})

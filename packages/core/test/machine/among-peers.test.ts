import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import type { Engine } from '../../src/consensus/engine.ts'
import type { Signer } from '../../src/crypto.ts'
import type { EntryWithPayload } from '../../src/entry/entry.ts'
import { LIMITS } from '../../src/limits.ts'
import {
  authors,
  type Built,
  buildBlock,
  buildChain,
  buildNext,
  builtGenesis,
  producers,
  START,
  testEntry,
  testRules,
} from '../support/block-builder.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'

const rules = testRules()
const genesis = builtGenesis(rules)
const signer = producers[0] as Signer
const other = producers[1] as Signer
const [ann] = authors as [Signer, Signer, Signer, Signer]
const NOW = START + 100_000
/** After this a block of another is old, and whoever has something to say says it at once. */
const CONTENTION_WINDOW_MS = (1 + LIMITS.contentionSpreadHolds) * LIMITS.contentionHoldMs
const READING = { measure: 'bpm', value: 72, time: NOW }

function foreign(parent: Built, variant = 0): Built {
  return buildNext(rules, parent, [3], { producer: other, variant })
}

/** A node with a peer that has just made a block. */
function contender(): { harness: LedgerHarness; head: Built } {
  const harness = new LedgerHarness(rules, { signer })
  const head = foreign(genesis)
  harness.connect(1, NOW)
  harness.receive(head.block, NOW)
  harness.settle(NOW)
  return { harness, head }
}

function sizes(harness: LedgerHarness): number[] {
  return harness.store.canonicalBlocks().map(({ entries }) => entries.length)
}

function ids(items: readonly EntryWithPayload[]): string[] {
  return items.map(({ entry }) => toHex(entry.id))
}

describe('blocks from elsewhere', () => {
  test('of one event are one change, and are not published', () => {
    const harness = new LedgerHarness(rules, { signer })
    const blocks = buildChain(rules, genesis, 20).map(({ block }) => block)
    const effects = harness.send({ kind: 'blocks-received', blocks })
    expect(effects.map(({ kind }) => kind)).toEqual(['persist', 'notify'])
    expect(harness.unwrittenCount).toBe(1)
    harness.settle()
    expect(harness.published).toEqual([])
    expect(harness.ledger.head.header.height).toBe(20)
  })

  test('by a key that may not produce do not wait for their parent', () => {
    const harness = new LedgerHarness(testRules({ producers: [signer] }), { signer })
    const orphan = foreign(foreign(genesis)).block
    harness.receive(orphan)
    expect(harness.ledger.waitingCount).toBe(0)
    expect(harness.told).toMatchObject([{ error: { code: 'BLOCK_PRODUCER_NOT_ALLOWED' } }])
  })

  test('that are always being written keep no reading out, neither of the store nor of a block', () => {
    const { harness, head } = contender()
    let at = head
    let now = NOW
    let isMade = false
    let ticket = -1
    for (let i = 0; i < 200; i++) {
      at = foreign(at)
      harness.receive(at.block, now)
      expect(harness.unwrittenCount + harness.unreportedCount).toBeGreaterThan(0)
      if (i === 50) ticket = harness.submitReading(70, now)
      if (i >= 50) expect(harness.ledger.pending.unstored.size).toBe(0)
      now += 10
      harness.wake(now)
      if (toHex(harness.ledger.head.header.producer) === toHex(signer.publicKey)) isMade = true
      if (i % 2 === 0 && harness.unwrittenCount > 1) harness.write()
      harness.report(1, now)
    }
    expect(isMade).toBe(true)
    harness.settle(now + LIMITS.ownPatienceMs)
    expect(harness.answer(ticket)?.kind).toBe('included')
  })

  test('bring what entries here waited for', () => {
    const harness = new LedgerHarness(rules, { signer })
    const [ticket] = harness.submit([testEntry(rules.ledgerId, ann, 1)], NOW)
    harness.settle(NOW)
    expect(sizes(harness)).toEqual([0])
    const items = [testEntry(rules.ledgerId, ann, 0)]
    harness.receive(buildBlock(rules, genesis, { items, producer: other }).block, NOW)
    harness.settle(NOW)
    expect(sizes(harness)).toEqual([0, 1, 1])
    expect(harness.answer(ticket as number)?.kind).toBe('included')
  })
})

describe('entries of others', () => {
  test('are taken along, and get a block of their own only after a while', () => {
    const { harness } = contender()
    const item = testEntry(rules.ledgerId, ann, 0)
    expect(harness.send({ kind: 'entries-received', items: [item] }, NOW)).toMatchObject([{ kind: 'wake' }])
    expect(harness.wake(NOW + LIMITS.foreignPatienceMs)).toBe(false)
    expect(harness.unwrittenCount).toBe(0)
    harness.settle(NOW + LIMITS.foreignPatienceMs + CONTENTION_WINDOW_MS)
    expect(sizes(harness)).toEqual([0, 1, 1])
    expect(harness.publishedEntries).toEqual([])
  })

  test('that cannot be taken are dropped without a word', () => {
    const { harness } = contender()
    const items = [testEntry(rules.ledgerId, ann, 0), testEntry(rules.ledgerId, ann, 0, 1)]
    harness.send({ kind: 'entries-received', items }, NOW)
    expect(harness.ledger.pending.count).toBe(1)
    expect(harness.told.filter(({ kind }) => kind === 'rejected')).toEqual([])
  })

  test('fill no more than their share, and those that wait for a missing one much less', () => {
    const limits = { pending: { entriesMax: 8, foreignPercent: 50, gappedMax: 2 } }
    const harness = new LedgerHarness(rules, { signer, limits })
    harness.send({ kind: 'network', peerCount: 1, isBehind: true }, NOW)
    const gapped = authors.map((author) => testEntry(rules.ledgerId, author, 1))
    harness.send({ kind: 'entries-received', items: gapped }, NOW)
    expect(harness.ledger.pending.count).toBe(2)
    const items = [0, 1, 2, 3, 4].map((sequence) => testEntry(rules.ledgerId, authors[3] as Signer, sequence))
    harness.send({ kind: 'entries-received', items }, NOW)
    expect(harness.ledger.pending.count).toBe(4)
    const [ticket] = harness.submit([testEntry(rules.ledgerId, other, 0)], NOW)
    expect(harness.answer(ticket as number)).toBeUndefined()
    expect(harness.ledger.pending.count).toBe(5)
  })
})

describe('own entries', () => {
  test('that no block takes at once are durable before they are published, many at a time', () => {
    const { harness } = contender()
    const tickets = [70, 71, 72].map((value) => harness.submitReading(value, NOW))
    expect(harness.unwrittenCount).toBe(1)
    expect(harness.publishedEntries).toEqual([])
    harness.write()
    expect(harness.publishedEntries).toHaveLength(1)
    harness.report(1, NOW)
    expect(harness.unwrittenCount).toBe(1)
    harness.write()
    expect(harness.publishedEntries).toHaveLength(3)
    expect(harness.store.waiting.size).toBe(3)
    harness.settle(NOW + CONTENTION_WINDOW_MS)
    expect(sizes(harness)).toEqual([0, 1, 3])
    expect(harness.store.waiting.size).toBe(0)
    for (const ticket of tickets) expect(harness.answer(ticket)?.kind).toBe('included')
  })

  test('survive a crash once they were published, and are published again to the first peer', () => {
    const { harness } = contender()
    harness.submitReading(70, NOW)
    harness.write()
    const before = ids(harness.publishedEntries)
    harness.crash()
    harness.send({ kind: 'network', peerCount: 1, isBehind: true }, NOW)
    expect(ids(harness.publishedEntries)).toEqual([...before, ...before])
  })

  test('that a node may not put into blocks are published and wait, without waking it for ever', () => {
    const given = testRules({ producers: [other] })
    const harness = new LedgerHarness(given, { signer })
    harness.connect(1, NOW)
    const ticket = harness.submitReading(70, NOW)
    harness.settle(NOW)
    expect(harness.store.waiting.size).toBe(1)
    let wakes = 0
    for (let now = NOW; now < NOW + 3_600_000; now += 1_000) {
      if (harness.wake(now)) wakes += 1
      harness.settle(now)
    }
    expect(wakes).toBeGreaterThan(10)
    expect(wakes).toBeLessThan(80)
    expect(harness.publishedEntries).toHaveLength(wakes + 1)
    const [item] = harness.publishedEntries as [EntryWithPayload]
    const { block } = buildBlock(given, builtGenesis(given), { items: [item], producer: other })
    harness.receive(block, NOW + 3_600_000)
    harness.settle(NOW + 3_600_000)
    expect(harness.answer(ticket)?.kind).toBe('included')
  })

  test('wait on a head for which the engine refuses a block, and are not tried again and again', () => {
    let asked = 0
    const engine: Engine = {
      ...rules.engine,
      prepare: () => {
        asked += 1
        return undefined
      },
    }
    const harness = new LedgerHarness({ ...rules, engine }, { signer })
    for (const value of [70, 71, 72]) harness.submitReading(value, NOW)
    harness.settle(NOW)
    expect(asked).toBe(1)
    expect(harness.wakeTime).toBeUndefined()
    harness.receive(foreign(genesis).block, NOW)
    harness.settle(NOW)
    expect(asked).toBe(2)
  })

  test('make no block of nothing, though the engine would seal it', () => {
    const engine: Engine = { ...rules.engine, prepare: () => ({ kind: 'sealed', seal: new Uint8Array(0) }) }
    const harness = new LedgerHarness({ ...rules, engine }, { signer })
    harness.send({ kind: 'started' }, NOW)
    harness.submit([testEntry(rules.ledgerId, ann, 1)], NOW)
    harness.settle(NOW)
    expect(harness.published).toEqual([])
    expect(harness.wakeTime).toBeUndefined()
  })
})

describe('behind its peers', () => {
  function behind(heldReadingsMax = 10): LedgerHarness {
    const harness = new LedgerHarness(rules, { signer, limits: { heldReadingsMax } })
    harness.send({ kind: 'network', peerCount: 1, isBehind: true }, NOW)
    return harness
  }

  test('a node signs nothing; what was typed gets sequences that are free on the chain', () => {
    const harness = behind()
    const tickets = [70, 71].map((value) => harness.submitReading(value, NOW))
    expect(harness.ledger.pending.count).toBe(0)
    expect(harness.ledger.heldCount).toBe(2)
    const items = [testEntry(rules.ledgerId, signer, 0)]
    harness.receive(buildBlock(rules, genesis, { items, producer: other }).block, NOW)
    harness.settle(NOW)
    harness.connect(1, NOW + 1_000)
    harness.settle(NOW + 1_000)
    expect(harness.published.flatMap(({ entries }) => entries.map(({ sequence }) => sequence))).toEqual([
      1, 2,
    ])
    for (const ticket of tickets) expect(harness.answer(ticket)?.kind).toBe('included')
  })

  test('it refuses what it cannot hold, and what is wrong at once', () => {
    const harness = behind(1)
    const [first, second] = [70, 71].map((value) => harness.submitReading(value, NOW)) as [number, number]
    expect(harness.answer(first)).toBeUndefined()
    expect(harness.answer(second)).toMatchObject({ error: { code: 'PENDING_FULL' } })
    const wrong = harness.submitReading(501, NOW)
    expect(harness.answer(wrong)).toMatchObject({ error: { code: 'READING_OUT_OF_RANGE' } })
  })
})

describe('a submission that was confirmed', () => {
  function confirmed(): { harness: LedgerHarness; entryId: string } {
    const harness = new LedgerHarness(rules, { signer })
    const ticket = harness.submitReading(70, NOW)
    harness.settle(NOW)
    harness.connect(1, NOW)
    const answer = harness.answer(ticket)
    if (answer?.kind !== 'included') throw new Error('a node that is alone makes a block at once')
    return { harness, entryId: toHex(answer.entryId) }
  }

  test('and lost its block is published and included again; both is told', () => {
    const { harness, entryId } = confirmed()
    const rivals = [foreign(genesis, 1)]
    rivals.push(foreign(rivals[0] as Built))
    harness.send({ kind: 'blocks-received', blocks: rivals.map(({ block }) => block) }, NOW + 10)
    harness.write()
    expect(ids(harness.publishedEntries)).toEqual([entryId])
    expect(harness.told.at(-1)).toMatchObject({ kind: 'receipt-withdrawn' })
    harness.settle(NOW + 10 + 2 * CONTENTION_WINDOW_MS) // two blocks crossed: the hold has doubled
    const place = { height: 3, index: 2, blockHash: harness.ledger.head.hash }
    expect(harness.told.at(-1)).toMatchObject({ kind: 'receipt-moved', ...place })
    expect(harness.store.log.filter((id) => id === entryId)).toHaveLength(1)
  })

  test('and moved to another block by one change is only told its new place', () => {
    const { harness } = confirmed()
    const [mine] = harness.store.canonicalBlocks().slice(-1)
    const item = { entry: mine?.entries[0], payload: mine?.payloads[0] } as EntryWithPayload
    const first = foreign(genesis, 1)
    const second = buildBlock(rules, first, { items: [item], producer: other })
    harness.send({ kind: 'blocks-received', blocks: [first.block, second.block] }, NOW + 10)
    harness.settle(NOW + 10)
    const kinds = harness.told.map(({ kind }) => kind)
    expect(kinds).not.toContain('receipt-withdrawn')
    expect(kinds.at(-1)).toBe('receipt-moved')
  })

  test('since the entry was on the chain already is told when it moves too', () => {
    const harness = new LedgerHarness(rules, { signer })
    const item = testEntry(rules.ledgerId, ann, 0)
    const theirs = buildBlock(rules, genesis, { items: [item], producer: other })
    harness.send({ kind: 'blocks-received', blocks: [theirs.block] }, NOW)
    harness.settle(NOW)
    const [ticket] = harness.submit([item], NOW)
    expect(harness.answer(ticket as number)).toMatchObject({ kind: 'included', height: 1 })

    const rivals = [foreign(genesis, 1)]
    rivals.push(buildBlock(rules, rivals[0] as Built, { items: [item], producer: other }))
    harness.send({ kind: 'blocks-received', blocks: rivals.map(({ block }) => block) }, NOW + 10)
    harness.settle(NOW + 10)
    expect(harness.told.at(-1)).toMatchObject({ kind: 'receipt-moved', height: 2, index: 1 })
  })

  test('is not watched any more once it is final, nor beyond the bound', () => {
    const shallow = testRules({ finalDepth: 1 })
    for (const [receiptsWatchedMax, given] of [
      [100, shallow],
      [2, rules],
    ] as const) {
      const harness = new LedgerHarness(given, { signer, limits: { receiptsWatchedMax } })
      for (let i = 0; i < 5; i++) {
        harness.submitReading(70 + i, NOW)
        harness.settle(NOW)
      }
      expect(harness.ledger.watchedCount).toBeLessThanOrEqual(2)
    }
  })
})

describe('a reading whose sequence another entry of our key took', () => {
  test('before it was confirmed is signed again with the next one', () => {
    const { harness, head } = contender()
    const ticket = harness.submitReading(70, NOW)
    harness.settle(NOW)
    const items = [testEntry(rules.ledgerId, signer, 0)]
    harness.receive(buildBlock(rules, head, { items, producer: other }).block, NOW)
    harness.settle(NOW + CONTENTION_WINDOW_MS)
    expect(harness.answer(ticket)).toMatchObject({ kind: 'included', index: 2 })
    expect(harness.ledger.nextSequence(signer.publicKey)).toBe(2)
    expect(harness.store.waiting.size).toBe(0)
    expect(harness.told.filter(({ kind }) => kind === 'alarm' || kind === 'rejected')).toEqual([])
  })
})

test('an entry that is submitted again is told its place, in the store and while it is being written', () => {
  const harness = new LedgerHarness(rules, { signer })
  const item = testEntry(rules.ledgerId, ann, 0)
  const again = () => harness.submit([item], NOW)[0] as number
  const tickets = [again(), again()]
  harness.settle(NOW)
  tickets.push(again())
  for (const ticket of tickets) {
    expect(harness.answer(ticket)).toMatchObject({ kind: 'included', height: 1, index: 0 })
  }
  expect(harness.store.log).toHaveLength(1)
})

test('the ledger asks to be woken only when the time changes', () => {
  const { harness } = contender()
  const send = () =>
    harness.send(
      { kind: 'reading-submitted', ticket: 1_000, reading: READING, salt: new Uint8Array(16) },
      NOW,
    )
  const kinds = send().map(({ kind }) => kind)
  expect(kinds).toContain('wake')
  harness.submitReading(71, NOW)
  const { wakeTime } = harness
  const effects = harness.send({ kind: 'started' }, NOW)
  expect(effects).toEqual([])
  expect(harness.wakeTime).toBe(wakeTime)
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Block, blockBytes } from '../../src/block/block.ts'
import { toHex } from '../../src/bytes.ts'
import type { Signer } from '../../src/crypto.ts'
import type { EntryWithPayload } from '../../src/entry/entry.ts'
import type { ReadingInput } from '../../src/machine/events.ts'
import {
  authors,
  buildBlock,
  buildChain,
  buildNext,
  builtGenesis,
  LATER,
  producers,
  START,
  testEntry,
  testRules,
} from '../support/block-builder.ts'
import { checkProduced } from '../support/check-produced.ts'
import { DumbChain } from '../support/dumb-chain.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'
import { runs } from '../support/runs.ts'

const rules = testRules()
const signer = producers[0] as Signer
const [ann, ben] = authors as [Signer, Signer, Signer, Signer]

function entriesOf(author: Signer, from: number, count: number, given = rules): EntryWithPayload[] {
  return Array.from({ length: count }, (_, i) => testEntry(given.ledgerId, author, from + i))
}

function sizes(blocks: readonly Block[]): number[] {
  return blocks.map(({ entries }) => entries.length)
}

describe('group commit', () => {
  test('the first reading makes a block at once, and what comes meanwhile makes the next one', () => {
    const harness = new LedgerHarness(rules, { signer })
    const tickets = [70, 71, 72, 73].map((value) => harness.submitReading(value))
    expect(harness.unwrittenCount).toBe(1)
    expect(harness.told).toEqual([])
    harness.write()
    expect(tickets.map((ticket) => harness.answer(ticket)?.kind)).toEqual([
      'included',
      undefined,
      undefined,
      undefined,
    ])
    expect(harness.unwrittenCount).toBe(0)
    harness.report()
    expect(harness.unwrittenCount).toBe(1)
    harness.settle()
    expect(tickets.map((ticket) => harness.answer(ticket)?.kind)).toEqual(Array(4).fill('included'))
    expect(sizes(harness.store.canonicalBlocks())).toEqual([0, 1, 3])
  })

  test('waits for no block of another node that is being written', () => {
    const harness = new LedgerHarness(rules, { signer })
    harness.receive(buildNext(rules, builtGenesis(rules), [0]).block)
    for (const value of [70, 71, 72]) harness.submitReading(value)
    expect(harness.unwrittenCount).toBe(2)
    harness.write()
    expect(harness.published).toEqual([])
    harness.settle()
    expect(sizes(harness.store.canonicalBlocks())).toEqual([0, 1, 1, 2])
  })

  test('fills blocks to the number of entries that the ledger allows, in the order of arrival', () => {
    const small = testRules({ limits: { blockEntries: 3 } })
    const harness = new LedgerHarness(small, { signer })
    const items = [...entriesOf(ann, 0, 5, small), ...entriesOf(ben, 0, 5, small)]
    harness.submit(items)
    harness.settle()
    expect(sizes(harness.store.canonicalBlocks())).toEqual([0, 3, 3, 3, 1])
    expect(harness.store.log).toEqual(items.map(({ entry }) => toHex(entry.id)))
  })

  test('makes only blocks that others accept, whatever their limits, readings and clocks are', () => {
    const limits = fc.record({
      blockEntries: fc.integer({ min: 1, max: 20 }),
      blockBytes: fc.integer({ min: 4_096, max: 8_192 }),
    })
    const readings = fc.array(
      fc.record({ noteBytes: fc.nat({ max: 1_024 }), clock: fc.nat({ max: 100_000 }), isLate: fc.boolean() }),
      { minLength: 1, maxLength: 20, size: 'max' },
    )
    fc.assert(
      fc.property(limits, readings, (chosen, list) => {
        const given = testRules({ limits: { ...chosen, timeAhead: 86_400_000 } })
        const harness = new LedgerHarness(given, { signer })
        for (const [sequence, { noteBytes, clock, isLate }] of list.entries()) {
          harness.submit([testEntry(given.ledgerId, ann, sequence, 0, 'n'.repeat(noteBytes))], START + clock)
          if (!isLate) harness.settle(START + clock)
        }
        harness.settle(START)
        const other = new LedgerHarness(given)
        const twin = new DumbChain(given)
        for (const block of harness.published) {
          checkProduced(block, given)
          twin.add(block)
          other.receive(block, START)
        }
        other.settle()
        expect(harness.state()).toEqual(twin.state(twin.best()))
        expect(other.state()).toEqual(harness.state())
        expect(other.store.log).toHaveLength(list.length)
      }),
      runs(40),
    )
  })

  test('never exceeds the bytes of a block, and comes close to them', () => {
    const small = testRules({ limits: { blockBytes: 4_096 } })
    let largest = 0
    for (let noteBytes = 600; noteBytes < 1_024; noteBytes += 4) {
      const harness = new LedgerHarness(small, { signer })
      const note = 'n'.repeat(noteBytes)
      harness.submit([0, 1, 2, 3, 4].map((sequence) => testEntry(small.ledgerId, ann, sequence, 0, note)))
      harness.settle()
      for (const block of harness.published) {
        checkProduced(block, small)
        largest = Math.max(largest, blockBytes(block))
      }
      expect(harness.store.log).toHaveLength(5)
    }
    expect(largest).toBeGreaterThan(4_096 - 640)
  })

  test('a block of the smallest limit holds the largest entry that there can be', () => {
    const small = testRules({ limits: { blockBytes: 4_096 } })
    const harness = new LedgerHarness(small, { signer })
    const text = (length: number) => 'x'.repeat(length)
    const reading: ReadingInput = {
      measure: 'bpm',
      value: 499,
      time: 253_402_300_799_999,
      subject: text(128),
      device: text(128),
      note: text(1_024),
    }
    harness.send({ kind: 'reading-submitted', ticket: 1, reading, salt: new Uint8Array(16) })
    harness.settle()
    expect(harness.answer(1)?.kind).toBe('included')
    const [block] = harness.published
    expect(blockBytes(block as Block)).toBeLessThan(4_096)
  })

  test('a clock that goes backwards gives times just after the median', () => {
    const harness = new LedgerHarness(rules, { signer })
    for (const now of [START + 5_000, START + 4_000, START + 3_000, START - 1]) {
      harness.submitReading(70, now)
      harness.settle(now)
    }
    const times = harness.store.canonicalBlocks().map(({ header }) => header.time - START)
    expect(times).toEqual([0, 5_000, 5_001, 5_001, 5_002])
  })
})

describe('submissions', () => {
  test('of one entry have one place, and each of them is answered once', () => {
    const harness = new LedgerHarness(rules, { signer })
    const [first, second] = entriesOf(ann, 0, 2) as [EntryWithPayload, EntryWithPayload]
    const other = harness.submit([testEntry(rules.ledgerId, ben, 0)])
    const tickets = [...harness.submit([first, second, second]), ...harness.submit([second, first])]
    harness.settle()
    expect(harness.store.log).toHaveLength(3)
    const included = harness.told.filter((notice) => notice.kind === 'included')
    expect(included.map(({ ticket }) => ticket).sort()).toEqual([...other, ...tickets])
    expect(new Set(included.map(({ entryId }) => toHex(entryId))).size).toBe(3)
    const [late] = harness.submit([first])
    expect(harness.answer(late as number)).toMatchObject({ kind: 'included', height: 2, index: 1 })
    const [rival] = harness.submit([testEntry(rules.ledgerId, ann, 0, 1)])
    expect(harness.answer(rival as number)).toMatchObject({ error: { code: 'ENTRY_SEQUENCE_TAKEN' } })
  })

  test('that are refused are answered in the same step, after what is accepted is persisted', () => {
    const harness = new LedgerHarness(rules, { signer })
    const [first] = entriesOf(ann, 0, 1) as [EntryWithPayload]
    const rival = testEntry(rules.ledgerId, ann, 0, 1)
    const effects = harness.send({ kind: 'entries-submitted', firstTicket: 7, items: [rival, first] })
    expect(effects.map(({ kind }) => kind)).toEqual(['persist', 'publish-block', 'notify'])
    harness.settle()
    expect(harness.answer(7)).toMatchObject({ kind: 'included' })
    expect(harness.answer(8)).toMatchObject({ kind: 'rejected', error: { code: 'ENTRY_SEQUENCE_TAKEN' } })
  })

  test('wait for the missing sequence of their author', () => {
    const harness = new LedgerHarness(rules, { signer })
    const items = entriesOf(ann, 0, 3)
    const [third, second] = harness.submit([items[2] as EntryWithPayload, items[1] as EntryWithPayload])
    harness.settle()
    expect(harness.store.log).toEqual([])
    harness.submit([items[0] as EntryWithPayload])
    harness.settle()
    expect(harness.store.log).toEqual(items.map(({ entry }) => toHex(entry.id)))
    for (const ticket of [third, second]) expect(harness.answer(ticket as number)?.kind).toBe('included')
  })

  const reading: ReadingInput = { measure: 'bpm', value: 72, time: START }
  const refused: readonly [string, ReadingInput, string][] = [
    ['an unknown measure', { ...reading, measure: 'pulse' }, 'MEASURE_UNKNOWN'],
    ['a value out of range', { ...reading, value: 501 }, 'READING_OUT_OF_RANGE'],
    ['a value that is no number', { ...reading, value: Number.NaN }, 'READING_OUT_OF_RANGE'],
    ['too many decimals', { ...reading, value: 71.5 }, 'READING_TOO_PRECISE'],
    ['a note that is too long', { ...reading, note: 'x'.repeat(1_025) }, 'PAYLOAD_INVALID'],
  ]
  test.each(refused)('of a reading with %s are refused and change nothing', (_, given, code) => {
    const harness = new LedgerHarness(rules, { signer })
    const effects = harness.send({
      kind: 'reading-submitted',
      ticket: 1,
      reading: given,
      salt: new Uint8Array(16),
    })
    expect(effects).toMatchObject([
      { kind: 'notify', notices: [{ kind: 'rejected', ticket: 1, error: { code } }] },
    ])
    expect(harness.ledger.pending.count).toBe(0)
    expect(harness.ledger.nextSequence(signer.publicKey)).toBe(0)
  })

  test('of a reading with a salt of the wrong length are refused', () => {
    const harness = new LedgerHarness(rules, { signer })
    harness.send({ kind: 'reading-submitted', ticket: 1, reading, salt: new Uint8Array(15) })
    expect(harness.answer(1)).toMatchObject({ error: { code: 'PAYLOAD_INVALID' } })
  })

  test('to a node that may not produce are answered by the block of another one', () => {
    const given = testRules({ producers: [producers[1] as Signer] })
    const harness = new LedgerHarness(given, { signer })
    const [item] = entriesOf(ann, 0, 1, given) as [EntryWithPayload]
    const [ticket] = harness.submit([item])
    harness.send({ kind: 'started' })
    harness.settle()
    expect(harness.published).toEqual([])
    expect([...harness.store.waiting.keys()]).toEqual([toHex(item.entry.id)])
    const { block } = buildBlock(given, builtGenesis(given), {
      items: [item],
      producer: producers[1] as Signer,
    })
    harness.receive(block)
    harness.settle()
    expect(harness.answer(ticket as number)).toMatchObject({
      kind: 'included',
      height: 1,
      index: 0,
      blockHash: block.hash,
    })
  })
})

describe('a reorg', () => {
  const genesis = builtGenesis(rules)

  test('returns the readings of an own block that is being written, which are told of once', () => {
    const harness = new LedgerHarness(rules, { signer })
    const ticket = harness.submitReading(70)
    const rival = buildChain(rules, genesis, 2, { variant: 1 })
    for (const { block } of rival) harness.receive(block)
    expect(harness.ledger.head.header.height).toBe(2)
    expect(harness.ledger.pending.count).toBe(1)
    harness.settle()
    expect(sizes(harness.store.canonicalBlocks())).toEqual([0, 1, 1, 1])
    expect(harness.told.filter(({ kind }) => kind === 'included')).toHaveLength(1)
    expect(harness.answer(ticket)).toMatchObject({ kind: 'included', height: 1 })
    expect(harness.store.waiting.size).toBe(0)
  })

  test('answers a waiting submission with its place on the new chain, and its rival with a rejection', () => {
    const given = testRules({ producers: [producers[1] as Signer] })
    const producer = producers[1] as Signer
    const harness = new LedgerHarness(given, { signer })
    const start = builtGenesis(given)
    harness.receive(buildNext(given, start, [2], { producer }).block)
    const [mine, lost] = harness.submit([
      ...entriesOf(ann, 0, 1, given),
      testEntry(given.ledgerId, ben, 0, 1),
    ])
    const first = buildNext(given, start, [3, 0, 1], { producer })
    const second = buildNext(given, first, [3], { producer })
    for (const { block } of [second, first]) harness.receive(block)
    harness.settle()
    expect(harness.answer(mine as number)).toMatchObject({ kind: 'included', height: 1, index: 1 })
    expect(harness.answer(lost as number)).toMatchObject({ error: { code: 'ENTRY_SEQUENCE_TAKEN' } })
    expect(harness.store.waiting.size).toBe(1)
  })

  test('returns readings in the order that they had, so that one block takes them all again', () => {
    const harness = new LedgerHarness(rules, { signer })
    for (const value of [70, 71, 72]) {
      harness.submitReading(value)
      harness.settle()
    }
    for (const { block } of buildChain(rules, genesis, 4)) harness.receive(block)
    harness.settle()
    expect(sizes(harness.store.canonicalBlocks())).toEqual([0, 1, 1, 1, 1, 3])
  })

  test('does not bring an erased reading back, and its author goes on with that sequence', () => {
    const producer = producers[1] as Signer
    const given = testRules({ producers: [producer] })
    const start = builtGenesis(given)
    const harness = new LedgerHarness(given)
    for (const { block } of buildChain(given, start, 2, { producer })) harness.receive(block)
    harness.settle()
    harness.erase(testEntry(given.ledgerId, ann, 0).entry.id)
    harness.crash()
    harness.submit(entriesOf(ann, 2, 1, given))
    for (const { block } of buildChain(given, start, 3, { producer, author: 1 })) harness.receive(block)
    harness.settle()
    expect([...harness.store.waiting.values()].map(({ entry }) => entry.sequence)).toEqual([2, 1])
    const { ledger } = harness
    expect(ledger.nextSequence(ann.publicKey)).toBe(0)
    expect(ledger.pending.nextSequence(ann.publicKey, () => 0)).toBe(0)
    const [again] = harness.submit([testEntry(given.ledgerId, ann, 0, 1)])
    expect(harness.answer(again as number)).toBeUndefined()
    expect(ledger.pending.nextSequence(ann.publicKey, () => 0)).toBe(3)
  })
})

describe('when it starts', () => {
  test('a ledger makes a block of what was pending when it stopped', () => {
    const given = testRules({ producers: [signer] })
    const harness = new LedgerHarness(given, { signer })
    const genesis = builtGenesis(given)
    harness.submitReading(70)
    harness.settle()
    const rival = buildChain(given, genesis, 2, { producer: signer })
    for (const { block } of rival) harness.receive(block)
    while (harness.write()) {}
    harness.crash()
    expect(harness.ledger.pending.count).toBe(1)
    const effects = harness.send({ kind: 'started' }, LATER)
    expect(effects.map(({ kind }) => kind)).toEqual(['persist', 'publish-block', 'notify'])
    harness.settle()
    expect(harness.ledger.pending.count).toBe(0)
    expect(harness.store.waiting.size).toBe(0)
  })

  test('a ledger without anything pending does nothing', () => {
    const harness = new LedgerHarness(rules, { signer })
    expect(harness.send({ kind: 'started' })).toEqual([])
    expect(harness.send({ kind: 'tick' })).toEqual([])
    expect(harness.send({ kind: 'persisted', token: 99 })).toEqual([])
  })
})

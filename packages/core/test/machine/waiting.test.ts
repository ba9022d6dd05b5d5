import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Block, blockBytes } from '../../src/block/block.ts'
import { equalBytes, toHex } from '../../src/bytes.ts'
import type { Effect } from '../../src/machine/events.ts'
import { WaitingBlocks } from '../../src/machine/waiting.ts'
import {
  type Built,
  buildChain,
  buildNext,
  builtGenesis,
  LATER,
  START,
  testRules,
} from '../support/block-builder.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'
import { runs } from '../support/runs.ts'

const rules = testRules({ limits: { timeAhead: 60_000 } })
const genesis = builtGenesis(rules)

function hashes(blocks: readonly Block[]): string[] {
  return blocks.map(({ hash }) => toHex(hash))
}

function codesOf(effects: readonly Effect[]): string[] {
  const notices = effects.flatMap((effect) => (effect.kind === 'notify' ? effect.notices : []))
  return notices.map((notice) => ('error' in notice ? notice.error.code : notice.kind))
}

describe('a pool of waiting blocks', () => {
  const some: Built[] = buildChain(rules, genesis, 6, { delayMs: 10 })
  const pool = [...some, ...some.map((parent) => buildNext(rules, parent, [1, 2], { delayMs: 40 }))].map(
    ({ block }) => block,
  )
  const index = fc.nat({ max: pool.length - 1 })
  const operation = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), index }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('children' as const), index }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('due' as const), index }) },
  )

  test('keeps the newest that fit, drops the oldest first, and never exceeds its bounds', () => {
    const bounds = fc.record({
      blocksMax: fc.integer({ min: 1, max: 8 }),
      bytesMax: fc.integer({ min: 500, max: 5_000 }),
    })
    let dropCount = 0
    fc.assert(
      fc.property(bounds, fc.array(operation, { maxLength: 40, size: 'max' }), (limits, operations) => {
        const waiting = new WaitingBlocks(limits)
        let list: Block[] = []
        for (const step of operations) {
          const block = pool[step.index] as Block
          if (step.kind === 'add') {
            const dropped: Block[] = []
            if (!list.includes(block)) list.push(block)
            while (list.length > limits.blocksMax || total(list) > limits.bytesMax) {
              dropped.push(list.shift() as Block)
            }
            expect(hashes(waiting.add(block))).toEqual(hashes(dropped))
            dropCount += dropped.length
          } else {
            const isTaken = (other: Block) =>
              step.kind === 'due'
                ? other.header.time <= block.header.time
                : equalBytes(other.header.parent as Uint8Array, block.hash)
            const taken =
              step.kind === 'due' ? waiting.takeDue(block.header.time) : waiting.takeChildren(block)
            expect(hashes(taken)).toEqual(hashes(list.filter(isTaken)))
            list = list.filter((other) => !isTaken(other))
          }
          expect(waiting.count).toBe(list.length)
          expect(waiting.earliestTime()).toBe(
            list.length === 0 ? undefined : Math.min(...list.map(({ header }) => header.time)),
          )
          for (const other of pool) expect(waiting.has(other)).toBe(list.includes(other))
        }
      }),
      runs(100),
    )
    expect(dropCount).toBeGreaterThan(0)
  })

  function total(blocks: readonly Block[]): number {
    return blocks.reduce((sum, block) => sum + blockBytes(block), 0)
  }
})

describe('a ledger with blocks that wait for their parent', () => {
  const chain = buildChain(rules, genesis, 10).map(({ block }) => block)

  test('drops the oldest beyond its bound, says so, and takes it when it comes again', () => {
    const harness = new LedgerHarness(rules, { limits: { waiting: { blocksMax: 4 } } })
    const reversed = chain.slice(1).toReversed()
    const codes = reversed.map((block) => codesOf(harness.receive(block)))
    expect(codes).toEqual([...Array(4).fill([]), ...Array(5).fill(['BLOCK_WAITING_FULL'])])
    expect(harness.ledger.waitingCount).toBe(4)
    harness.receive(chain[0] as Block)
    expect(harness.ledger.head.header.height).toBe(5)
    expect(harness.ledger.waitingCount).toBe(0)
    for (const block of chain.slice(5)) harness.receive(block)
    expect(harness.ledger.head.header.height).toBe(10)
  })

  test('drops by bytes, too', () => {
    const bytesMax = blockBytes(chain[0] as Block) * 3 + 20
    const harness = new LedgerHarness(rules, { limits: { waiting: { bytesMax } } })
    for (const block of chain.slice(1)) harness.receive(block)
    expect(harness.ledger.waitingCount).toBe(3)
  })

  test('connects all of them in one change when the parent comes', () => {
    const harness = new LedgerHarness(rules)
    for (const block of chain.slice(1)) expect(harness.receive(block)).toEqual([])
    expect(harness.ledger.waitingCount).toBe(9)
    const effects = harness.receive(chain[0] as Block)
    expect(effects.map(({ kind }) => kind)).toEqual(['persist', 'notify'])
    expect(effects[0]).toMatchObject({ change: { blocks: chain.map((block) => ({ block })) } })
    expect(harness.ledger.waitingCount).toBe(0)
  })

  test('keeps one that comes twice once', () => {
    const harness = new LedgerHarness(rules)
    for (let i = 0; i < 3; i++) harness.receive(chain[5] as Block)
    expect(harness.ledger.waitingCount).toBe(1)
  })
})

describe('a ledger with a block whose time has not come', () => {
  const early = buildNext(rules, genesis, [0], { delayMs: 100_000 })
  const due = early.block.header.time - 60_000

  test('refuses it for now, asks to be woken, and accepts it on the tick after that', () => {
    const harness = new LedgerHarness(rules)
    const effects = harness.receive(early.block, due - 1)
    expect(codesOf(effects)).toEqual(['BLOCK_TIME_AHEAD'])
    expect(effects.at(-1)).toEqual({ kind: 'wake', time: due })
    expect(harness.ledger.waitingCount).toBe(1)
    expect(harness.send({ kind: 'tick' }, due - 1)).toEqual([{ kind: 'wake', time: due }])
    expect(codesOf(harness.send({ kind: 'tick' }, due))).toEqual(['block-connected'])
    expect(harness.ledger.head.header.height).toBe(1)
    expect(harness.ledger.waitingCount).toBe(0)
  })

  test('accepts with it what waits for it', () => {
    const harness = new LedgerHarness(rules)
    const child = buildNext(rules, early, [0])
    harness.receive(child.block, START)
    harness.receive(early.block, START)
    expect(harness.ledger.waitingCount).toBe(2)
    harness.send({ kind: 'tick' }, LATER)
    expect(toHex(harness.ledger.head.hash)).toBe(toHex(child.block.hash))
    expect(harness.ledger.waitingCount).toBe(0)
  })

  test('is woken for the earliest of several', () => {
    const harness = new LedgerHarness(rules)
    const later = buildNext(rules, genesis, [0], { delayMs: 200_000 })
    harness.receive(later.block, START)
    expect(harness.receive(early.block, START).at(-1)).toEqual({ kind: 'wake', time: due })
    const effects = harness.send({ kind: 'tick' }, due)
    expect(codesOf(effects)).toEqual(['block-connected'])
    expect(effects.at(-1)).toEqual({ kind: 'wake', time: later.block.header.time - 60_000 })
  })

  test('accepts it when it comes again in time, and does nothing on the tick', () => {
    const harness = new LedgerHarness(rules)
    harness.receive(early.block, due - 1)
    expect(codesOf(harness.receive(early.block, due))).toEqual(['block-connected'])
    expect(harness.send({ kind: 'tick' }, due)).toEqual([])
    expect(harness.ledger.waitingCount).toBe(0)
  })

  test('does not keep it when something else is wrong with it', () => {
    const harness = new LedgerHarness(rules)
    const wrong = buildNext(rules, genesis, [0], {
      delayMs: 100_000,
      spoil: ({ body }) => ({ root: body }),
    })
    expect(codesOf(harness.receive(wrong.block, START))).toEqual(['BLOCK_LOG_MISMATCH'])
    expect(harness.ledger.waitingCount).toBe(0)
  })

  test('keeps no more of them than of others', () => {
    const harness = new LedgerHarness(rules, { limits: { waiting: { blocksMax: 2 } } })
    for (const variant of [0, 1, 2]) {
      harness.receive(buildNext(rules, genesis, [0], { variant, delayMs: 100_000 }).block, START)
    }
    expect(harness.ledger.waitingCount).toBe(2)
    expect(harness.told.map((notice) => 'error' in notice && notice.error.code)).toEqual([
      'BLOCK_TIME_AHEAD',
      'BLOCK_TIME_AHEAD',
      'BLOCK_TIME_AHEAD',
      'BLOCK_WAITING_FULL',
    ])
  })
})

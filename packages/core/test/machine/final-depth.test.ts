import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Block } from '../../src/block/block.ts'
import { toHex } from '../../src/bytes.ts'
import type { Effect, Notice } from '../../src/machine/events.ts'
import {
  type Built,
  buildBlock,
  buildChain,
  buildNext,
  builtGenesis,
  producers,
  type Rules,
  stranger,
  testRules,
} from '../support/block-builder.ts'
import { deliveries, growTree, inOrder, recipes } from '../support/block-trees.ts'
import { FinalTwin, type Verdict } from '../support/final-twin.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'
import { runs } from '../support/runs.ts'

const depths = [1, 2, 3, 5].map((finalDepth) => testRules({ finalDepth, producers }))

function noticesOf(effects: readonly Effect[]): Notice[] {
  return effects.flatMap((effect) => (effect.kind === 'notify' ? effect.notices : []))
}

/** What a step decided, in the twin's words. */
function verdictOf(effects: readonly Effect[]): Verdict {
  const persist = effects.find((effect) => effect.kind === 'persist')
  const refused = noticesOf(effects).filter((notice) => notice.kind === 'block-refused')
  const isBelow = (notice: Notice) => 'error' in notice && notice.error.code === 'BLOCK_BELOW_FINAL'
  const hash = ({ block }: { block: Block }) => toHex(block.hash)
  return {
    belowFinal: refused.filter(isBelow).map(hash),
    invalid: refused.filter((notice) => !isBelow(notice)).map(hash),
    accepted: persist?.change.blocks.map(hash) ?? [],
    alarmCount: noticesOf(effects).filter((notice) => notice.kind === 'alarm' && isBelow(notice)).length,
  }
}

function codesOf(effects: readonly Effect[]): string[] {
  return noticesOf(effects).flatMap((notice) =>
    'error' in notice ? [`${notice.kind} ${notice.error.code}`] : [notice.kind],
  )
}

describe('with a small final depth', () => {
  const trees = recipes({ blocksMax: 30, faultEvery: 20, backMax: 20 })
  const paces = fc.array(fc.record({ writes: fc.nat({ max: 4 }), reports: fc.nat({ max: 4 }) }), {
    minLength: 1,
    maxLength: 8,
  })

  test('every step decides as the twin does, however late the store is', () => {
    const seen = { belowFinal: 0, alarms: 0 }
    fc.assert(
      fc.property(fc.constantFrom(...depths), trees, deliveries, paces, (rules, tree, picks, pace) => {
        const twin = new FinalTwin(rules)
        const harness = new LedgerHarness(rules)
        for (const [i, block] of inOrder(growTree(rules, tree), picks).entries()) {
          const expected = twin.receive(block)
          const effects = harness.receive(block)
          expect(verdictOf(effects)).toEqual(expected)
          expect(effects.some(({ kind }) => kind === 'persist')).toBe(expected.accepted.length > 0)
          expect(toHex(harness.ledger.head.hash)).toBe(toHex(twin.head.hash))
          expect(harness.ledger.finalHeight).toBe(twin.final.header.height)
          seen.belowFinal += expected.belowFinal.length
          seen.alarms += expected.alarmCount
          const { writes, reports } = pace[i % pace.length] as (typeof pace)[number]
          for (let n = 0; n < writes; n++) harness.write()
          harness.report(reports)
        }
        harness.settle()
        expect(harness.state()).toEqual(twin.chain.state(twin.head))
      }),
      runs(100),
    )
    expect(seen.belowFinal).toBeGreaterThan(0)
    expect(seen.alarms).toBeGreaterThan(0)
  })

  test('every block of a long chain is judged right, though the store lags behind its last authors', () => {
    const sparse = recipes({ blocksMax: 30, backMax: 2, entriesMax: 1 })
    const lags = fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(fc.constantFrom(...depths.slice(0, 2)), sparse, lags, (rules, tree, lag) => {
        const twin = new FinalTwin(rules)
        const harness = new LedgerHarness(rules)
        for (const [i, block] of growTree(rules, tree).entries()) {
          expect(verdictOf(harness.receive(block))).toEqual(twin.receive(block))
          const kept = lag[i % lag.length] as number
          while (harness.unwrittenCount > kept) {
            harness.write()
            harness.report()
          }
        }
      }),
      runs(150),
    )
  })

  test('a final block never leaves the chain', () => {
    fc.assert(
      fc.property(fc.constantFrom(...depths), trees, deliveries, (rules, tree, picks) => {
        const harness = new LedgerHarness(rules)
        const final: string[] = []
        for (const block of inOrder(growTree(rules, tree), picks)) {
          harness.receive(block)
          harness.settle()
          expect(harness.store.canonical.slice(0, final.length)).toEqual(final)
          final.splice(0, final.length, ...harness.store.canonical.slice(0, harness.ledger.finalHeight + 1))
        }
      }),
      runs(40),
    )
  })
})

describe('a branch that leaves the chain', () => {
  const rules = testRules({ finalDepth: 2, producers })

  /** A ledger with a chain of `length` blocks, and that chain with genesis in front. */
  function grown(length: number, given: Rules = rules): { harness: LedgerHarness; chain: Built[] } {
    const genesis = builtGenesis(given)
    const chain = [genesis, ...buildChain(given, genesis, length)]
    const harness = new LedgerHarness(given)
    for (const { block } of chain.slice(1)) harness.receive(block)
    return { harness, chain }
  }

  test('at the final block may win', () => {
    const { harness, chain } = grown(5)
    harness.settle()
    expect(harness.ledger.finalHeight).toBe(3)
    const rival = buildChain(rules, chain[3] as Built, 3, { variant: 1 })
    for (const { block } of rival) harness.receive(block)
    expect(toHex(harness.ledger.head.hash)).toBe(toHex((rival[2] as Built).block.hash))
  })

  test('below the final block is refused, and one alarm is raised when it outgrows the chain', () => {
    const { harness, chain } = grown(5)
    harness.settle()
    const stored = harness.store.blocks.size
    const rival = buildChain(rules, chain[2] as Built, 6, { variant: 1 })
    const codes = rival.map(({ block }) => codesOf(harness.receive(block)).join())
    const refused = 'block-refused BLOCK_BELOW_FINAL'
    const fork = toHex((rival[2] as Built).block.hash) < toHex((chain[5] as Built).block.hash) ? 2 : 3
    const expected = rival.map((_, i) => (i === fork ? `${refused},alarm BLOCK_BELOW_FINAL` : refused))
    expect(codes).toEqual(expected)
    expect(harness.unwrittenCount).toBe(0)
    expect(harness.store.blocks.size).toBe(stored)
    expect(toHex(harness.ledger.head.hash)).toBe(toHex((chain[5] as Built).block.hash))
    for (const { block } of rival) expect(harness.receive(block)).toEqual([])
  })

  test('below the final block is followed when its blocks come in reverse', () => {
    const { harness, chain } = grown(5)
    harness.settle()
    const rival = buildChain(rules, chain[1] as Built, 7, { variant: 1 }).toReversed()
    for (const { block } of rival.slice(0, -1)) expect(harness.receive(block)).toEqual([])
    expect(harness.ledger.waitingCount).toBe(6)
    const codes = codesOf(harness.receive((rival.at(-1) as Built).block))
    expect(codes.filter((code) => code === 'block-refused BLOCK_BELOW_FINAL')).toHaveLength(7)
    expect(codes.filter((code) => code === 'alarm BLOCK_BELOW_FINAL')).toHaveLength(1)
    expect(harness.ledger.waitingCount).toBe(0)
  })

  test('raises no alarm with blocks that break the rule of the engine', () => {
    const { harness, chain } = grown(5)
    harness.settle()
    const foreign = buildNext(rules, chain[1] as Built, [0], { variant: 1, producer: stranger })
    expect(codesOf(harness.receive(foreign.block))).toEqual(['block-refused BLOCK_PRODUCER_NOT_ALLOWED'])
    const high = buildBlock(rules, chain[1] as Built, {
      items: [...foreign.block.entries.keys()].map((i) => itemOf(foreign.block, i)),
      spoil: () => ({ height: 1_000 }),
    })
    expect(codesOf(harness.receive(high.block))).toEqual(['block-refused BLOCK_HEIGHT_WRONG'])
    for (const built of [foreign, high]) {
      const child = buildNext(rules, built, [1])
      expect(harness.receive(child.block)).toEqual([])
    }
    expect(harness.ledger.waitingCount).toBe(2)
  })

  test('is not suspected when final blocks come again before the store has them', () => {
    const { harness, chain } = grown(8)
    expect(harness.unwrittenCount).toBe(8)
    for (let written = 0; written <= 8; written++) {
      for (const { block } of chain.slice(1)) expect(harness.receive(block)).toEqual([])
      harness.write()
    }
    expect(harness.ledger.waitingCount).toBe(0)
  })

  test('is looked up in the store once that has it: nothing of a written block stays in memory', () => {
    const { harness, chain } = grown(8)
    expect(harness.ledger.head.fresh).toBeDefined()
    harness.settle()
    expect(harness.ledger.head.fresh).toBeUndefined()
    const reads = vi.spyOn(harness.store, 'block')
    for (const { block } of chain.slice(1)) harness.receive(block)
    expect(reads.mock.calls.map(([hash]) => toHex(hash))).toEqual(
      chain.slice(1, 6).map(({ block }) => toHex(block.hash)),
    )
  })

  test('is refused at once when the block that it leaves at is final but not stored yet', () => {
    const { harness, chain } = grown(8)
    const rival = buildNext(rules, chain[3] as Built, [0], { variant: 1 })
    expect(harness.unwrittenCount).toBe(8)
    expect(codesOf(harness.receive(rival.block))).toEqual(['block-refused BLOCK_BELOW_FINAL'])
    expect(harness.ledger.waitingCount).toBe(0)
  })

  test('is refused when it stands on a forgotten branch that the store does not have yet', () => {
    const { harness, chain } = grown(2)
    const side = buildChain(rules, chain[0] as Built, 2, { variant: 1 })
    harness.receive((side[0] as Built).block)
    for (const { block } of buildChain(rules, chain[2] as Built, 4)) harness.receive(block)
    expect(codesOf(harness.receive((side[1] as Built).block))).toEqual(['block-refused BLOCK_BELOW_FINAL'])
  })
})

function itemOf(block: Block, index: number) {
  const entry = block.entries[index]
  const payload = block.payloads[index]
  if (!entry || !payload) throw new Error(`the block has no entry ${index}`)
  return { entry, payload }
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Block } from '../../src/block/block.ts'
import { toHex } from '../../src/bytes.ts'
import type { Effect } from '../../src/machine/events.ts'
import { buildChain, buildNext, builtGenesis, producers, testRules } from '../support/block-builder.ts'
import { deliveries, growTree, inOrder, recipes } from '../support/block-trees.ts'
import { DumbChain } from '../support/dumb-chain.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'
import { runs } from '../support/runs.ts'

const rules = testRules({ producers })
const trees = recipes({ blocksMax: 30, faultEvery: 20 })

function twinOf(blocks: readonly Block[]): DumbChain {
  const twin = new DumbChain(rules)
  for (const block of blocks) twin.add(block)
  return twin
}

/** An effect as text, so that two ledgers' decisions can be compared. */
function decision(effect: Effect): unknown {
  const hash = ({ block }: { block: Block }) => toHex(block.hash)
  switch (effect.kind) {
    case 'persist': {
      const { blocks, disconnect, connect, pendingAdd, pendingRemove } = effect.change
      return {
        blocks: blocks.map(hash),
        disconnect: disconnect.map(hash),
        connect: connect.map((placed) => [hash(placed), placed.firstIndex, placed.nodes.length]),
        pendingAdd: pendingAdd.map(({ entry }) => toHex(entry.id)),
        pendingRemove: pendingRemove.map(toHex),
      }
    }
    case 'publish-block':
      return toHex(effect.block.hash)
    case 'publish-entries':
      return effect.items.map(({ entry }) => toHex(entry.id))
    case 'notify':
      return effect.notices.map((notice) => ({
        kind: notice.kind,
        ...('block' in notice && { hash: toHex(notice.block.hash) }),
        ...('error' in notice && { error: notice.error }),
      }))
    case 'wake':
      return effect.time
    default:
      return effect.kind
  }
}

describe('a ledger that is given blocks', () => {
  test('ends on the head and the state of the twin, in whatever order they come', () => {
    let reorgs = 0
    fc.assert(
      fc.property(trees, deliveries, (tree, picks) => {
        const blocks = growTree(rules, tree)
        const harness = new LedgerHarness(rules)
        for (const block of inOrder(blocks, picks)) {
          harness.receive(block)
          harness.settle()
        }
        const twin = twinOf(blocks)
        expect(harness.state()).toEqual(twin.state(twin.best()))
        reorgs += harness.told.filter(({ kind }) => kind === 'block-disconnected').length
      }),
      runs(120),
    )
    expect(reorgs).toBeGreaterThan(0)
  })

  test('stores exactly the valid blocks, each with the weight of its branch', () => {
    fc.assert(
      fc.property(trees, deliveries, (tree, picks) => {
        const blocks = growTree(rules, tree)
        const harness = new LedgerHarness(rules)
        for (const block of inOrder(blocks, picks)) harness.receive(block)
        harness.settle()
        const twin = twinOf(blocks)
        const valid = [rules.genesis, ...blocks].filter((block) => twin.isValid(block))
        const expected = new Map(valid.map((block) => [toHex(block.hash), BigInt(block.header.height + 1)]))
        const stored = [...harness.store.blocks].map(([hash, { weight }]) => [hash, weight] as const)
        expect(new Map(stored)).toEqual(expected)
      }),
      runs(50),
    )
  })

  test('is on the best chain of what it was given at every moment, not only in the end', () => {
    fc.assert(
      fc.property(trees, deliveries, (tree, picks) => {
        const harness = new LedgerHarness(rules)
        const given: Block[] = []
        for (const block of inOrder(growTree(rules, tree), picks)) {
          harness.receive(block)
          given.push(block)
          expect(toHex(harness.ledger.head.hash)).toBe(toHex(twinOf(given).best().hash))
        }
      }),
      runs(40),
    )
  })

  test('decides the same when the store is late, and ends in the same state', () => {
    const paces = fc.array(fc.record({ writes: fc.nat({ max: 3 }), reports: fc.nat({ max: 3 }) }), {
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(trees, deliveries, paces, (tree, picks, pace) => {
        const prompt = new LedgerHarness(rules)
        const late = new LedgerHarness(rules)
        for (const [i, block] of inOrder(growTree(rules, tree), picks).entries()) {
          const { writes, reports } = pace[i % pace.length] as (typeof pace)[number]
          const expected = prompt.receive(block).map(decision)
          prompt.settle()
          expect(late.receive(block).map(decision)).toEqual(expected)
          for (let n = 0; n < writes; n++) late.write()
          late.report(reports)
        }
        late.settle()
        expect(late.state()).toEqual(prompt.state())
        expect([...late.store.waiting.keys()]).toEqual([...prompt.store.waiting.keys()])
      }),
      runs(50),
    )
  })

  test('raises an alarm exactly when an accepted entry has lost its sequence', () => {
    let alarms = 0
    fc.assert(
      fc.property(trees, deliveries, (tree, picks) => {
        const harness = new LedgerHarness(rules)
        const held = () => [...harness.store.log, ...harness.store.waiting.keys()]
        for (const block of inOrder(growTree(rules, tree), picks)) {
          const before = held()
          const effects = harness.receive(block)
          harness.settle()
          const notices = effects.flatMap((effect) => (effect.kind === 'notify' ? effect.notices : []))
          const codes = notices.flatMap((notice) => (notice.kind === 'alarm' ? [notice.error.code] : []))
          const after = new Set(held())
          const isLost = before.some((id) => !after.has(id))
          expect(codes).toEqual(isLost ? ['ENTRY_DISPLACED'] : [])
          alarms += codes.length
        }
      }),
      runs(50),
    )
    expect(alarms).toBeGreaterThan(0)
  })

  test('takes the lower hash of two equally long chains, whichever came first', () => {
    const genesis = builtGenesis(rules)
    const rivals = [0, 1].map((variant) => buildNext(rules, genesis, [0], { variant }).block)
    const lower = rivals.toSorted((a, b) => (toHex(a.hash) < toHex(b.hash) ? -1 : 1))[0] as Block
    for (const order of [rivals, rivals.toReversed()]) {
      const harness = new LedgerHarness(rules)
      for (const block of order) harness.receive(block)
      harness.settle()
      expect(toHex(harness.ledger.head.hash)).toBe(toHex(lower.hash))
    }
  })

  test('returns to a chain that it has left, from what the store has of it', () => {
    const genesis = builtGenesis(rules)
    const first = buildChain(rules, genesis, 4, { variant: 0 }).map(({ block }) => block)
    const second = buildChain(rules, genesis, 3, { variant: 1 }).map(({ block }) => block)
    const harness = new LedgerHarness(rules)
    for (const block of [...first.slice(0, 2), ...second, ...first.slice(2)]) {
      harness.receive(block)
      harness.settle()
    }
    const twin = twinOf([...first, ...second])
    expect(harness.state()).toEqual(twin.state(first.at(-1) as Block))
    expect(harness.told.filter(({ kind }) => kind === 'block-disconnected')).toHaveLength(5)
  })

  test('tells nothing and changes nothing when it is given a block again', () => {
    const chain = buildChain(rules, builtGenesis(rules), 3).map(({ block }) => block)
    const harness = new LedgerHarness(rules)
    for (const block of chain) harness.receive(block)
    for (const block of [rules.genesis, ...chain]) expect(harness.receive(block)).toEqual([])
    harness.settle()
    for (const block of [rules.genesis, ...chain]) expect(harness.receive(block)).toEqual([])
  })

  test('refuses a block with which its chain would weigh more than can be stored', () => {
    const heavy = { ...rules, engine: { ...rules.engine, weight: () => (1n << 256n) / 3n } }
    const harness = new LedgerHarness(heavy)
    const built = buildChain(rules, builtGenesis(rules), 3)
    for (const { block } of built) harness.receive(block)
    harness.settle()
    expect(harness.ledger.head.header.height).toBe(2)
    expect(harness.told.at(-1)).toMatchObject({
      kind: 'block-refused',
      error: { code: 'BLOCK_WEIGHT_TOO_LARGE' },
    })
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Block } from '../../src/block/block.ts'
import { keyOf, toHex } from '../../src/bytes.ts'
import type { Signer } from '../../src/crypto.ts'
import type { Ticket } from '../../src/machine/events.ts'
import { authors, producers, type Rules, START, testEntry, testRules } from '../support/block-builder.ts'
import { growTree, inOrder, recipes } from '../support/block-trees.ts'
import { checkProduced } from '../support/check-produced.ts'
import { testSigner } from '../support/crypto.ts'
import { DumbChain } from '../support/dumb-chain.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'
import { runs } from '../support/runs.ts'

/** What happens to a node, one thing after another. */
type Action =
  | { readonly kind: 'receive'; readonly pick: number }
  | { readonly kind: 'reading'; readonly value: number }
  | { readonly kind: 'entry'; readonly author: number; readonly variant: number; readonly ahead: number }
  | { readonly kind: 'write' | 'crash' }
  | { readonly kind: 'report'; readonly count: number }

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('receive' as const), pick: fc.nat({ max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reading' as const), value: fc.nat({ max: 500 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('entry' as const),
      author: fc.nat({ max: authors.length - 1 }),
      variant: fc.nat({ max: 1 }),
      ahead: fc.integer({ min: -1, max: 2 }),
    }),
  },
  { weight: 5, arbitrary: fc.constant({ kind: 'write' as const }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('report' as const), count: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
)
const actions = fc.array(fc.record({ action, clock: fc.nat({ max: 50_000 }) }), {
  maxLength: 60,
  size: 'max',
})

/** A node with a list of blocks that it may be given, under a clock that jumps. */
class Node {
  readonly rules: Rules
  readonly harness: LedgerHarness
  readonly tickets = new Map<Ticket, string>()
  readonly #left: Block[]
  readonly #given: Block[] = []

  constructor(rules: Rules, signer: Signer, blocks: readonly Block[]) {
    this.rules = rules
    this.harness = new LedgerHarness(rules, { signer })
    this.#left = [...blocks]
  }

  do(action: Action, now: number): void {
    const { harness } = this
    switch (action.kind) {
      case 'receive': {
        const [block] = this.#left.splice(action.pick % Math.max(1, this.#left.length), 1)
        if (block) this.#given.push(block)
        if (block) harness.receive(block, now)
        return
      }
      case 'reading':
        this.tickets.set(harness.submitReading(action.value, now), 'reading')
        return
      case 'entry': {
        const author = authors[action.author] as Signer
        const { ledger } = harness
        const next = ledger.pending.nextSequence(author.publicKey, () =>
          ledger.nextSequence(author.publicKey),
        )
        const sequence = Math.max(0, next + action.ahead)
        const item = testEntry(this.rules.ledgerId, author, sequence, action.variant)
        const [ticket] = harness.submit([item], now)
        this.tickets.set(ticket as Ticket, toHex(item.entry.id))
        return
      }
      case 'report':
        harness.report(action.count, now)
        return
      case 'write':
        harness.write()
        return
      case 'crash':
        this.crash()
    }
  }

  /** Afterwards the ledger is what its store says, and nobody who was not told yet will be. */
  crash(): void {
    const { harness } = this
    for (const ticket of this.tickets.keys()) if (!harness.answer(ticket)) this.tickets.delete(ticket)
    harness.crash()
    expect(harness.ledger.pending.count).toBe(harness.store.waiting.size)
    const stored = new DumbChain(this.rules)
    for (const { block } of harness.store.blocks.values()) stored.add(block)
    const head = stored.get((harness.store.head() as { hash: Uint8Array }).hash) as Block
    expect(harness.state()).toEqual(stored.state(head))
  }

  /** All blocks are given again, as syncing does, and everything is written. */
  finish(now: number): void {
    for (const block of [...this.#given, ...this.#left]) this.harness.receive(block, now)
    this.harness.send({ kind: 'started' }, now)
    this.harness.settle(now)
  }

  get blocks(): Block[] {
    return [...this.#given, ...this.#left, ...this.harness.published]
  }
}

describe('a node that dies and starts again', () => {
  const own = testSigner('the node')
  const rules = testRules({
    producers: [...producers, own],
    limits: { timeAhead: 86_400_000, blockEntries: 3 },
  })
  const trees = recipes({ blocksMax: 20 })

  test('ends on the same head and state as one that never died, and keeps what it confirmed', () => {
    fc.assert(
      fc.property(trees, actions, (tree, script) => {
        const node = new Node(rules, own, growTree(rules, tree))
        for (const { action, clock } of script) node.do(action, START + clock)
        node.crash()
        node.finish(START)
        const twin = new DumbChain(rules)
        for (const block of node.blocks) twin.add(block)
        expect(node.harness.state()).toEqual(twin.state(twin.best()))
        for (const block of node.harness.published) {
          if (keyOf(block.header.producer) === keyOf(own.publicKey)) checkProduced(block, rules)
        }
      }),
      runs(100),
    )
  })

  test('answers each submission once, unless it died before', () => {
    const seen = { included: 0, rejected: 0 }
    fc.assert(
      fc.property(trees, actions, (tree, script) => {
        const node = new Node(rules, own, growTree(rules, tree))
        for (const { action, clock } of script) node.do(action, START + clock)
        node.finish(START)
        const waiting = [...node.harness.ledger.pending.entries()].flatMap(({ tickets }) => tickets)
        for (const [ticket, id] of node.tickets) {
          const answers = node.harness.told.filter((notice) => 'ticket' in notice && notice.ticket === ticket)
          expect(answers.length + waiting.filter((other) => other === ticket).length).toBe(1)
          const [answer] = answers
          if (answer?.kind === 'included' && id !== 'reading') expect(toHex(answer.entryId)).toBe(id)
          if (answer) seen[answer.kind as 'included' | 'rejected'] += 1
        }
      }),
      runs(100),
    )
    expect(seen.included).toBeGreaterThan(0)
    expect(seen.rejected).toBeGreaterThan(0)
  })

  test('is after a clean stop what it was before', () => {
    fc.assert(
      fc.property(trees, actions, (tree, script) => {
        const node = new Node(rules, own, growTree(rules, tree))
        for (const { action, clock } of script) node.do(action, START + clock)
        node.finish(START)
        const { harness } = node
        const stored = () => {
          const { ledger } = harness
          const kept = [...ledger.pending.entries()].filter(({ isStored }) => isStored)
          return {
            ...harness.state(),
            finalHeight: ledger.finalHeight,
            peaks: ledger.head.range.peaks.map(toHex),
            times: ledger.head.times,
            weight: ledger.head.weight,
            pending: kept.map(({ entry, payload }) => [toHex(entry.id), toHex(payload)]),
          }
        }
        const before = stored()
        node.crash()
        expect(stored()).toEqual(before)
      }),
      runs(60),
    )
  })

  test('loses nothing and makes only sound blocks with any final depth', () => {
    const shallow = [1, 2, 3].map((finalDepth) =>
      testRules({ finalDepth, producers: [...producers, own], limits: { timeAhead: 86_400_000 } }),
    )
    const chains = recipes({ blocksMax: 24, entriesMax: 1, backMax: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...shallow), chains, actions, (given, tree, script) => {
        const node = new Node(given, own, growTree(given, tree))
        for (const { action, clock } of script) node.do(action, START + clock)
        node.finish(START)
        const twin = new DumbChain(given)
        for (const block of node.blocks) twin.add(block)
        const head = twin.get(node.harness.ledger.head.hash) as Block
        expect(twin.isValid(head)).toBe(true)
        expect(node.harness.state()).toEqual(twin.state(head))
      }),
      runs(100),
    )
  })

  test('decides about further blocks as one that never died, whatever its final depth cuts off', () => {
    const cut = [2, 3, 5].map((finalDepth) => testRules({ finalDepth, producers }))
    const orders = fc.array(fc.nat({ max: 40 }), { maxLength: 30 })
    const crashes = fc.array(fc.boolean(), { minLength: 1, maxLength: 10 })
    const forked = recipes({ blocksMax: 24, backMax: 20, faultEvery: 20 })
    fc.assert(
      fc.property(fc.constantFrom(...cut), forked, orders, crashes, (given, tree, picks, plan) => {
        const steady = new LedgerHarness(given)
        const mortal = new LedgerHarness(given)
        const order = inOrder(growTree(given, tree), picks)
        for (const [i, block] of order.entries()) {
          for (const harness of [steady, mortal]) harness.receive(block)
          for (const harness of [steady, mortal]) harness.settle()
          if (plan[i % plan.length]) {
            mortal.crash()
            for (const earlier of order.slice(0, i + 1)) mortal.receive(earlier)
            expect(mortal.unwrittenCount).toBe(0)
          }
          expect(mortal.state()).toEqual(steady.state())
          expect(mortal.ledger.finalHeight).toBe(steady.ledger.finalHeight)
        }
      }),
      runs(60),
    )
  })
})

import { expect, test } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import type { Signer } from '../../src/crypto.ts'
import { authors, LATER, producers, type Rules, testEntry } from '../support/block-builder.ts'
import { checkProduced } from '../support/check-produced.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'

/** What a ledger promises with any engine. All three producers take part: each is needed by some rule. */
export function ledgerConformance(rules: Rules): void {
  const items = (author: number, count: number) =>
    Array.from({ length: count }, (_, i) => testEntry(rules.ledgerId, authors[author] as Signer, i))

  test('a group makes blocks of what is typed at one of its nodes', () => {
    const group = new Group(rules)
    const tickets = group.first.submit(items(0, 3), group.now)
    group.converge()
    expect(tickets.map((ticket) => group.first.answer(ticket)?.kind)).toEqual(Array(3).fill('included'))
    expect(group.made).toBeGreaterThan(0)
    group.check(items(0, 3).length)
  })

  test('producers that type at once end on one chain, with every entry on it once', () => {
    const group = new Group(rules)
    for (let round = 0; round < 3; round++) {
      for (const [i, node] of group.nodes.entries()) {
        const entry = testEntry(rules.ledgerId, authors[i] as Signer, round)
        node.submit([entry], group.now)
      }
      // Each goes on as far as it can before any hears of another.
      for (const node of group.nodes) node.settle(group.now)
    }
    group.converge()
    group.check(9)
  })

  test('blocks keep the limits of the ledger and obey the rules', () => {
    const { blockEntries, blockBytes } = rules.document.limits
    const group = new Group(rules)
    group.first.submit(items(0, blockEntries + 5), group.now)
    group.converge()
    for (const block of group.first.store.canonicalBlocks().slice(1)) {
      checkProduced(block, rules)
      expect(block.entries.length).toBeLessThanOrEqual(blockEntries)
      expect(block.headerBytes.length + block.bodyBytes.length).toBeLessThanOrEqual(blockBytes)
    }
    group.check(blockEntries + 5)
  })

  test('a node that dies at any moment goes on where it was, and loses nothing that it confirmed', () => {
    for (let steps = 0; steps < 12; steps++) {
      const group = new Group(rules)
      const { first } = group
      first.submit(items(0, 2), group.now)
      group.converge()
      first.submit(items(0, 5).slice(2), group.now)
      // So many of the things that happen next happen, and then nothing does any more.
      for (let i = 0; i < steps; i++) {
        const now = group.now
        if (!(first.write() || first.report(1, now) || first.mine(now) || first.wake(now))) group.now += 500
      }
      const confirmed = first.store.log.length
      const waiting = first.store.waiting.size
      first.crash()
      expect(first.store.log).toHaveLength(confirmed)
      first.send({ kind: 'started' }, group.now)
      first.connect(2, group.now)
      group.converge()
      group.check(confirmed + waiting)
    }
  })

  test('a node that starts again has the same head, weight and final block', () => {
    const group = new Group(rules)
    for (let i = 0; i < 15; i++) {
      group.first.submit([testEntry(rules.ledgerId, authors[0] as Signer, i)], group.now)
      group.converge()
    }
    const { first } = group
    const before = { state: first.state(), weight: first.ledger.head.weight, final: first.ledger.finalHeight }
    expect(first.ledger.head.header.height).toBeGreaterThan(10)
    first.crash()
    const after = { state: first.state(), weight: first.ledger.head.weight, final: first.ledger.finalHeight }
    expect(after).toEqual(before)
    expect(after.final).toBeGreaterThan(0)
  })

  test('a node that was away takes the chain over from its blocks, and refuses each that was changed', () => {
    const group = new Group(rules)
    group.first.submit(items(0, 4), group.now)
    group.converge()
    group.second.submit(items(1, 1), group.now)
    group.converge()
    const away = new LedgerHarness(rules)
    for (const block of group.first.store.canonicalBlocks().slice(1)) {
      const header = { ...block.header, seal: Uint8Array.from([...block.header.seal, 0]) }
      away.receive({ ...block, header, hash: block.header.body }, group.now)
      away.settle(group.now)
      expect(away.told.at(-1)).toMatchObject({ kind: 'block-refused', error: { code: 'BLOCK_SEAL_INVALID' } })
      away.receive(block, group.now)
      away.settle(group.now)
    }
    expect(away.state()).toEqual(group.first.state())
    expect(away.ledger.head.weight).toBe(group.first.ledger.head.weight)
  })
}

/**
 * The listed producers, each the peer of the others. What one tells reaches the others when they converge.
 */
class Group {
  readonly nodes: readonly LedgerHarness[]
  now = LATER
  readonly #heard: { blocks: number; entries: number }[]

  constructor(rules: Rules) {
    this.nodes = producers.map((signer) => new LedgerHarness(rules, { signer }))
    this.#heard = this.nodes.map(() => ({ blocks: 0, entries: 0 }))
    for (const node of this.nodes) node.connect(this.nodes.length - 1, this.now)
  }

  get first(): LedgerHarness {
    return this.nodes[0] as LedgerHarness
  }

  get second(): LedgerHarness {
    return this.nodes[1] as LedgerHarness
  }

  /** Blocks that were made. */
  get made(): number {
    return this.nodes.reduce((count, { published }) => count + published.length, 0)
  }

  /** Until nobody has anything to tell, and nothing is left that could go into a block. */
  converge(): void {
    for (let quiet = 0; quiet < 12; ) {
      for (const node of this.nodes) node.settle(this.now)
      const hasNews = this.nodes.map((node, i) => this.#deliver(node, i)).some(Boolean)
      const isWaiting = this.nodes.some(({ ledger }) => ledger.pending.readyCount > 0)
      quiet = hasNews ? 0 : quiet + 1
      if (!hasNews && !isWaiting) return
      this.now += 500
    }
    throw new Error('what is pending never gets into a block')
  }

  /** All nodes agree on a chain of so many entries. */
  check(entryCount: number): void {
    const state = this.first.state()
    for (const node of this.nodes) expect(node.state()).toEqual(state)
    expect(new Set(state.log).size).toBe(state.log.length)
    expect(state.log).toHaveLength(entryCount)
    expect(toHex(this.first.ledger.head.hash)).toBe(state.hashes.at(-1))
  }

  #deliver(from: LedgerHarness, index: number): boolean {
    const heard = this.#heard[index] as { blocks: number; entries: number }
    const blocks = from.published.slice(heard.blocks)
    const entries = from.publishedEntries.slice(heard.entries)
    this.#heard[index] = { blocks: from.published.length, entries: from.publishedEntries.length }
    for (const to of this.nodes) {
      if (to === from) continue
      if (blocks.length > 0) to.send({ kind: 'blocks-received', blocks }, this.now)
      if (entries.length > 0) to.send({ kind: 'entries-received', items: entries }, this.now)
    }
    return blocks.length + entries.length > 0
  }
}

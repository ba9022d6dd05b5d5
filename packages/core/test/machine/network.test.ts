/**
 * Three nodes that submit, produce, hear of one another's blocks in any order or not at all, and die: the
 * ledger, its store and nothing else. When they hear of everything in the end they must agree.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Block } from '../../src/block/block.ts'
import { toHex } from '../../src/bytes.ts'
import type { Ticket } from '../../src/machine/events.ts'
import { producers, START, testRules } from '../support/block-builder.ts'
import { checkProduced } from '../support/check-produced.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'
import { runs } from '../support/runs.ts'

const rules = testRules({ producers, limits: { timeAhead: 86_400_000, blockEntries: 3 } })

const KINDS = [
  'submit',
  'submit',
  'hear',
  'hear',
  'hear',
  'miss',
  'write',
  'write',
  'report',
  'report',
] as const
const script = fc.array(
  fc.record({
    node: fc.nat({ max: producers.length - 1 }),
    kind: fc.oneof(
      { weight: 40, arbitrary: fc.constantFrom(...KINDS) },
      { weight: 1, arbitrary: fc.constant('crash' as const) },
    ),
    pick: fc.nat({ max: 20 }),
    clock: fc.nat({ max: 50_000 }),
  }),
  { maxLength: 120, size: 'max' },
)
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never

interface Peer {
  readonly harness: LedgerHarness
  /** Blocks that others have published and this one has not heard of. */
  readonly inbox: Block[]
  publishedCount: number
}

class Network {
  readonly peers: Peer[] = producers.map((signer) => ({
    harness: new LedgerHarness(rules, { signer }),
    inbox: [],
    publishedCount: 0,
  }))

  run(steps: Script): void {
    for (const { node, kind, pick, clock } of steps) {
      this.#step(this.peers[node] as Peer, kind, pick, START + clock)
      this.#post()
    }
  }

  #step({ harness, inbox }: Peer, kind: Script[number]['kind'], pick: number, now: number): void {
    const place = pick % Math.max(1, inbox.length)
    switch (kind) {
      case 'submit':
        harness.submitReading(pick, now)
        return
      case 'hear':
        for (const block of inbox.splice(place, 1)) harness.receive(block, now)
        return
      case 'miss':
        inbox.splice(place, 1)
        return
      case 'write':
        harness.write()
        return
      case 'report':
        harness.report(1 + (pick % 3), now)
        return
      case 'crash':
        harness.crash()
        harness.send({ kind: 'started' }, now)
    }
  }

  /** What was published since goes to the others. */
  #post(): void {
    for (const peer of this.peers) {
      const fresh = peer.harness.published.slice(peer.publishedCount)
      peer.publishedCount += fresh.length
      for (const other of this.peers) if (other !== peer) other.inbox.push(...fresh)
    }
  }

  /**
   * Everybody hears of everything that anybody has, again and again, until nobody has news. Returns the
   * rounds.
   */
  heal(): number {
    for (let round = 1; round <= 100; round++) {
      const before = this.#storedCount()
      for (const { harness } of this.peers) harness.settle(START)
      const all = this.peers.flatMap(({ harness }) => harness.store.blocksFrom(1).map(({ block }) => block))
      for (const { harness } of this.peers) for (const block of all) harness.receive(block, START)
      for (const { harness } of this.peers) harness.settle(START)
      if (this.#storedCount() === before) return round
    }
    throw new Error('the network does not come to rest')
  }

  #storedCount(): number {
    return this.peers.reduce((sum, { harness }) => sum + harness.store.blocks.size, 0)
  }
}

describe('nodes that produce for themselves', () => {
  test('agree on one chain with every confirmed reading once, and nothing is left pending', () => {
    const seen = { reorgs: 0, included: 0 }
    fc.assert(
      fc.property(script, (steps) => {
        const network = new Network()
        network.run(steps)
        network.heal()
        const [first, ...others] = network.peers.map(({ harness }) => harness)
        for (const other of others) expect(other.state()).toEqual(first?.state())
        for (const { harness } of network.peers) {
          expect(harness.ledger.pending.count).toBe(0)
          const included = harness.told.filter((notice) => notice.kind === 'included')
          const log = harness.store.log
          for (const { entryId } of included)
            expect(log.filter((id) => id === toHex(entryId))).toHaveLength(1)
          seen.included += included.length
          seen.reorgs += harness.told.filter(({ kind }) => kind === 'block-disconnected').length
        }
      }),
      runs(60),
    )
    expect(seen.included).toBeGreaterThan(0)
    expect(seen.reorgs).toBeGreaterThan(0)
  })

  test('publish only sound blocks, and never two entries for one sequence', () => {
    fc.assert(
      fc.property(script, (steps) => {
        const network = new Network()
        network.run(steps)
        network.heal()
        const entries = new Map<string, string>()
        for (const block of network.peers.flatMap(({ harness }) => harness.published)) {
          checkProduced(block, rules)
          for (const { author, sequence, id } of block.entries) {
            const place = `${toHex(author)}/${sequence}`
            expect(entries.get(place) ?? toHex(id)).toBe(toHex(id))
            entries.set(place, toHex(id))
          }
        }
        const told = network.peers.flatMap(({ harness }) => harness.told)
        expect(told.filter(({ kind }) => kind === 'alarm')).toEqual([])
        expect(told.filter(({ kind }) => kind === 'block-refused')).toEqual([])
      }),
      runs(30),
    )
  })

  test('answer every reading that was submitted to a node that did not die', () => {
    fc.assert(
      fc.property(script, (steps) => {
        const network = new Network()
        const living = steps.filter(({ kind }) => kind !== 'crash')
        network.run(living)
        network.heal()
        for (const [node, { harness }] of network.peers.entries()) {
          const count = living.filter((step) => step.kind === 'submit' && step.node === node).length
          const answered = new Set<Ticket>()
          for (const notice of harness.told) if (notice.kind === 'included') answered.add(notice.ticket)
          expect(answered.size).toBe(count)
        }
      }),
      runs(30),
    )
  })
})

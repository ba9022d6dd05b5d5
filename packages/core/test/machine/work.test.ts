import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import type { Signer } from '../../src/crypto.ts'
import type { Effect } from '../../src/machine/events.ts'
import {
  authors,
  buildBlock,
  builtGenesis,
  crypto,
  LATER as NOW,
  producers,
  testEntry,
  testRules,
} from '../support/block-builder.ts'
import { checkProduced } from '../support/check-produced.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'
import { searchNonce } from '../support/search.ts'
import { SimulatedNetwork } from '../support/simulated-network.ts'

const parameters = { finalDepth: 1_000, intervalMs: 500, window: 8, difficulty: 50, difficultyMinimum: 5 }
const rules = testRules({ engine: { name: 'proof-of-work', ...parameters } })
const [signer, other] = producers as [Signer, Signer, Signer]
const [ann, ben] = authors as [Signer, Signer, Signer, Signer]
const genesis = builtGenesis(rules)

function started(hasMiner = true): LedgerHarness {
  const harness = new LedgerHarness(rules, { signer, hasMiner })
  harness.send({ kind: 'started' }, NOW)
  return harness
}

/** All that can be made durable is, and nothing is found. */
function write(harness: LedgerHarness, now = NOW): void {
  while (harness.write() || harness.report(1, now)) {}
}

function kinds(effects: readonly Effect[]): string[] {
  return effects.map(({ kind }) => kind)
}

describe('a ledger whose engine asks for work', () => {
  test('rests while nothing is pending', () => {
    const harness = started()
    expect(harness.job).toBeUndefined()
    expect(harness.wakeTime).toBeUndefined()
  })

  test('has a nonce searched for as soon as an entry is safe, and makes its block of what is found', () => {
    const harness = started()
    const ticket = harness.submitReading(72, NOW)
    expect(harness.job).toBeUndefined()
    expect(harness.unwrittenCount).toBe(1)
    harness.write()
    expect(harness.store.waiting.size).toBe(1)
    expect(harness.job).toMatchObject({ entryCount: 1 })
    expect(harness.answer(ticket)).toBeUndefined()
    write(harness)
    harness.mine(NOW)
    expect(harness.job).toBeUndefined()
    expect(harness.published).toEqual([])
    write(harness)
    expect(harness.answer(ticket)).toMatchObject({ kind: 'included', height: 1 })
    expect(harness.published).toHaveLength(1)
    for (const block of harness.published) checkProduced(block, rules)
    expect(harness.store.waiting.size).toBe(0)
    expect(harness.job).toBeUndefined()
  })

  test('takes what comes during the search along within a second, and not sooner', () => {
    const harness = started()
    harness.submitReading(71, NOW)
    write(harness)
    const first = harness.job
    const tickets = [72, 73].map((value, i) => harness.submitReading(value, NOW + 100 * (i + 1)))
    write(harness, NOW + 200)
    expect(harness.job).toBe(first)
    expect(harness.wakeTime).toBe(NOW + 1_000)
    expect(harness.wake(NOW + 999)).toBe(false)
    harness.wake(NOW + 1_000)
    expect(harness.job?.id).toBe((first?.id as number) + 1)
    expect(harness.job).toMatchObject({ entryCount: 3 })
    harness.settle(NOW + 1_000)
    for (const ticket of tickets)
      expect(harness.answer(ticket)).toMatchObject({ kind: 'included', height: 1 })
  })

  test('gives the block a new time every five seconds, and is woken for nothing else', () => {
    const harness = started()
    harness.submitReading(72, NOW)
    write(harness)
    const prefixes = new Set([toHex(harness.job?.prefix as Uint8Array)])
    for (let i = 1; i <= 3; i++) {
      expect(harness.wakeTime).toBe(NOW + 5_000 * i)
      harness.wake(NOW + 5_000 * i)
      prefixes.add(toHex(harness.job?.prefix as Uint8Array))
    }
    expect(prefixes.size).toBe(4)
    harness.settle(NOW + 16_000)
    expect(harness.published[0]?.header.time).toBe(NOW + 15_000)
  })

  test('goes over to a new head at once, without what is in its block', () => {
    const harness = started()
    const shared = testEntry(rules.ledgerId, ann, 0)
    harness.submit([shared, testEntry(rules.ledgerId, ben, 0)], NOW)
    write(harness)
    const first = harness.job
    const { block } = buildBlock(rules, genesis, { items: [shared], producer: other })
    const effects = harness.receive(block, NOW + 10)
    expect(kinds(effects)).toContain('work')
    write(harness, NOW + 10)
    expect(harness.job).toMatchObject({ id: (first?.id as number) + 1, entryCount: 1 })
    harness.settle(NOW + 10)
    expect(harness.published[0]?.header).toMatchObject({ height: 2, parent: block.hash })
  })

  test('stops when another block has all that is pending', () => {
    const harness = started()
    const shared = testEntry(rules.ledgerId, ann, 0)
    harness.submit([shared], NOW)
    write(harness)
    const { block } = buildBlock(rules, genesis, { items: [shared], producer: other })
    expect(kinds(harness.receive(block, NOW + 10))).toContain('cancel-work')
    write(harness, NOW + 10)
    expect(harness.job).toBeUndefined()
  })

  test('ignores what is found for a job that was taken back', () => {
    const harness = started()
    harness.submitReading(72, NOW)
    write(harness)
    const stale = harness.job as NonNullable<typeof harness.job>
    harness.wake(NOW + 5_000)
    const nonce = searchNonce(stale, crypto)
    expect(harness.send({ kind: 'work-found', job: stale.id, nonce }, NOW + 5_001)).toEqual([])
    expect(harness.send({ kind: 'work-found', job: 99, nonce }, NOW + 5_001)).toEqual([])
    harness.settle(NOW + 5_001)
    expect(harness.published).toHaveLength(1)
  })

  test('stops with a broken invariant when the miner finds what is none', () => {
    const harness = started()
    harness.submitReading(72, NOW)
    write(harness)
    const job = harness.job as NonNullable<typeof harness.job>
    const wrong = searchNonce({ ...job, target: new Uint8Array(32).fill(255) }, crypto)
    expect(wrong).not.toBe(searchNonce(job, crypto))
    expect(() => harness.send({ kind: 'work-found', job: job.id, nonce: wrong }, NOW)).toThrow(
      'broken invariant',
    )
  })

  test('makes no block without a miner; its entries are kept, and told to those who have one', () => {
    const harness = started(false)
    harness.connect(1, NOW)
    harness.submitReading(72, NOW)
    harness.settle(NOW)
    expect(harness.job).toBeUndefined()
    expect(harness.published).toEqual([])
    expect(harness.publishedEntries).toHaveLength(1)
    expect(harness.store.waiting.size).toBe(1)
  })

  test('searches for nothing behind its peers, and goes on when it has caught up', () => {
    const harness = started()
    harness.submitReading(72, NOW)
    write(harness)
    expect(kinds(harness.send({ kind: 'network', peerCount: 1, isBehind: true }, NOW))).toContain(
      'cancel-work',
    )
    write(harness)
    expect(harness.job).toBeUndefined()
    harness.connect(1, NOW)
    write(harness)
    expect(harness.job).toMatchObject({ entryCount: 1 })
  })

  test('holds back for nobody: a block of another is followed by its own at once', () => {
    const harness = started()
    harness.connect(4, NOW)
    const { block } = buildBlock(rules, genesis, {
      items: [testEntry(rules.ledgerId, ann, 0)],
      producer: other,
    })
    harness.receive(block, NOW)
    harness.submitReading(72, NOW)
    write(harness)
    expect(harness.job).toMatchObject({ entryCount: 1 })
  })

  test('searches again after a restart for what was pending', () => {
    const harness = started()
    const ticket = harness.submitReading(72, NOW)
    write(harness)
    harness.crash()
    expect(harness.job).toBeUndefined()
    harness.send({ kind: 'started' }, NOW + 10)
    expect(harness.job).toMatchObject({ entryCount: 1 })
    harness.settle(NOW + 10)
    expect(harness.store.log).toHaveLength(1)
    expect(harness.answer(ticket)).toBeUndefined()
  })

  test('survives a clock that goes back: no job is kept for longer than five seconds of it', () => {
    const harness = started()
    harness.submitReading(72, NOW)
    write(harness)
    const first = harness.job
    harness.send({ kind: 'tick' }, NOW - 60_000)
    expect(harness.wakeTime).toBe(NOW - 55_000)
    harness.wake(NOW - 55_000)
    write(harness)
    expect(harness.job).not.toBe(first)
  })
})

describe('nodes of unlike hash power', () => {
  test.each([21, 22, 23])('agree after they were cut in two, and no reading is lost (seed %d)', (seed) => {
    const hashRates = [400, 100, 200]
    const signers = producers
    const network = new SimulatedNetwork({ rules, signers, seed, delayMs: [5, 60], hashRates })
    const typed = new Set<number>()
    const type = (value: number) => {
      typed.add(value)
      for (const node of network.nodes) network.type(node, value)
    }
    for (let i = 0; i < 10; i++) {
      type(60 + i)
      network.pass(300)
    }
    network.split((index) => (index === 0 ? 0 : 1))
    for (let i = 0; i < 20; i++) {
      type(80 + i)
      network.pass(300)
    }
    const apart = new Set(network.nodes.map(({ ledger }) => toHex(ledger.head.hash)))
    expect(apart.size).toBeGreaterThan(1)
    network.split(() => 0)
    network.pass(30_000)
    const [first] = network.nodes
    for (const node of network.nodes) {
      expect(toHex(node.ledger.head.hash)).toBe(toHex(first?.ledger.head.hash as Uint8Array))
      expect(network.pendingOf(node)).toEqual([])
    }
    expect(first?.store.log).toHaveLength(typed.size * 3)
    expect(new Set(first?.store.log).size).toBe(typed.size * 3)
    expect(network.orphanCount).toBeGreaterThan(0)
  })

  test('make blocks at the rate that was agreed on, once the difficulty is that of their power', () => {
    const network = new SimulatedNetwork({
      rules,
      signers: producers,
      seed: 5,
      delayMs: [1, 5],
      hashRates: [400],
    })
    const [node] = network.nodes
    for (let i = 0; i < 400; i++) {
      if (node) network.type(node, 60 + (i % 100))
      network.pass(250)
    }
    const times = (node?.store.canonicalBlocks() ?? []).slice(-100).map(({ header }) => header.time)
    const meanMs = ((times.at(-1) as number) - (times[0] as number)) / (times.length - 1)
    expect(meanMs).toBeGreaterThan(400)
    expect(meanMs).toBeLessThan(750)
  })
})

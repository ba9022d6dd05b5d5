import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import type { Signer } from '../../src/crypto.ts'
import { testRules } from '../support/block-builder.ts'
import { testSigner } from '../support/crypto.ts'
import { SimulatedNetwork, type SimulatedNode } from '../support/simulated-network.ts'

const signers: readonly Signer[] = [0, 1, 2, 3, 4].map((i) => testSigner(`simulated ${i}`))
const rules = testRules({ producers: signers })

/** Everybody types, on average once in `everyMs`, for so long. Returns how many readings that were. */
function type(network: SimulatedNetwork, nodes: readonly SimulatedNode[], forMs: number, everyMs: number) {
  let count = 0
  for (let passed = 0; passed < forMs; passed++) {
    for (const node of nodes) {
      if (network.random() >= 1 / everyMs) continue
      network.type(node, count % 500)
      count += 1
    }
    network.pass(1)
  }
  return count
}

/** One head, every accepted reading once, each told to whoever typed it, and nothing is left over. */
function expectAgreement(network: SimulatedNetwork, count: number): void {
  const [first] = network.nodes as [SimulatedNode, ...SimulatedNode[]]
  for (const node of network.nodes) {
    expect(node.store.canonical).toEqual(first.store.canonical)
    expect(network.pendingOf(node)).toEqual([])
    expect(node.store.waiting.size).toBe(0)
    expect(node.told.filter(({ kind }) => kind === 'alarm' || kind === 'rejected')).toEqual([])
  }
  expect(new Set(first.store.log).size).toBe(first.store.log.length)
  expect(first.store.log).toHaveLength(count)
  const included = network.nodes.flatMap(({ told }) => told.filter((notice) => notice.kind === 'included'))
  expect(new Set(included.map(({ ticket }) => ticket)).size).toBe(count)
  for (const node of network.nodes) expectReceipts(node)
}

/** What whoever typed a reading was told last is where it is. */
function expectReceipts({ told, store }: SimulatedNode): void {
  const last = new Map<string, { index: number } | undefined>()
  for (const notice of told) {
    if (notice.kind === 'included' || notice.kind === 'receipt-moved') last.set(toHex(notice.entryId), notice)
    if (notice.kind === 'receipt-withdrawn') last.set(toHex(notice.entryId), undefined)
  }
  for (const [id, place] of last) expect(store.log[place?.index ?? -1]).toBe(id)
}

/** The most blocks that left the chain of a node at once. */
function deepestReorg({ told }: SimulatedNode): number {
  let deepest = 0
  let depth = 0
  for (const { kind } of told) {
    if (kind === 'block-connected') depth = 0
    if (kind === 'block-disconnected') depth += 1
    deepest = Math.max(deepest, depth)
  }
  return deepest
}

describe('five nodes that are typed into at once', () => {
  test.each([
    [1, 10],
    [2, 40],
    [3, 150],
    [4, 1_000],
  ])('fork seldom and agree (seed %i, a reading every %i ms at each)', (seed, everyMs) => {
    const network = new SimulatedNetwork({ rules, signers, seed, delayMs: [1, 10] })
    const count = type(network, network.nodes, Math.min(8_000, 200 * everyMs), everyMs)
    network.pass(5_000)
    expectAgreement(network, count)
    expect(network.orphanCount).toBeLessThan(network.produced.size / 4)
  })

  test.each([
    [9, [20, 100], 10],
    [10, [100, 500], 20],
    [11, [100, 500], 200],
    [12, [300, 1_500], 50],
  ] as const)(
    'agree in a network slower than they hold back, and no branch grows far (seed %i, %j ms)',
    (...given) => {
      const [seed, delayMs, everyMs] = given
      const network = new SimulatedNetwork({ rules, signers, seed, delayMs, writeMs: [5, 30] })
      const count = type(network, network.nodes, 8_000, everyMs)
      network.pass(60_000)
      expectAgreement(network, count)
      expect(Math.max(...network.nodes.map(deepestReorg))).toBeLessThan(30)
    },
  )

  test('come to rest: nobody is woken for nothing', () => {
    const network = new SimulatedNetwork({ rules, signers, seed: 5, delayMs: [1, 10] })
    type(network, network.nodes, 1_000, 20)
    network.pass(5_000)
    const before = network.nodes.map(({ stepCount }) => stepCount)
    network.pass(60_000)
    expect(network.nodes.map(({ stepCount }) => stepCount)).toEqual(before)
  })
})

describe('nodes whose messages get lost', () => {
  test.each([
    [6, 3],
    [7, 5],
  ])('and that are cut in two for a while agree (seed %i, %i nodes)', (seed, size) => {
    const choice = { rules, signers: signers.slice(0, size), seed, delayMs: [1, 30], loss: 0.2 } as const
    const network = new SimulatedNetwork({ ...choice, writeMs: [1, 15] })
    let count = type(network, network.nodes, 1_500, 60)
    network.split((i) => (i < 2 ? 0 : 1))
    count += type(network, network.nodes, 1_500, 60)
    const heads = new Set(network.nodes.map(({ store }) => store.canonical.at(-1)))
    expect(heads.size).toBeGreaterThan(1)
    network.split(() => 0)
    count += type(network, network.nodes, 1_000, 60)
    network.pass(60_000)
    expectAgreement(network, count)
    const told = network.nodes.flatMap((node) => node.told.map(({ kind }) => kind))
    expect(told).toContain('receipt-moved')
    expect(told).toContain('receipt-withdrawn')
  })

  test('get the readings of a node that may not produce onto the chain', () => {
    const some = testRules({ producers: signers.slice(0, 2) })
    const choice = {
      rules: some,
      signers: signers.slice(0, 3),
      seed: 8,
      delayMs: [1, 10],
      loss: 0.5,
    } as const
    const network = new SimulatedNetwork(choice)
    const count = type(network, network.nodes.slice(2), 2_000, 50)
    network.pass(120_000)
    expectAgreement(network, count)
    for (const { header } of network.produced.values()) {
      expect(toHex(header.producer)).not.toBe(toHex((signers[2] as Signer).publicKey))
    }
  })
})

import { compareBytes, equalBytes, type GenesisDocument, keyOf } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { testSigner } from '../../../core/test/support/crypto.ts'
import { MemoryDisk } from '../../src/store/memory/memory-disk.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import { append, store as storeBeside, type TestBlock, TestChain } from '../support/chain.ts'
import { reseal, shortHash, verify, withAnswers } from './support.ts'

type Forge = (chain: TestChain, parent: TestBlock) => TestBlock
const OTHER = new Uint8Array(32).fill(7)

const FORGED: readonly (readonly [
  name: string,
  field: string,
  forge: Forge,
  document?: Partial<GenesisDocument>,
])[] = [
  ['a log root', 'header.root', (c, p) => reseal(c, c.block(p, ['ann']), { root: OTHER })],
  ['a log size', 'header.size', (c, p) => reseal(c, c.block(p, ['ann']), { size: 9 })],
  ['a time', 'header.time', (c, p) => reseal(c, c.block(p, ['ann']), { time: c.document.time })],
  ['a seal', 'header.seal', (c, p) => reseal(c, c.block(p, ['ann']), { seal: OTHER })],
  ['a block without entries', 'body', (c, p) => c.block(p, [])],
  ['a block with too many entries', 'body', (c, p) => c.block(p, ['ann', 'ann', 'ann', 'ann', 'ann'])],
  ['a gap in the sequences', 'sequences', (c, p) => c.block({ ...p, next: new Map([['ben', 1]]) }, ['ben'])],
  ['a sequence used twice', 'sequences', (c, p) => c.block({ ...p, next: new Map([['ann', 0]]) }, ['ann'])],
  ['a value', 'reading of entry 1', (c, p) => c.block(p, ['ann', c.entry('ben', 0, 501)])],
  [
    'an entry of another ledger',
    'signature of entry 1',
    (c, p) => c.block(p, ['ann', new TestChain('another').entry('ben', 0)]),
  ],
  [
    'a signature by another than the producer',
    'signature',
    (c, p) => reseal(c, c.block(p, ['ann'], 'ann'), {}),
  ],
  [
    'a producer',
    'header.producer',
    (c, p) => c.block(p, ['ann'], 'mallory'),
    { producers: [testSigner('producer').publicKey] },
  ],
]

const CASES = FORGED.map(([name, field, forge, document]) => ({ name, field, forge, document }))

async function storeOf(chain: TestChain, ...blocks: TestBlock[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  await store.open()
  for (const block of [chain.genesis, ...blocks]) await store.commit(append(block))
  return store
}

function chainOf(document: Partial<GenesisDocument> = {}): {
  chain: TestChain
  first: TestBlock
  second: TestBlock
} {
  const limits = { blockEntries: 4, blockBytes: 65_536, timeAhead: 120_000 }
  const chain = new TestChain('rules', { document: { limits, ...document } })
  const first = chain.block(chain.genesis, ['ann', 'cleo'])
  return { chain, first, second: chain.block(first, ['ann']) }
}

describe('verifying a chain that breaks a rule of its ledger', () => {
  test.each(CASES)('names $name on the chain: $field', async ({ field, forge, document }) => {
    const { chain, first, second } = chainOf(document)
    const store = await storeOf(chain, first, second, forge(chain, second))
    const { problems } = await verify(store)
    const found = problems.find((problem) => problem.field === field)
    expect(found?.height).toBe(3)
    const remedy = field === 'signature' ? /put a copy of it/ : /restoring a copy does not help/
    expect(found?.remedy).toMatch(remedy)
  })

  test.each(CASES)('names $name beside the chain: $field', async ({ field, forge, document }) => {
    const { chain, first, second } = chainOf(document)
    const forged = forge(chain, first)
    const third = chain.block(second, ['ann'])
    const store = await storeOf(chain, first, second, third)
    await store.commit(storeBeside(forged))
    const { problems } = await verify(store)
    const side = `${field} of side block ${shortHash(forged.block.hash)}`
    expect(problems.map((problem) => [problem.height, problem.field])).toEqual([[2, side]])
  })

  test('names a side block that wins over the head', async () => {
    const { chain, first, second } = chainOf()
    const store = await storeOf(chain, first)
    await store.commit(storeBeside(second))
    const { problems } = await verify(store)
    const field = `head of side block ${shortHash(second.block.hash)}`
    expect(problems.map((problem) => [problem.height, problem.field])).toEqual([[2, field]])
  })

  test('follows the sequences of a side branch over several of its blocks', async () => {
    const { chain, first, second } = chainOf()
    const third = chain.block(second, ['ann'])
    const fourth = chain.block(third, ['cleo'])
    const store = await storeOf(chain, first, second, third, fourth, chain.block(fourth, ['ann']))
    const beside = chain.block(first, ['ann', 'ben', 'ann'])
    const above = chain.block(beside, ['ben', 'ann', 'cleo'])
    await store.commit(storeBeside(beside, above))
    expect((await verify(store)).problems).toEqual([])
    const forged = chain.block({ ...above, next: new Map([['ben', 1]]) }, ['ben'])
    await store.commit(storeBeside(forged))
    expect((await verify(store)).problems).toMatchObject([
      { height: 4, field: `sequences of side block ${shortHash(forged.block.hash)}` },
    ])
  })

  test('goes on with the rules after a block that breaks one', async () => {
    const { chain, first } = chainOf()
    const early = reseal(chain, chain.block(first, ['ann']), { time: chain.document.time })
    const sealed = reseal(chain, chain.block(early, ['ann']), { seal: OTHER })
    const { problems } = await verify(await storeOf(chain, first, early, sealed))
    expect(problems.map(({ height, field }) => [height, field])).toEqual([
      [2, 'header.time'],
      [3, 'header.seal'],
    ])
  })

  test('checks the signature of an entry whose payload is erased', async () => {
    const { chain, first } = chainOf()
    const foreign = new TestChain('another').entry('ben', 0)
    const disk = new MemoryDisk()
    const store = new MemoryStore({ disk })
    await store.open()
    const second = chain.block(first, [foreign, 'ann'])
    for (const block of [chain.genesis, first, second]) await store.commit(append(block))
    for (const { id } of second.block.entries) disk.payloads.delete(keyOf(id))
    const { problems, erasedCount } = await verify(store)
    expect(problems).toMatchObject([{ height: 2, field: 'signature of entry 0' }])
    expect(erasedCount).toBe(2)
  })

  test('does not accuse a block of its time when times before it cannot be read', async () => {
    const { chain } = chainOf()
    const chained = [chain.block(chain.genesis, ['ann'])]
    const last = () => chained.at(-1) as TestBlock
    while (chained.length < 12) chained.push(chain.block(last(), ['ann']))
    const timeOf = (height: number) => chained[height - 1]?.block.header.time ?? 0
    // Both are after the median of the eleven blocks before them, block 14 is before block 13.
    chained.push(reseal(chain, chain.block(last(), ['ann']), { time: timeOf(8) + 10 }))
    chained.push(reseal(chain, chain.block(last(), ['ann']), { time: timeOf(8) + 5 }))
    const store = await storeOf(chain, ...chained)
    expect((await verify(store)).problems).toEqual([])
    const lost = chained[11]?.block.hash ?? OTHER
    const damaged = withAnswers(store, {
      block: (hash) => (equalBytes(hash, lost) ? undefined : store.block(hash)),
    })
    const { problems } = await verify(damaged)
    expect(problems.map(({ height, field }) => [height, field])).toEqual([[12, 'block']])
  })

  test('names the block of the head when the list has only others of its height', async () => {
    const { chain, first } = chainOf()
    const [head, side] = [chain.block(first, ['ann']), chain.block(first, ['ann'])].sort((a, b) => {
      return compareBytes(a.block.hash, b.block.hash)
    }) as [TestBlock, TestBlock]
    const store = await storeOf(chain, first, head)
    await store.commit(storeBeside(side))
    expect((await verify(store)).problems).toEqual([])
    const unlisted = withAnswers(store, {
      *blocksFrom(height) {
        for (const weighed of store.blocksFrom(height)) {
          if (!equalBytes(weighed.block.hash, head.block.hash)) yield weighed
        }
      },
    })
    const { problems } = await verify(unlisted)
    expect(problems).toMatchObject([{ height: 2, field: 'block list' }])
  })

  test('names a genesis document with an engine that it does not know', async () => {
    const chain = new TestChain('rules', { document: { engine: { name: 'proof-of-luck', finalDepth: 1 } } })
    const { problems, ok } = await verify(await storeOf(chain))
    expect(ok).toBe(false)
    expect(problems).toMatchObject([{ height: 0, field: 'genesis document' }])
  })

  test('says that an empty store holds no ledger', async () => {
    const store = new MemoryStore()
    await store.open()
    expect((await verify(store)).problems).toMatchObject([{ field: 'head' }])
  })
})

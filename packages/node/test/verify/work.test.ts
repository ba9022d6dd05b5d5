import { createEngine, type Engine, expectedHashes, readUint256, targetOf, uint256 } from '@pulseledger/core'
import { expect, test } from 'vitest'
import { solve } from '../../../core/test/support/search.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import { append, type TestBlock, TestChain } from '../support/chain.ts'
import { reseal, verify } from './support.ts'

const ENGINE = {
  name: 'proof-of-work',
  finalDepth: 5,
  intervalMs: 10,
  window: 2,
  difficulty: 16,
  difficultyMinimum: 4,
}

function engineOf(chain: TestChain): Engine {
  const engine = createEngine(chain.document, chain.crypto)
  if (!engine.ok) throw new Error(engine.error.message)
  return engine.value
}

/** A block of one entry on `parent`, with a seal that was worked for; `spoil` changes it before that. */
function mined(chain: TestChain, parent: TestBlock, spoil = (seal: Uint8Array) => seal): TestBlock {
  const engine = engineOf(chain)
  const made = chain.block(parent, ['ann'])
  const { header } = made.block
  const template = {
    parent: parent.block.header,
    producer: header.producer,
    entryCount: 1,
    time: header.time,
  }
  const prepared = engine.prepare(template)
  if (prepared?.kind !== 'work') throw new Error('no work is asked for')
  const seal = spoil(prepared.seal)
  const { seal: solved } = solve({ ...header, seal }, seal.subarray(0, 32), chain.crypto)
  const sealed = reseal(chain, made, { seal: solved })
  return { ...sealed, weight: parent.weight + engine.weight(sealed.block.header) }
}

async function found(chain: TestChain, blocks: readonly TestBlock[]) {
  const store = new MemoryStore()
  await store.open()
  for (const block of [chain.genesis, ...blocks]) await store.commit(append(block))
  return verify(store)
}

function chainOf(count: number): { chain: TestChain; blocks: TestBlock[] } {
  const chain = new TestChain('work', { document: { engine: ENGINE } })
  const blocks: TestBlock[] = []
  while (blocks.length < count) blocks.push(mined(chain, blocks.at(-1) ?? chain.genesis))
  return { chain, blocks }
}

test('a chain that was worked for is right, whatever its targets came to be', async () => {
  const { chain, blocks } = chainOf(9)
  const difficulties = blocks.map(({ block }) => expectedHashes(readUint256(block.header.seal)))
  expect(new Set(difficulties).size).toBeGreaterThan(1)
  expect(await found(chain, blocks)).toMatchObject({ ok: true, problems: [], blockCount: 10 })
})

test.each([
  ['another target', (seal: Uint8Array) => Uint8Array.from([...uint256(targetOf(5n)), ...seal.subarray(32)])],
  ['another window time', (seal: Uint8Array) => seal.map((byte, i) => (i === 39 ? byte ^ 1 : byte))],
])('%s is found, though the work for it was done', async (_, spoil) => {
  const { chain, blocks } = chainOf(3)
  const { ok, problems } = await found(chain, [...blocks, mined(chain, blocks[2] as TestBlock, spoil)])
  expect(ok).toBe(false)
  expect(problems).toMatchObject([{ height: 4, field: 'header.seal' }])
})

test('a nonce that does no work is found', async () => {
  const { chain, blocks } = chainOf(3)
  const good = mined(chain, blocks[2] as TestBlock)
  let bad = good
  for (let nonce = 0; engineOf(chain).verifyAlone(bad.block).ok; nonce++) {
    const seal = good.block.header.seal.map((byte, i) => (i === 47 ? nonce : byte))
    bad = { ...reseal(chain, good, { seal }), weight: good.weight }
  }
  const { problems } = await found(chain, [...blocks, bad])
  expect(problems).toMatchObject([{ height: 4, field: 'header.seal' }])
})

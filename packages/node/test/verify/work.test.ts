import { expectedHashes, readUint256, targetOf, uint256 } from '@pulseledger/core'
import { expect, test } from 'vitest'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import { append, type TestBlock, TestChain } from '../support/chain.ts'
import { mined, minedChain, unworked, WORK } from '../support/mined.ts'
import { verify } from './support.ts'

async function found(chain: TestChain, blocks: readonly TestBlock[]) {
  const store = new MemoryStore()
  await store.open()
  for (const block of [chain.genesis, ...blocks]) await store.commit(append(block))
  return verify(store)
}

function chainOf(count: number): { chain: TestChain; blocks: TestBlock[]; last: TestBlock } {
  const chain = new TestChain('work', { document: { engine: WORK } })
  const blocks = minedChain(chain, count)
  return { chain, blocks, last: blocks.at(-1) as TestBlock }
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
  const { chain, blocks, last } = chainOf(3)
  const { ok, problems } = await found(chain, [...blocks, mined(chain, last, spoil)])
  expect(ok).toBe(false)
  expect(problems).toMatchObject([{ height: 4, field: 'header.seal' }])
})

test('a nonce that does no work is found', async () => {
  const { chain, blocks, last } = chainOf(3)
  const { problems } = await found(chain, [...blocks, unworked(chain, last)])
  expect(problems).toMatchObject([{ height: 4, field: 'header.seal' }])
})

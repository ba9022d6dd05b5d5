import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EntryWithPayload, equalBytes, type Hash, toHex } from '@pulseledger/core'
import { expect, test } from 'vitest'
import { systemRandom } from '../src/adapters/random.ts'
import { loadCrypto } from '../src/crypto/index.ts'
import { NODE_LIMITS } from '../src/limits.ts'
import { type Rejoin, rejoinLedger } from '../src/rejoin-ledger.ts'
import { decideSwap, makeAside, makeStaging } from '../src/store/level/swap.ts'
import { append, moveHead, store as stored, type TestBlock, TestChain } from './support/chain.ts'
import { levelStore, temporaryDirectory } from './support/store-places.ts'
import { VirtualClock } from './support/virtual-clock.ts'

const crypto = await loadCrypto()
const clock = new VirtualClock()

function rejoin(directory: string, expectedLedger?: Hash): Promise<Rejoin> {
  const input = { directory, ...(expectedLedger && { expectedLedger }) }
  return rejoinLedger(input, { crypto, clock, random: systemRandom })
}

interface Opened {
  readonly height: number | undefined
  readonly genesis: Hash | undefined
  readonly pending: EntryWithPayload[]
}

async function look(directory: string): Promise<Opened> {
  const store = levelStore(directory)
  await store.open()
  try {
    return { height: store.head()?.height, genesis: store.canonicalHash(0), pending: [...store.pending()] }
  } finally {
    await store.close()
  }
}

async function made(chain: TestChain, blocks: readonly TestBlock[], waiting: EntryWithPayload[] = []) {
  const directory = temporaryDirectory()
  const store = levelStore(directory)
  await store.open()
  await store.commit(append(chain.genesis, { pendingAdd: waiting }))
  if (blocks.length > 0) await store.commit(moveHead(chain.genesis, blocks.at(-1) as TestBlock, blocks))
  return { directory, store }
}

function ids(items: readonly EntryWithPayload[]): string[] {
  return items.map(({ entry }) => toHex(entry.id))
}

test('what was on the chain and what waited waits in the new ledger, in that order, as signed', async () => {
  const chain = new TestChain('rejoin')
  const first = chain.block(chain.genesis, ['ada', 'ben'])
  const second = chain.block(first, ['ada'])
  const waiting = chain.entry('ben', 1)
  const { directory, store } = await made(chain, [first, second], [waiting])
  // Of a branch that lost: it is not on the chain, and its entries waited when it lost.
  await store.commit(stored(chain.block(chain.genesis, ['cid'])))
  await store.close()

  const done = await rejoin(directory, chain.ledgerId)
  expect(done).toMatchObject({ offeredCount: 4, erasedCount: 0 })
  const { height, genesis, pending } = await look(directory)
  expect({ height, genesis }).toEqual({ height: 0, genesis: chain.ledgerId })
  const entries = [first, second].flatMap(({ block }) => block.entries.map(({ id }) => toHex(id)))
  expect(ids(pending)).toEqual([...entries, toHex(waiting.entry.id)])
  for (const { entry, payload } of pending) {
    expect(equalBytes(crypto.sha256(payload), entry.commitment)).toBe(true)
  }
  expect((await look(done.setAside)).height).toBe(2)
})

test('more entries than one commit takes are all there', async () => {
  const chain = new TestChain('many', { signed: false })
  const blocks: TestBlock[] = []
  const count = NODE_LIMITS.rejoinBatchEntries / 100
  for (let i = 0; i <= count; i += 1) {
    blocks.push(chain.block(blocks.at(-1) ?? chain.genesis, new Array<string>(100).fill('ada')))
  }
  const { directory, store } = await made(chain, blocks)
  await store.close()
  expect(await rejoin(directory)).toMatchObject({ offeredCount: 100 * (count + 1) })
  const { pending } = await look(directory)
  expect(pending.map(({ entry }) => entry.sequence)).toEqual(
    Array.from({ length: 100 * (count + 1) }, (_, i) => i),
  )
})

test('a second time loses nothing either, and keeps what was set aside before', async () => {
  const chain = new TestChain('twice')
  const { directory, store } = await made(chain, [chain.block(chain.genesis, ['ada', 'ben'])])
  await store.close()
  const first = await rejoin(directory)
  const before = ids((await look(directory)).pending)
  const second = await rejoin(directory)
  expect(second).toMatchObject({ offeredCount: 2 })
  expect(ids((await look(directory)).pending)).toEqual(before)
  expect(existsSync(first.setAside) && existsSync(second.setAside)).toBe(true)
  expect(first.setAside).not.toBe(second.setAside)
})

test('what is not fit to be given up stays as it was', async () => {
  const chain = new TestChain('refused')
  const { directory, store } = await made(chain, [chain.block(chain.genesis, ['ada'])])
  await expect(rejoin(directory)).rejects.toMatchObject({ code: 'STORE_LOCKED' })
  await store.close()
  const other = new TestChain('another').ledgerId
  await expect(rejoin(directory, other)).rejects.toMatchObject({
    code: 'LEDGER_MISMATCH',
    message: expect.stringContaining(toHex(other)),
  })
  expect(readdirSync(directory).sort()).toEqual(['HEAD', 'ledger'])
  expect((await look(directory)).height).toBe(1)
})

test('one that was cut off is finished by the next, which says what the first would have said', async () => {
  const chain = new TestChain('cut')
  const { directory, store } = await made(chain, [chain.block(chain.genesis, ['ada'])])
  await store.close()
  // As far as a crash right after the rename that decides leaves it.
  const whole = await rejoin(await copyOf(chain))
  const staging = makeStaging(directory)
  const aside = makeAside(directory, staging, clock.now())
  const note = readFileSync(join(whole.setAside, 'rejoin.json'))
  const fresh = levelStore(staging)
  await fresh.open()
  await fresh.commit(append(chain.genesis))
  await fresh.close()
  writeFileSync(join(aside, 'rejoin.json'), note)
  decideSwap(directory, staging)
  const { setAside, ...counts } = await rejoin(directory, chain.ledgerId)
  expect(counts).toEqual({ offeredCount: 1, erasedCount: 0 })
  expect((await look(setAside)).height).toBe(1)
  expect((await look(directory)).height).toBe(0)
})

async function copyOf(chain: TestChain): Promise<string> {
  const { directory, store } = await made(chain, [chain.block(chain.genesis, ['ada'])])
  await store.close()
  return directory
}

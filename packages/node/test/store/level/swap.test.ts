import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  decideSwap,
  finishSwap,
  isSwapUnfinished,
  makeAside,
  makeStaging,
  swapSteps,
} from '../../../src/store/level/swap.ts'
import { append, type TestBlock, TestChain } from '../../support/chain.ts'
import { levelStore, temporaryDirectory } from '../../support/store-places.ts'

/** 2026-01-01T00:00:00Z */
const NOW = 1_767_225_600_000
const ASIDE = 'set-aside-20260101T000000000Z'

async function write(directory: string, blocks: readonly TestBlock[]): Promise<void> {
  const store = levelStore(directory)
  await store.open()
  for (const block of blocks) await store.commit(append(block))
  await store.close()
}

async function heightOf(directory: string): Promise<number | undefined> {
  const store = levelStore(directory)
  await store.open()
  try {
    return store.head()?.height
  } finally {
    await store.close()
  }
}

/** A directory of a ledger of two blocks, to give way to one of its first block alone. */
async function decided(): Promise<string> {
  const directory = await undecided()
  decideSwap(directory, join(directory, 'rejoin.new'))
  return directory
}

async function undecided(): Promise<string> {
  const chain = new TestChain('swap')
  const directory = temporaryDirectory()
  await write(directory, [chain.genesis, chain.block(chain.genesis, ['ada'])])
  writeFileSync(join(directory, 'key'), 'a key')
  writeFileSync(join(directory, 'damaged-000003.log'), 'a log')
  writeFileSync(join(directory, 'node.json'), '{}')
  const staging = makeStaging(directory)
  makeAside(directory, staging, NOW)
  await write(staging, [chain.genesis])
  return directory
}

async function expectSwapped(directory: string): Promise<void> {
  expect(isSwapUnfinished(directory)).toBe(false)
  expect(await heightOf(directory)).toBe(0)
  const aside = join(directory, ASIDE)
  expect(existsSync(join(aside, 'damaged-000003.log'))).toBe(true)
  expect(await heightOf(aside)).toBe(1)
  expect(readdirSync(directory).sort()).toEqual(['HEAD', 'key', 'ledger', ASIDE])
  expect(readFileSync(join(directory, 'key'), 'utf8')).toBe('a key')
}

test('the new ledger takes the place of the old one, which is set aside whole', async () => {
  const directory = await decided()
  expect(finishSwap(directory)).toBe(join(directory, ASIDE))
  await expectSwapped(directory)
})

test('up to the rename that decides the ledger is as it was, and the rest counts for nothing', async () => {
  const directory = await undecided()
  expect(isSwapUnfinished(directory)).toBe(false)
  expect(await heightOf(directory)).toBe(1)
  const chain = new TestChain('swap')
  const staging = makeStaging(directory)
  expect(readdirSync(staging)).toEqual([])
  makeAside(directory, staging, NOW)
  await write(staging, [chain.genesis])
  writeFileSync(join(directory, 'damaged-000003.log'), 'a log')
  decideSwap(directory, staging)
  finishSwap(directory)
  await expectSwapped(directory)
})

test('cut off after any of its steps it is refused until it is finished', async () => {
  const whole = await decided()
  const stepCount = [...swapSteps(copyOf(whole))].length
  expect(stepCount).toBe(6)
  for (let done = 0; done <= stepCount; done += 1) {
    const directory = copyOf(whole)
    const steps = swapSteps(directory)
    for (let step = 0; step < done; step += 1) steps.next()
    const before = listing(directory)
    await expect(levelStore(directory).open()).rejects.toMatchObject({ code: 'REJOIN_UNFINISHED' })
    expect(listing(directory)).toEqual(before)
    // What the commands take for a ledger.
    expect(existsSync(join(directory, 'HEAD')) || existsSync(join(directory, 'ledger', 'CURRENT'))).toBe(true)
    expect(finishSwap(directory)).toBe(join(directory, ASIDE))
    await expectSwapped(directory)
  }
})

test('a second one of the same moment gets a place of its own', async () => {
  const directory = await decided()
  finishSwap(directory)
  const staging = makeStaging(directory)
  expect(makeAside(directory, staging, NOW)).toBe(join(staging, `${ASIDE}-2`))
})

test('never moves the new ledger away when two finish it at once', async () => {
  const directory = await decided()
  const slow = swapSteps(directory)
  slow.next()
  // Somebody made a ledger there meanwhile: it is not overwritten.
  mkdirSync(join(directory, 'ledger'))
  writeFileSync(join(directory, 'ledger', 'CURRENT'), 'theirs')
  expect(() => finishSwap(directory)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^STORE_/) }),
  )
  expect(readFileSync(join(directory, 'ledger', 'CURRENT'), 'utf8')).toBe('theirs')
})

test('what was set aside is not replaced by what somebody put in its place meanwhile', async () => {
  const directory = await decided()
  const steps = swapSteps(directory)
  // The old ledger, the new one, the old anchor.
  for (let step = 0; step < 3; step += 1) steps.next()
  writeFileSync(join(directory, 'HEAD'), 'theirs')
  finishSwap(directory)
  await expectSwapped(directory)
  expect(readFileSync(join(directory, ASIDE, 'HEAD')).length).toBe(60)
})

function copyOf(directory: string): string {
  const copy = temporaryDirectory()
  cpSync(directory, copy, { recursive: true })
  return copy
}

function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
}

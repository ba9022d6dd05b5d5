import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterEach, expect, test, vi } from 'vitest'
import { AnchorFile } from '../../../src/store/level/anchor.ts'
import { anchorPath } from '../../../src/store/level/data-directory.ts'
import { append, TestChain } from '../../support/chain.ts'
import { levelStore, temporaryDirectory } from '../../support/store-places.ts'

const chain = new TestChain('level')
const { genesis } = chain
const a1 = chain.block(genesis, ['ada', 'ben'])
const a2 = chain.block(a1, ['ada'])

afterEach(() => {
  vi.restoreAllMocks()
})

interface BatchWriter {
  write(options?: { readonly sync?: boolean }): Promise<void>
}

/** What all chained batches of LevelDB inherit `write` from. */
async function batchPrototype(): Promise<BatchWriter> {
  const database = new ClassicLevel(join(temporaryDirectory(), 'any'))
  await database.open()
  let found: object = database.batch()
  while (!Object.hasOwn(found, 'write')) found = Object.getPrototypeOf(found)
  await database.close()
  return found as BatchWriter
}

function anchorHeight(directory: string): number | undefined {
  const anchor = new AnchorFile(anchorPath(directory))
  const note = anchor.open()
  anchor.close()
  return note === undefined || note === 'damaged' ? undefined : note.head.height
}

test('every commit is a batch with an fsync, then noted in the anchor, then told', async () => {
  const prototype = await batchPrototype()
  const { write } = prototype
  const directory = temporaryDirectory()
  const store = levelStore(directory)
  await store.open()

  const events: string[] = []
  vi.spyOn(prototype, 'write').mockImplementation(async function (this: BatchWriter, options) {
    events.push(`write sync=${options?.sync} anchor=${anchorHeight(directory)}`)
    await write.call(this, options)
    events.push(`written anchor=${anchorHeight(directory)}`)
  })
  for (const block of [genesis, a1, a2]) {
    await store.commit(append(block))
    events.push(`told anchor=${anchorHeight(directory)}`)
  }
  await store.close()
  expect(events).toEqual([
    'write sync=true anchor=undefined',
    'written anchor=undefined',
    'told anchor=0',
    'write sync=true anchor=0',
    'written anchor=0',
    'told anchor=1',
    'write sync=true anchor=1',
    'written anchor=1',
    'told anchor=2',
  ])
})

test('commits that are not awaited are written one at a time', async () => {
  const prototype = await batchPrototype()
  const { write } = prototype
  const store = levelStore(temporaryDirectory())
  await store.open()
  let running = 0
  let most = 0
  vi.spyOn(prototype, 'write').mockImplementation(async function (this: BatchWriter, options) {
    running += 1
    most = Math.max(most, running)
    await write.call(this, options)
    running -= 1
  })
  await Promise.all([genesis, a1, a2].map((block) => store.commit(append(block))))
  expect(most).toBe(1)
  await store.close()
})

test('what is given back are plain arrays, which nobody can change in the store', async () => {
  const store = levelStore(temporaryDirectory())
  await store.open()
  await store.commit(append(genesis))
  await store.commit(append(a1, { pendingAdd: [chain.entry('eve', 0)] }))
  const id = a1.block.entries[0]?.id as Uint8Array
  const given = [
    store.canonicalHash(1),
    store.entryIdByIndex(0),
    store.payload(id),
    store.block(a1.block.hash)?.block.bodyBytes,
    store.block(a1.block.hash)?.block.headerBytes,
    [...store.pending()][0]?.payload,
  ]
  for (const bytes of given) {
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
    bytes?.fill(0)
  }
  expect(store.canonicalHash(1)).toEqual(a1.block.hash)
  expect(store.payload(id)).toEqual(a1.block.payloads[0])
  expect(store.entryIdByIndex(0)).toEqual(id)
  await store.close()
})

test('a store that is closed, or not open yet, is used by mistake', async () => {
  const store = levelStore(temporaryDirectory())
  expect(() => store.head()).toThrow('the store is open')
  await store.open()
  await expect(store.open()).rejects.toThrow('a store is opened once')
  await store.close()
  expect(() => store.head()).toThrow('the store is open')
  await expect(store.open()).rejects.toThrow('a store is opened once')
})

import type { Change } from '@pulseledger/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BlockStore } from '../../src/ports.ts'
import {
  append,
  moveHead,
  store as storeOnly,
  type TestBlock,
  TestChain,
  type TestEntry,
} from '../support/chain.ts'
import { type Expected, expectedAnswers, observe } from './observe.ts'

/** Where one store after another keeps the same things. */
export interface StorePlace {
  /** A store that is not open yet, over what is there. At most one is open at a time. */
  store(): BlockStore
  /** What a crash at this moment would leave, as a place of its own. */
  crash(): Promise<StorePlace>
}

// genesis - a1 - a2 - a3, with b1 - b2 - b3 beside it and c2 on a1; b1 holds an entry that a1 holds too.
const chain = new TestChain('conformance')
const { genesis } = chain
const a1 = chain.block(genesis, ['ada', 'ben', 'ada'])
const a2 = chain.block(a1, ['ada'])
const a3 = chain.block(a2, ['ben', 'cleo'])
const kept = entryOf(a1, 1, 'ben')
const b1 = chain.block(genesis, [kept], 'other')
const b2 = chain.block(b1, ['dora', 'dora'], 'other')
const b3 = chain.block(b2, ['ada', 'ben', 'ada', 'ben', 'ada'], 'other')
const c2 = chain.block(a1, ['cleo'], 'third')
const waiting = [chain.entry('eve', 4), chain.entry('eve', 3), chain.entry('fay', 0)]

const blocks = [genesis, a1, a2, a3, b1, b2, b3, c2]
const universe = {
  blocks,
  entries: [...blocks.flatMap(({ block }) => block.entries.map((_, i) => itemOf(block, i))), ...waiting],
  authors: ['ada', 'ben', 'cleo', 'dora', 'eve', 'fay'].map((author) => chain.author(author)),
}

/** What every BlockStore must do. `makePlace` gives an empty place, which is gone when the test has ended. */
export function storeConformance(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(name, () => {
    const bench = new Bench(makePlace)
    beforeEach(() => bench.begin())
    afterEach(() => bench.end())

    describe('blocks', () => chainTests(bench))
    describe('the head', () => headTests(bench))
    describe('pending entries', () => pendingTests(bench))
    describe('commits', () => failureTests(bench))
    describe('opening and closing', () => lifeTests(bench))
    describe('opened again', () => againTests(bench))
  })
}

/** One place and an open store for each test. */
class Bench {
  readonly makePlace: () => Promise<StorePlace>
  readonly #opened: BlockStore[] = []
  #place: StorePlace | undefined
  #store: BlockStore | undefined

  constructor(makePlace: () => Promise<StorePlace>) {
    this.makePlace = makePlace
  }

  async begin(): Promise<void> {
    this.#place = await this.makePlace()
    await this.reopen()
  }

  async end(): Promise<void> {
    for (const one of this.#opened.splice(0)) await one.close()
  }

  get place(): StorePlace {
    return this.#place as StorePlace
  }

  get store(): BlockStore {
    return this.#store as BlockStore
  }

  async open(place: StorePlace): Promise<BlockStore> {
    const store = place.store()
    await store.open()
    this.#opened.push(store)
    return store
  }

  async reopen(): Promise<void> {
    this.#store = await this.open(this.place)
  }

  async commit(...changes: Change[]): Promise<void> {
    for (const change of changes) await this.store.commit(change)
  }

  async expectState(expected: Expected, of = this.store): Promise<void> {
    expect(await observe(of, universe)).toEqual(expectedAnswers(expected, universe))
  }
}

function chainTests(bench: Bench): void {
  test('holds nothing at first, and knows nothing of what was never stored', async () => {
    await bench.expectState({ head: undefined, stored: [] })
  })

  test('genesis becomes the head of an empty store', async () => {
    await bench.commit(append(genesis))
    await bench.expectState({ head: genesis, stored: [genesis] })
  })

  test('a first change without genesis is refused', async () => {
    await expect(bench.store.commit(storeOnly(genesis))).rejects.toThrow('genesis')
  })

  test('appended blocks are found by height, hash, entry, author and place in the log', async () => {
    await bench.commit(append(genesis), append(a1), append(a2), append(a3))
    await bench.expectState({ head: a3, stored: [genesis, a1, a2, a3] })
  })

  test('several blocks of one change are appended in order', async () => {
    await bench.commit(append(genesis), moveHead(genesis, a3, [a1, a2, a3]))
    await bench.expectState({ head: a3, stored: [genesis, a1, a2, a3] })
  })

  test('a block of another branch is stored and changes nothing on the chain', async () => {
    await bench.commit(append(genesis), append(a1), storeOnly(b1), storeOnly(c2), storeOnly(b2, b3))
    await bench.expectState({ head: a1, stored: [genesis, a1, b1, c2, b2, b3] })
  })

  test('a block that is stored twice is stored once', async () => {
    await bench.commit(append(genesis), append(a1), storeOnly(b1), storeOnly(b1, a1, b2))
    await bench.expectState({ head: a1, stored: [genesis, a1, b1, b2] })
  })

  test('an erased payload is null in its block and absent by itself', async () => {
    const erased = { ...a1, block: { ...a1.block, payloads: a1.block.payloads.map(() => null) } }
    await bench.commit(append(genesis), append(erased))
    expect(bench.store.block(a1.block.hash)?.block.payloads).toEqual([null, null, null])
    await bench.expectState({ head: erased, stored: [genesis, erased] })
  })

  test('blocks are listed by height and then by hash, from the height that was asked for', async () => {
    await bench.commit(append(genesis), append(a1), storeOnly(b1), storeOnly(c2), append(a2), storeOnly(b2))
    const heights = [...bench.store.blocksFrom(1)].map(({ block }) => block.header.height)
    expect(heights).toEqual([1, 1, 2, 2, 2])
    expect([...bench.store.blocksFrom(3)]).toEqual([])
    await bench.expectState({ head: a2, stored: [genesis, a1, b1, c2, a2, b2] })
  })
}

function headTests(bench: Bench): void {
  test('a reorganisation to a longer branch is one change', async () => {
    await bench.commit(append(genesis), append(a1), append(a2), storeOnly(b1), moveHead(a2, b3, [b2, b3]))
    await bench.expectState({ head: b3, stored: [genesis, a1, a2, b1, b2, b3] })
  })

  test('a reorganisation to a branch with fewer entries leaves nothing of the longer log', async () => {
    await bench.commit(append(genesis), append(a1), append(a2), append(a3), moveHead(a3, b1, [b1]))
    await bench.expectState({ head: b1, stored: [genesis, a1, a2, a3, b1] })
  })

  test('a reorganisation that keeps the lower blocks leaves them as they were', async () => {
    await bench.commit(append(genesis), append(a1), append(a2), append(a3), moveHead(a3, c2, [c2]))
    await bench.expectState({ head: c2, stored: [genesis, a1, a2, a3, c2] })
  })

  test('an entry that both branches hold is where the new branch puts it', async () => {
    await bench.commit(append(genesis), append(a1))
    expect(bench.store.entryById(kept.entry.id)).toEqual({ height: 1, index: 1 })
    await bench.commit(moveHead(a1, b1, [b1]))
    expect(bench.store.entryById(kept.entry.id)).toEqual({ height: 1, index: 0 })
    await bench.commit(moveHead(b1, a1, []))
    await bench.expectState({ head: a1, stored: [genesis, a1, b1] })
  })

  test('there and back again: two reorganisations leave what was there before', async () => {
    await bench.commit(append(genesis), append(a1), append(a2), append(a3), storeOnly(b1, b2, b3))
    await bench.commit(moveHead(a3, b3, []), moveHead(b3, a3, []))
    await bench.expectState({ head: a3, stored: [genesis, a1, a2, a3, b1, b2, b3] })
  })

  test('an author whose entries all left the chain begins at 0 again', async () => {
    await bench.commit(append(genesis), append(a1), append(a2))
    expect(bench.store.nextSequence(chain.author('ada'))).toBe(3)
    await bench.commit(moveHead(a2, b1, [b1]))
    expect(bench.store.nextSequence(chain.author('ada'))).toBe(0)
    expect(bench.store.nextSequence(chain.author('ben'))).toBe(1)
  })
}

function pendingTests(bench: Bench): void {
  test('pending entries are listed in the order in which they were added', async () => {
    await bench.commit(append(genesis), append(a1, { pendingAdd: waiting.slice(0, 2) }))
    await bench.commit(append(a2, { pendingAdd: waiting.slice(2) }))
    await bench.expectState({ head: a2, stored: [genesis, a1, a2], pending: waiting })
  })

  test('pending entries leave by their ids, also in the change that added them', async () => {
    const [first, second, third] = waiting as [TestEntry, TestEntry, TestEntry]
    const ids = waiting.map(({ entry }) => entry.id)
    await bench.commit(append(genesis), append(a1, { pendingAdd: [first, second] }))
    await bench.commit(append(a2, { pendingAdd: [third, first], pendingRemove: ids.slice(1) }))
    await bench.expectState({ head: a2, stored: [genesis, a1, a2], pending: [first] })
    await bench.commit(append(a3, { pendingAdd: [second], pendingRemove: ids.slice(2) }))
    await bench.expectState({ head: a3, stored: [genesis, a1, a2, a3], pending: [first, second] })
  })

  test('the entries of an orphaned block return to pending with the change that orphans it', async () => {
    const orphaned = [itemOf(a1.block, 0), itemOf(a1.block, 2)]
    await bench.commit(append(genesis), append(a1), moveHead(a1, b1, [b1], { pendingAdd: orphaned }))
    await bench.expectState({ head: b1, stored: [genesis, a1, b1], pending: orphaned })
  })
}

function failureTests(bench: Bench): void {
  test('a change that does not begin at the head, or has a gap, is refused whole', async () => {
    const gap = moveHead(a2, b3, [b1, b2, b3], { pendingAdd: waiting })
    const broken: Change[] = [
      moveHead(a1, b3, [b1, b2, b3], { pendingAdd: waiting }),
      { ...gap, connect: gap.connect.toSpliced(1, 1) },
      { ...gap, disconnect: gap.disconnect.toSpliced(0, 1) },
      { ...gap, disconnect: gap.disconnect.toReversed() },
      append(a2),
      append(genesis),
    ]
    for (const change of broken) {
      const other = await bench.open(await bench.makePlace())
      for (const block of [genesis, a1, a2]) await other.commit(append(block))
      await expect(other.commit(change)).rejects.toThrow('broken invariant')
      await bench.expectState({ head: a2, stored: [genesis, a1, a2] }, other)
    }
  })

  test('a block without its parent is refused, and so is connecting one that is not stored', async () => {
    for (const broken of [storeOnly(b2), moveHead(genesis, a1, [])]) {
      const other = await bench.open(await bench.makePlace())
      await other.commit(append(genesis))
      await expect(other.commit(broken)).rejects.toThrow('broken invariant')
      await bench.expectState({ head: genesis, stored: [genesis] }, other)
    }
  })

  test('the first failure is the last commit: later ones fail alike, and reading goes on', async () => {
    await bench.commit(append(genesis), append(a1))
    const first = await bench.store.commit(append(a3)).catch((error: unknown) => error)
    expect(first).toBeInstanceOf(Error)
    expect(await bench.store.commit(append(a2)).catch((error: unknown) => error)).toBe(first)
    await bench.expectState({ head: a1, stored: [genesis, a1] })
  })

  test('commits that are not awaited are done one after another', async () => {
    const changes = [genesis, a1, a2, a3].map((block) => append(block))
    await Promise.all(changes.map((change) => bench.store.commit(change)))
    await bench.expectState({ head: a3, stored: [genesis, a1, a2, a3] })
  })

  test('reads see the last finished commit, not the one that is running', async () => {
    await bench.commit(append(genesis), append(a1))
    const running = bench.store.commit(moveHead(a1, b3, [b1, b2, b3]))
    for (let turn = 0; turn < 5; turn++) {
      if (bench.store.head()?.height !== 1) break
      expect(bench.store.canonicalHash(1)).toEqual(a1.block.hash)
      expect(bench.store.entryById(kept.entry.id)?.index).toBe(1)
      await Promise.resolve()
    }
    await running
    expect(bench.store.head()).toEqual({ height: 3, hash: b3.block.hash })
  })
}

function lifeTests(bench: Bench): void {
  test('closing waits for the running commit, and closing twice is closing once', async () => {
    await bench.commit(append(genesis))
    const running = bench.store.commit(append(a1))
    await Promise.all([bench.store.close(), bench.store.close(), running])
    await bench.reopen()
    await bench.expectState({ head: a1, stored: [genesis, a1] })
  })

  test('a closed store takes no commit', async () => {
    await bench.commit(append(genesis))
    await bench.store.close()
    await expect(bench.store.commit(append(a1))).rejects.toThrow('open')
  })

  test('a second store is refused while one is open, and the first goes on', async () => {
    await bench.commit(append(genesis))
    await expect(bench.place.store().open()).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await bench.commit(append(a1))
    await bench.expectState({ head: a1, stored: [genesis, a1] })
  })
}

function againTests(bench: Bench): void {
  const history: [Change, Expected][] = [
    [append(genesis), { head: genesis, stored: [genesis] }],
    [append(a1, { pendingAdd: waiting }), { head: a1, stored: [genesis, a1], pending: waiting }],
    [
      moveHead(a1, b2, [b1, b2], { pendingRemove: [waiting[1]?.entry.id as Uint8Array] }),
      { head: b2, stored: [genesis, a1, b1, b2], pending: [waiting[0], waiting[2]] as TestEntry[] },
    ],
    [
      append(b3, { pendingAdd: [waiting[1] as TestEntry] }),
      {
        head: b3,
        stored: [genesis, a1, b1, b2, b3],
        pending: [waiting[0], waiting[2], waiting[1]] as TestEntry[],
      },
    ],
  ]

  test('after closing, it is as it was, after every change', async () => {
    for (const [change, expected] of history) {
      await bench.store.commit(change)
      await bench.store.close()
      await bench.reopen()
      await bench.expectState(expected)
    }
  })

  test('after a crash, it is as it was when the last commit ended, after every change', async () => {
    for (const [change, expected] of history) {
      await bench.store.commit(change)
      const crashed = await bench.open(await bench.place.crash())
      await bench.expectState(expected, crashed)
    }
  })

  test('after a crash before the first commit, it is empty and takes genesis', async () => {
    const crashed = await bench.open(await bench.place.crash())
    await bench.expectState({ head: undefined, stored: [] }, crashed)
    await crashed.commit(append(genesis))
    await bench.expectState({ head: genesis, stored: [genesis] }, crashed)
  })
}

/** The entry at `index` of a block, to be put into another one. */
function entryOf({ block }: TestBlock, index: number, name: string): TestEntry {
  return { ...itemOf(block, index), name }
}

function itemOf(block: TestBlock['block'], index: number): Omit<TestEntry, 'name'> {
  const [entry, payload] = [block.entries[index], block.payloads[index]]
  if (!entry || !payload) throw new Error(`the block has no entry ${index}`)
  return { entry, payload }
}

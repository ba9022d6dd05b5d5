import type { Change } from '@pulseledger/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BlockStore } from '../../src/ports.ts'
import { moveHead, type TestBlock, TestChain, type TestEntry } from '../support/chain.ts'
import { levelPlace, memoryPlace } from '../support/store-places.ts'
import type { StorePlace } from './conformance.ts'
import { expectedAnswers, observe } from './observe.ts'

/**
 * Random histories: blocks on random parents, some with entries that other branches hold, stored several at a
 * time, while the head moves to any stored block, also to lower ones, and entries come to pending and leave
 * it. Whatever happens, both stores answer what the blocks say, also opened again and after a crash.
 */
interface Step {
  /** The parents of new blocks, and the authors of their entries. */
  readonly blocks: readonly { readonly parent: number; readonly authors: readonly string[] }[]
  /** The block that becomes the head; undefined leaves it. */
  readonly head: number | undefined
  readonly pendingAdd: readonly number[]
  readonly pendingRemove: readonly number[]
  readonly afterwards: 'go on' | 'reopen' | 'crash'
}

const AUTHORS = ['ada', 'ben', 'cleo']
const index = fc.nat({ max: 1_000 })

const step: fc.Arbitrary<Step> = fc.record({
  blocks: fc.array(
    fc.record({
      parent: index,
      authors: fc.array(fc.constantFrom(...AUTHORS), { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 3 },
  ),
  head: fc.option(index, { nil: undefined }),
  pendingAdd: fc.array(index, { maxLength: 2 }),
  pendingRemove: fc.array(index, { maxLength: 2 }),
  afterwards: fc.constantFrom('go on', 'go on', 'go on', 'go on', 'reopen', 'crash'),
})

class History {
  readonly chain = new TestChain('model', { signed: false })
  readonly stored: TestBlock[] = []
  readonly entries: TestEntry[] = []
  readonly waiting: TestEntry[] = Array.from({ length: 5 }, (_, i) => this.chain.entry('dora', i))
  head: TestBlock | undefined
  pending: TestEntry[] = []

  next({ blocks, head, pendingAdd, pendingRemove }: Step): Change {
    const added: TestBlock[] = []
    if (this.stored.length === 0) added.push(this.chain.genesis)
    for (const { parent, authors } of blocks) {
      added.push(this.#block(pick([...this.stored, ...added], parent), authors))
    }
    const all = [...this.stored, ...added]
    const to =
      this.head === undefined ? (all[0] as TestBlock) : head === undefined ? this.head : pick(all, head)
    const joining = pendingAdd.map((i) => pick(this.waiting, i))
    const leaving = pendingRemove.map((i) => pick(this.waiting, i))
    const change = moveHead(this.head, to, added, {
      pendingAdd: joining,
      pendingRemove: leaving.map(({ entry }) => entry.id),
    })
    this.stored.push(...added)
    this.head = to
    this.pending = [...new Set([...this.pending, ...joining])].filter((item) => !leaving.includes(item))
    return change
  }

  /** Every second entry is one that another branch has, where there is one that fits. */
  #block(parent: TestBlock, authors: readonly string[]): TestBlock {
    const next = new Map(parent.next)
    const items = authors.map((name, i) => {
      const sequence = next.get(name) ?? 0
      next.set(name, sequence + 1)
      const known = this.entries.filter((item) => item.name === name && item.entry.sequence === sequence)
      const item = (i % 2 === 0 && known[0]) || this.chain.entry(name, sequence)
      this.entries.push(item)
      return item
    })
    return this.chain.block(parent, items, `producer ${this.entries.length}`)
  }
}

function pick<T>(items: readonly T[], i: number): T {
  return items[i % items.length] as T
}

test('every history leaves both stores with what its blocks say', async () => {
  let reorganisations = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 10 }), async (steps) => {
      const history = new History()
      const places: StorePlace[] = [memoryPlace(), levelPlace()]
      const stores = await Promise.all(places.map(opened))
      for (const now of steps) {
        const change = history.next(now)
        if (change.disconnect.length > 0) reorganisations += 1
        const universe = {
          blocks: history.stored,
          entries: [...history.entries, ...history.waiting],
          authors: [...AUTHORS, 'dora'].map((name) => history.chain.author(name)),
        }
        const expected = expectedAnswers(history, universe)
        for (const i of stores.keys()) {
          await (stores[i] as BlockStore).commit(change)
          await again(places, stores, i, now.afterwards)
          expect(await observe(stores[i] as BlockStore, universe)).toEqual(expected)
        }
      }
      for (const store of stores) await store.close()
    }),
    { numRuns: 30 },
  )
  expect(reorganisations).toBeGreaterThan(10)
}, 120_000)

async function opened(place: StorePlace): Promise<BlockStore> {
  const store = place.store()
  await store.open()
  return store
}

async function again(
  places: StorePlace[],
  stores: BlockStore[],
  i: number,
  afterwards: Step['afterwards'],
): Promise<void> {
  if (afterwards === 'go on') return
  if (afterwards === 'crash') places[i] = await (places[i] as StorePlace).crash()
  await (stores[i] as BlockStore).close()
  stores[i] = await opened(places[i] as StorePlace)
}

import { toHex } from '@pulseledger/core'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { BlockStore } from '../../../src/ports.ts'
import { blockKey, treeKey } from '../../../src/store/level/keys.ts'
import { nodeCount } from '../../../src/store/level/log-nodes.ts'
import { RecordReader } from '../../../src/store/level/record-reader.ts'
import { append, moveHead, type TestBlock, TestChain } from '../../support/chain.ts'
import { levelStore, temporaryDirectory } from '../../support/store-places.ts'
import { inDatabase } from '../../verify/level-support.ts'

interface Filled {
  readonly store: BlockStore
  readonly directory: string
  readonly blocks: readonly TestBlock[]
  /** `level/index`: hash, as `appendLeaves` gave them. */
  readonly nodes: ReadonlyMap<string, string>
}

/** Blocks 1, 2, 3... with as many entries as `counts` says. */
async function fill(counts: readonly number[]): Promise<Filled> {
  const chain = new TestChain('nodes', { signed: false })
  const directory = temporaryDirectory()
  const store = levelStore(directory)
  await store.open()
  const blocks = [chain.genesis]
  for (const count of counts) {
    blocks.push(chain.block(blocks.at(-1) as TestBlock, new Array<string>(count).fill('ada')))
  }
  await store.commit(moveHead(undefined, blocks.at(-1), blocks))
  const nodes = new Map<string, string>()
  for (const block of blocks) {
    for (const { level, index, hash } of block.nodes) nodes.set(`${level}/${index}`, toHex(hash))
  }
  return { store, directory, blocks, nodes }
}

function nodeOf(store: BlockStore, name: string): string | undefined {
  const [level, index] = name.split('/').map(Number) as [number, number]
  const found = store.treeNode(level, index)
  return found && toHex(found)
}

const HUNDRED = Array.from({ length: 100 }, (_, i) => 1 + (i % 4))

describe('the nodes of the log', () => {
  afterEach(() => void vi.restoreAllMocks())

  test('are those that were appended, in whatever order they are asked for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }),
        fc.infiniteStream(fc.nat()),
        async (counts, choices) => {
          const { store, nodes } = await fill(counts)
          const names = [...nodes.keys()]
          for (let i = 0; i < 200; i++) {
            const name = names[choices.next().value % names.length] as string
            expect(nodeOf(store, name)).toBe(nodes.get(name))
          }
          for (const [name, hash] of nodes) expect(nodeOf(store, name)).toBe(hash)
          await store.close()
        },
      ),
      { numRuns: 15 },
    )
  })

  test('that are not complete are absent', async () => {
    const { store, nodes } = await fill([3, 2, 6])
    for (let level = 0; level < 60; level++) {
      for (const index of [0, 1, 2, 5, 10, 11, 12, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
        expect(nodeOf(store, `${level}/${index}`)).toBe(nodes.get(`${level}/${index}`))
      }
    }
    expect(nodeOf(store, '0/11')).toBeUndefined()
    expect(nodeOf(store, '0/-1')).toBeUndefined()
    await store.close()
  })

  test('are absent after a reorg took them, and those of the other branch are there', async () => {
    const chain = new TestChain('nodes', { signed: false })
    const store = levelStore(temporaryDirectory())
    await store.open()
    const lost = chain.block(chain.genesis, ['ada', 'ada', 'ada'])
    const won = chain.block(chain.genesis, ['ben', 'ben'])
    await store.commit(append(chain.genesis))
    await store.commit(append(lost))
    expect(store.entryIdByIndex(2)).toEqual(lost.block.entries[2]?.id)
    await store.commit(moveHead(lost, won, [won]))
    expect(store.entryIdByIndex(1)).toEqual(won.block.entries[1]?.id)
    expect(store.treeNode(1, 0)).toEqual(won.range.peaks[0])
    expect(store.entryIdByIndex(2)).toBeUndefined()
    await store.commit(moveHead(won, chain.genesis, []))
    expect(store.entryIdByIndex(0)).toBeUndefined()
    await store.close()
  })

  test('read in order cost three records a block', async () => {
    const { store, nodes, blocks } = await fill(HUNDRED)
    const raw = vi.spyOn(RecordReader.prototype, 'raw')
    for (const name of nodes.keys()) nodeOf(store, name)
    // Where the first block is has to be searched for.
    expect(raw.mock.calls.length).toBeLessThanOrEqual(3 * (blocks.length - 1) + 2 * Math.log2(blocks.length))
    await store.close()
  })

  test('read alone cost two records for each binary digit of the height', async () => {
    const { store, blocks } = await fill(HUNDRED)
    const size = blocks.at(-1)?.range.size as number
    const raw = vi.spyOn(RecordReader.prototype, 'raw')
    for (let i = 0; i < size; i++) {
      const index = (i * 101) % size
      raw.mockClear()
      expect(store.entryIdByIndex(index)).toBeDefined()
      expect(raw.mock.calls.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(blocks.length)) + 1)
    }
    await store.close()
  })

  test('of a block that cannot be read are not told, and hide no others', async () => {
    const { store, directory, blocks, nodes } = await fill(HUNDRED)
    await store.close()
    // The one in the middle is where every search begins.
    const damaged = [blocks[50], blocks[51], blocks[75]] as TestBlock[]
    await inDatabase(directory, async (database) => {
      for (const { block } of damaged) {
        const key = blockKey(block.header.height, block.hash)
        const value = Uint8Array.from((await database.get(key)) as Uint8Array)
        value[3] = (value[3] as number) ^ 1
        await database.put(key, value)
      }
    })
    const again = levelStore(directory)
    await again.open()
    const lost = new Set(
      damaged.flatMap((block) => block.nodes.map(({ level, index }) => `${level}/${index}`)),
    )
    for (const name of [...nodes.keys(), ...[...nodes.keys()].reverse()]) {
      if (!lost.has(name)) expect(nodeOf(again, name)).toBe(nodes.get(name))
      else expect(() => nodeOf(again, name)).toThrow(expect.objectContaining({ code: 'STORE_DAMAGED' }))
    }
    await again.close()
  })

  test('are as docs/spec/store.md shows them', async () => {
    const { store, directory, blocks } = await fill([2, 2])
    await store.close()
    const expected = (blocks[2] as TestBlock).nodes.map(({ hash }) => toHex(hash)).join('')
    expect((blocks[2] as TestBlock).nodes.map(({ level, index }) => `${level}/${index}`)).toEqual([
      '0/2',
      '0/3',
      '1/1',
      '2/0',
    ])
    await inDatabase(directory, async (database) => {
      const value = (await database.get(treeKey(2))) as Uint8Array
      expect(toHex(Uint8Array.from(value)).slice(0, -8)).toBe(expected)
    })
  })

  test('are as many as they are counted to be', () => {
    expect([0, 1, 2, 3, 4, 7, 8].map(nodeCount)).toEqual([0, 1, 3, 4, 7, 11, 15])
  })
})

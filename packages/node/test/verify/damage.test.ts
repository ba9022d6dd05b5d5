import { equalBytes, type Hash, type StoredBlock, type WeighedBlock } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { type BlockStore, NodeFailure, type StoreCensus } from '../../src/ports.ts'
import { memoryFixture, shortHash, verify, withAnswers } from './support.ts'

const { store, blocks, early, lost, chain } = await memoryFixture()

const blockAt = (height: number) => (blocks[height] as (typeof blocks)[number]).block
const entryAt = (height: number, index: number) => blockAt(height).entries[index] as { id: Hash }
const ann = chain.author('ann')
const side = shortHash(early.block.hash)
const entry = entryAt(5, 1)
const OTHER = new Uint8Array(32).fill(7)

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const flipped = Uint8Array.from(bytes)
  flipped[at] = (bytes[at] as number) ^ 1
  return flipped
}

function damaged(): never {
  throw new NodeFailure('STORE_DAMAGED', 'a record does not match its checksum')
}

/** Another answer for the block of one height when it is asked for by its hash. */
function blockOf(
  height: number,
  change: (stored: StoredBlock) => StoredBlock | undefined,
): Partial<BlockStore> {
  return {
    block(hash) {
      const stored = store.block(hash)
      return stored && equalBytes(hash, blockAt(height).hash) ? change(stored) : stored
    },
  }
}

/** Other answers for one block of the list. */
function listed(hash: Hash, change: (weighed: WeighedBlock) => WeighedBlock[]): Partial<BlockStore> {
  return {
    *blocksFrom(height) {
      for (const weighed of store.blocksFrom(height)) {
        if (equalBytes(weighed.block.hash, hash)) yield* change(weighed)
        else yield weighed
      }
    },
  }
}

function flipIn(
  part: 'headerBytes' | 'signature' | 'bodyBytes',
  at: number,
): <T extends WeighedBlock>(of: T) => T {
  return (of) => ({ ...of, block: { ...of.block, [part]: flip(of.block[part], at) } })
}

function flipPayload(index: number): <T extends WeighedBlock>(of: T) => T {
  return (of) => {
    const payloads = of.block.payloads.map((payload, i) =>
      payload && i === index ? flip(payload, 12) : payload,
    )
    return { ...of, block: { ...of.block, payloads } }
  }
}

function canonical(height: number, answer: () => Hash | undefined): Partial<BlockStore> {
  return { canonicalHash: (at) => (at === height ? answer() : store.canonicalHash(at)) }
}

type Field = readonly [height: number | undefined, field: string]
type Case = readonly [name: string, answers: Partial<BlockStore>, ...fields: Field[]]

const SIDE_5 = `block of side block ${shortHash(blockAt(5).hash)}`

const BLOCKS: Case[] = [
  ['a block that is missing', blockOf(5, () => undefined), [5, 'block']],
  ['a block that cannot be read', blockOf(5, damaged), [5, 'block']],
  ['a head whose block cannot be read', blockOf(20, damaged), [20, 'block'], [undefined, 'head']],
  ['a genesis block that cannot be read', blockOf(0, damaged), [0, 'block']],
  ['a bit of a genesis document', blockOf(0, flipIn('bodyBytes', 10)), [0, 'body']],
  [
    'a genesis block that should be canonical',
    blockOf(0, (s) => ({ ...s, canonical: false })),
    [0, 'canonical'],
  ],
  ['a weight of genesis', blockOf(0, (s) => ({ ...s, weight: 2n })), [0, 'weight']],
  ['a bit of a header', blockOf(5, flipIn('headerBytes', 60)), [5, 'header']],
  ['a bit that leaves no header', blockOf(5, flipIn('headerBytes', 0)), [5, 'header']],
  ['a bit of a signature', blockOf(5, flipIn('signature', 0)), [5, 'signature']],
  ['a bit of a body', blockOf(5, flipIn('bodyBytes', 30)), [5, 'body']],
  ["a bit of the head's body", blockOf(20, flipIn('bodyBytes', 30)), [20, 'body']],
  ['another block in the place of one', blockOf(5, () => store.block(blockAt(6).hash)), [5, 'header']],
  // It is not the one that its entry commits to, nor the one that is stored under the entry's id.
  ['a bit of a payload', blockOf(5, flipPayload(2)), [5, 'payload of entry 2'], [5, 'payload of entry 2']],
  ['a weight', blockOf(5, (stored) => ({ ...stored, weight: 9n })), [5, 'weight']],
  ['a block that should be canonical', blockOf(5, (s) => ({ ...s, canonical: false })), [5, 'canonical']],
]

const LISTS: Case[] = [
  ['a canonical block that is not listed', listed(blockAt(5).hash, () => []), [5, 'block list']],
  ['a block that is listed twice', listed(blockAt(5).hash, (it) => [it, it]), [5, 'block list']],
  ['a list that fails', listed(blockAt(5).hash, damaged), [5, 'block']],
  ['a list that fails after a block of the height', listed(early.block.hash, damaged), [3, 'block']],
  ['a list that fails at the end', listed(blockAt(20).hash, damaged), [20, 'block']],
  [
    'a list that ends too early',
    {
      *blocksFrom(height) {
        for (const weighed of store.blocksFrom(height)) {
          if (weighed.block.header.height === 17) return
          yield weighed
        }
      },
    },
    [17, 'block list'],
  ],
  [
    'a side block that is not listed',
    listed(early.block.hash, () => []),
    [undefined, 'number of blocks'],
    [undefined, 'number of payloads'],
  ],
  [
    "a bit of a side block's signature",
    listed(early.block.hash, (it) => [flipIn('signature', 0)(it)]),
    [3, `signature of side block ${side}`],
  ],
  [
    "a bit of a side block's body, with another block on it",
    listed(lost[0]?.block.hash ?? OTHER, (it) => [flipIn('bodyBytes', 40)(it)]),
    [18, `body of side block ${shortHash(lost[0]?.block.hash ?? OTHER)}`],
  ],
  [
    "a bit of a side block's payload",
    listed(early.block.hash, (it) => [flipPayload(1)(it)]),
    [3, `payload of entry 1 of side block ${side}`],
  ],
  [
    "a side block's weight",
    listed(early.block.hash, (it) => [{ ...it, weight: 77n }]),
    [3, `block of side block ${side}`],
    [3, `weight of side block ${side}`],
  ],
]

const INDEXES: Case[] = [
  [
    'a canonical hash that is missing',
    canonical(5, () => undefined),
    [5, 'canonical hash'],
    [5, SIDE_5],
    [5, 'block list'],
  ],
  [
    'a canonical hash of nothing',
    canonical(5, () => OTHER),
    [5, 'canonical hash'],
    [5, SIDE_5],
    [5, 'block list'],
  ],
  [
    'a canonical hash of another height',
    canonical(5, () => blockAt(6).hash),
    [5, 'canonical hash'],
    [5, SIDE_5],
    [5, 'block list'],
  ],
  [
    'a canonical hash that cannot be read',
    canonical(5, damaged),
    [5, 'canonical hash'],
    [5, SIDE_5],
    [5, 'block list'],
  ],
  [
    'a canonical hash of a side block',
    canonical(3, () => early.block.hash),
    [3, 'canonical hash'],
    [3, `block of side block ${shortHash(blockAt(3).hash)}`],
  ],
  ['a canonical hash above the head', canonical(21, () => OTHER), [21, 'canonical hash']],
  [
    'a position that is missing',
    { entryById: (id) => (equalBytes(id, entry.id) ? undefined : store.entryById(id)) },
    [5, 'position of entry 1'],
  ],
  [
    'a position at another height',
    { entryById: (id) => (equalBytes(id, entry.id) ? { height: 6, index: 13 } : store.entryById(id)) },
    [5, 'position of entry 1'],
  ],
  [
    'a position at another index',
    { entryById: (id) => (equalBytes(id, entry.id) ? { height: 5, index: 12 } : store.entryById(id)) },
    [5, 'position of entry 1'],
  ],
  [
    'an author and sequence of another entry',
    { entryIdByAuthor: (a, s) => (equalBytes(a, ann) && s === 4 ? OTHER : store.entryIdByAuthor(a, s)) },
    [5, 'author and sequence of entry 0'],
  ],
  [
    'an author and sequence that are missing',
    { entryIdByAuthor: (a, s) => (equalBytes(a, ann) && s === 4 ? undefined : store.entryIdByAuthor(a, s)) },
    [5, 'author and sequence of entry 0'],
  ],
  [
    'a log index',
    { entryIdByIndex: (at) => (at === 13 ? OTHER : store.entryIdByIndex(at)) },
    [5, 'log index 13'],
  ],
  [
    'a payload by its entry',
    { payload: (id) => (equalBytes(id, entry.id) ? OTHER : store.payload(id)) },
    [5, 'payload of entry 1'],
  ],
  [
    'a tree node that is wrong',
    { treeNode: (level, at) => (level === 1 && at === 6 ? OTHER : store.treeNode(level, at)) },
    [5, 'tree node 1/6'],
  ],
  [
    'a tree node that a side block stands on',
    { treeNode: (level, at) => (level === 2 && at === 0 ? OTHER : store.treeNode(level, at)) },
    [2, 'tree node 2/0'],
  ],
  [
    'a tree node that is missing',
    { treeNode: (level, at) => (level === 2 && at === 3 ? undefined : store.treeNode(level, at)) },
    [6, 'tree node 2/3'],
  ],
]

const ANN = `next sequence of author ${shortHash(ann)}`
const nextOfAnn = (next: () => number): Partial<BlockStore> => ({
  nextSequence: (author) => (equalBytes(author, ann) ? next() : store.nextSequence(author)),
})

const TOTALS: Case[] = [
  ['a next sequence that is too low', nextOfAnn(() => 4), [undefined, ANN]],
  ['a next sequence that is too high', nextOfAnn(() => 40), [undefined, ANN]],
  ['a next sequence that is missing', nextOfAnn(() => 0), [1, ANN], [undefined, ANN]],
  ['a next sequence that cannot be read', nextOfAnn(damaged), [1, ANN], [undefined, ANN]],
  [
    'an author that is not listed',
    { authors: () => without(store.authors()) },
    [undefined, 'authors'],
    [undefined, 'number of authors'],
  ],
  ['authors that cannot be listed', { authors: damaged }, [undefined, 'authors']],
  ['a head that is missing', { head: () => undefined }, [undefined, 'head']],
  ['a head that cannot be read', { head: damaged }, [undefined, 'head']],
  [
    'a bit of a pending payload',
    {
      *pending() {
        const [first, ...others] = store.pending()
        if (first) yield { ...first, payload: flip(first.payload, 12) }
        yield* others
      },
    },
    [undefined, 'pending entry 0'],
  ],
  [
    'a pending entry that cannot be read',
    {
      *pending() {
        const [first] = store.pending()
        if (first) yield first
        damaged()
      },
    },
    [undefined, 'pending entry 1'],
  ],
  [
    'a pending entry with a value that the measure does not allow',
    {
      *pending() {
        yield* store.pending()
        yield chain.entry('gus', 0, 501)
      },
    },
    [undefined, 'pending entry 2'],
    [undefined, 'number of pending entries'],
  ],
  [
    'a pending entry that the chain has',
    {
      *pending() {
        yield* store.pending()
        const { entries, payloads } = blockAt(5)
        if (entries[0] && payloads[0]) yield { entry: entries[0], payload: payloads[0] }
      },
    },
    [undefined, 'pending entry 2'],
    [undefined, 'number of pending entries'],
  ],
  ['a note that cannot be read', { anchor: () => 'damaged' }, [undefined, 'HEAD']],
  ['a note that is missing', { anchor: () => undefined }, [undefined, 'HEAD']],
  [
    'a note of a block that is not stored',
    { anchor: () => ({ height: 20, hash: OTHER }) },
    [undefined, 'HEAD'],
  ],
  ['a census that fails', { census: damaged }, [undefined, 'number of records']],
  [
    'what the storage finds',
    { faults: () => asyncOf([{ place: 'ledger/000005.ldb', message: 'a checksum does not fit' }]) },
    [undefined, 'ledger/000005.ldb'],
  ],
]

const KINDS: Record<keyof StoreCensus, string> = {
  blocks: 'blocks',
  canonical: 'canonical hashes',
  entryIds: 'positions of entries',
  authorSequences: 'authors and sequences of entries',
  authors: 'authors',
  payloads: 'payloads',
  treeNodes: 'lists of tree nodes',
  pending: 'pending entries',
}

const STRAYS: Case[] = (Object.keys(KINDS) as (keyof StoreCensus)[]).map((kind) => {
  const census = async () => {
    const counted = await store.census()
    return { ...counted, [kind]: counted[kind] + 1 }
  }
  return [`one too many of the ${KINDS[kind]}`, { census }, [undefined, `number of ${KINDS[kind]}`]]
})

async function* without<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  let isFirst = true
  for await (const item of items) {
    if (!isFirst) yield item
    isFirst = false
  }
}

async function* asyncOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

describe('verifying a store of which one answer is wrong', () => {
  const cases = [...BLOCKS, ...LISTS, ...INDEXES, ...TOTALS, ...STRAYS]
  test.each(cases.map(([name, answers, ...fields]) => ({ name, answers, fields })))(
    'names $name',
    async ({ answers, fields }) => {
      const report = await verify(withAnswers(store, answers))
      expect(report.problems.map(({ height, field }) => [height, field])).toEqual(fields)
      expect(report.ok).toBe(false)
      for (const { message, remedy } of report.problems) {
        expect(message).not.toBe('')
        expect(remedy).toMatch(/\.$/)
      }
    },
  )

  test('asks nothing more of a store that says it is not safe to read', async () => {
    const place = 'ledger/000005.ldb'
    const forbidden = (): never => {
      throw new Error('read from a damaged table')
    }
    const report = await verify({
      ...withAnswers(store, {}),
      head: forbidden,
      canonicalHash: forbidden,
      block: forbidden,
      faults: () => asyncOf([{ place, message: 'a checksum does not fit', isUnsafe: true }]),
    })
    expect(report.problems.map(({ field }) => field)).toEqual([place])
  })

  test('passes a failing disk on', async () => {
    const failing = withAnswers(store, {
      treeNode() {
        throw new NodeFailure('STORE_READ_FAILED', 'the disk does not answer')
      },
    })
    await expect(verify(failing)).rejects.toMatchObject({ code: 'STORE_READ_FAILED' })
  })

  test('changes nothing in the store', async () => {
    let commits = 0
    const commit = async () => {
      commits += 1
    }
    await verify(withAnswers(store, { ...blockOf(5, damaged), commit }))
    expect(commits).toBe(0)
  })
})

import { describe, expect, test } from 'vitest'
import { NodeFailure } from '../../src/ports.ts'
import {
  authorKey,
  authorSequenceKey,
  blockKey,
  bodyKey,
  canonicalKey,
  entryKey,
  heightKey,
  META,
  payloadKey,
  pendingIdKey,
  pendingKey,
  siblingsKey,
  treeKey,
} from '../../src/store/level/keys.ts'
import { encodeHashes, encodeNumber, encodePosition, seal, unseal } from '../../src/store/level/records.ts'
import type { TestBlock } from '../support/chain.ts'
import { type Database, inDatabase, storeIn, temporaryDirectories } from './level-support.ts'
import { fill, shortHash, verify } from './support.ts'

const directories = temporaryDirectories()
const original = directories.empty()
const first = storeIn(original)
await first.open()
const { chain, blocks, early, erased, pending } = await fill(first)
await first.close()

const blockAt = (height: number) => (blocks[height] as TestBlock).block
const block = blockAt(5)
const entry = block.entries[1] as (typeof block.entries)[number]
const ann = chain.author('ann')
const waiting = pending[0]?.entry.id as Uint8Array
const OTHER = new Uint8Array(32).fill(7)

/** What verifying finds, as `height field`; or the code with which the store does not even open. */
async function findings(edit: (database: Database) => Promise<void>): Promise<string[]> {
  const directory = directories.copyOf(original)
  await inDatabase(directory, edit)
  const store = storeIn(directory)
  try {
    await store.open()
    const { problems } = await verify(store)
    return problems.map(({ height, field }) => (height === undefined ? field : `${height} ${field}`))
  } catch (error) {
    if (error instanceof NodeFailure) return [error.code]
    throw error
  } finally {
    await store.close()
  }
}

const remove = (key: Uint8Array) => (database: Database) => database.del(key)

/** One bit of a value, so that its seal does not fit any more. */
const flip = (key: Uint8Array) => async (database: Database) => {
  const value = Uint8Array.from((await database.get(key)) as Uint8Array)
  value[0] = (value[0] as number) ^ 1
  await database.put(key, value)
}

/** Another content with a seal that fits: what somebody would do on purpose. */
const forge =
  (key: Uint8Array, change: (content: Uint8Array) => Uint8Array) => async (database: Database) => {
    const value = (await database.get(key)) as Uint8Array
    const content = unseal(key, value) as Uint8Array
    await database.put(key, seal(key, change(Uint8Array.from(content))))
  }

const add = (key: Uint8Array, content: Uint8Array) => (database: Database) =>
  database.put(key, seal(key, content))

const lastByte = (content: Uint8Array) => content.with(content.length - 1, (content.at(-1) as number) ^ 1)

type Case = readonly [name: string, edit: (database: Database) => Promise<void>, found: string]

const fieldOfSide = (part: string, of: TestBlock) => `${part} of side block ${shortHash(of.block.hash)}`

const RECORDS: readonly (readonly [name: string, key: Uint8Array, removed: string, flipped?: string])[] = [
  ['a block', blockKey(5, block.hash), '5 block'],
  ['a side block', blockKey(3, early.block.hash), '3 block'],
  ['a body', bodyKey(block.hash), '5 block'],
  ['a canonical hash', canonicalKey(5), '5 canonical hash'],
  ['the height of a block', heightKey(block.hash), '5 block'],
  ['the list of a height', siblingsKey(5), '5 block list', '5 block'],
  ['a position', entryKey(entry.id), '5 position of entry 1'],
  ['a next sequence', authorKey(ann), `1 next sequence of author ${shortHash(ann)}`],
  ['an author and sequence', authorSequenceKey(ann, 4), '5 author and sequence of entry 0'],
  ['the tree nodes of a block', treeKey(12), '5 log index 12'],
  ['the state', META.state, 'STORE_DAMAGED'],
  ['the ledger id', META.ledgerId, 'STORE_DAMAGED'],
  ['the format', META.format, 'STORE_FORMAT', 'STORE_DAMAGED'],
]

const REMOVED = RECORDS.map(([name, key, removed]): Case => [`${name} that is removed`, remove(key), removed])
const FLIPPED = RECORDS.map(([name, key, removed, flipped]): Case => {
  return [`a flipped bit in ${name}`, flip(key), flipped ?? removed]
})

/** As somebody would change a record who knows the format. */
const FORGED: Case[] = [
  ['a forged weight', forge(blockKey(5, block.hash), (content) => content.with(31, 99)), '5 weight'],
  ['a forged signature', forge(blockKey(5, block.hash), (content) => content.with(40, 1)), '5 signature'],
  ['a forged header', forge(blockKey(5, block.hash), lastByte), '5 block'],
  [
    'a forged side block',
    forge(blockKey(3, early.block.hash), (content) => content.with(40, 1)),
    `3 ${fieldOfSide('signature', early)}`,
  ],
  ['a forged payload', forge(payloadKey(entry.id), lastByte), '5 payload of entry 1'],
  ['another canonical block', forge(canonicalKey(3), () => early.block.hash), '3 canonical hash'],
  ['another position', forge(entryKey(entry.id), () => encodePosition(5, 12)), '5 position of entry 1'],
  ['another height of a block', forge(heightKey(block.hash), () => encodeNumber(6)), '5 block'],
  ['another list of a height', forge(siblingsKey(3), () => encodeHashes([early.block.hash])), '3 block list'],
  [
    'a lower next sequence',
    forge(authorKey(ann), () => encodeNumber(4)),
    `next sequence of author ${shortHash(ann)}`,
  ],
  [
    'another entry of an author',
    forge(authorSequenceKey(ann, 4), () => entry.id),
    '5 author and sequence of entry 0',
  ],
  // Block 5 completes 0/12, 0/13, 1/6 and 0/14.
  ['another leaf', forge(treeKey(12), (content) => content.with(32, 7)), '5 log index 13'],
  ['another tree node', forge(treeKey(12), (content) => content.with(64, 7)), '5 tree node 1/6'],
  ['too few tree nodes', forge(treeKey(12), (content) => content.slice(32)), '5 log index 12'],
  ['a forged pending payload', forge(pendingKey(0), lastByte), 'pending entry 0'],
]

const ADDED: Case[] = [
  ['a canonical hash above the head', add(canonicalKey(21), OTHER), '21 canonical hash'],
  ['a stray position', add(entryKey(OTHER), encodePosition(5, 12)), 'number of positions of entries'],
  ['a stray author', add(authorKey(OTHER), encodeNumber(1)), `next sequence of author ${shortHash(OTHER)}`],
  [
    'a stray sequence',
    add(authorSequenceKey(OTHER, 0), entry.id),
    'number of authors and sequences of entries',
  ],
  ['a stray payload', add(payloadKey(OTHER), OTHER), 'number of payloads'],
  ['stray tree nodes', add(treeKey(57), OTHER), 'number of lists of tree nodes'],
  ['a stray list of a height', add(siblingsKey(21), encodeHashes([OTHER])), '21 block'],
]

describe('verifying a data directory', () => {
  test('finds no problem in a sound one, with an erased payload', async () => {
    const directory = directories.copyOf(original)
    await inDatabase(directory, remove(payloadKey(erased.entry.id)))
    const store = storeIn(directory)
    await store.open()
    const report = await verify(store)
    await store.close()
    expect(report).toMatchObject({
      problems: [],
      headHeight: 20,
      blockCount: 21,
      entryCount: 56,
      erasedCount: 1,
      sideBlockCount: 3,
      pendingCount: 2,
      isUnsettled: false,
    })
  })

  test.each([...REMOVED, ...FLIPPED, ...FORGED, ...ADDED])('names %s', async (_, edit, found) => {
    expect((await findings(edit))[0]).toBe(found)
  })

  test.each<readonly [string, Uint8Array]>([
    ['pending entry', pendingKey(0)],
    ['place of a pending entry', pendingIdKey(waiting)],
  ])('finds a %s that is removed or flipped', async (_, key) => {
    expect(await findings(remove(key))).not.toEqual([])
    expect(await findings(flip(key))).not.toEqual([])
  })

  test('reports the nodes that a block lost once, with their number', async () => {
    const directory = directories.copyOf(original)
    await inDatabase(directory, remove(treeKey(12)))
    const store = storeIn(directory)
    await store.open()
    const { problems } = await verify(store)
    await store.close()
    expect(problems.map(({ height, field, message }) => [height, field, message.split('; ')[1]])).toEqual([
      [5, 'log index 12', '2 more of this block are wrong'],
      [5, 'tree node 0/12', '3 more of this block are wrong'],
      [undefined, 'number of lists of tree nodes', undefined],
    ])
  })

  test('says which directory is damaged, and that a copy helps', async () => {
    const directory = directories.copyOf(original)
    await inDatabase(directory, flip(treeKey(3)))
    const store = storeIn(directory)
    await store.open()
    const { problems } = await verify(store)
    await store.close()
    expect(problems[0]?.message).toContain(directory)
    expect(problems[0]?.remedy).toContain('put a copy of it')
  })
})

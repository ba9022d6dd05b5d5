import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { type Entry, toHex } from '@pulseledger/core'
import { ClassicLevel } from 'classic-level'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../../src/limits.ts'
import type { BlockStore } from '../../../src/ports.ts'
import { NodeFailure } from '../../../src/ports.ts'
import { anchorPath, ledgerPath, removeHolder, writeHolder } from '../../../src/store/level/data-directory.ts'
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
  pendingKey,
  siblingsKey,
  treeKey,
} from '../../../src/store/level/keys.ts'
import { readManifest } from '../../../src/store/level/manifest.ts'
import { encodeNumber, seal, unseal } from '../../../src/store/level/records.ts'
import { append, store as storeOnly, TestChain } from '../../support/chain.ts'
import { crashedCopy, levelStore, temporaryDirectory } from '../../support/store-places.ts'
import { all, expectedAnswers, observe } from '../observe.ts'

const chain = new TestChain('damage')
const { genesis } = chain
const a1 = chain.block(genesis, ['ada', 'ben', 'ada'])
const a2 = chain.block(a1, ['ada'])
const b1 = chain.block(genesis, ['cleo'], 'other')
const a3 = chain.block(a2, ['ben', 'cleo'])
const a4 = chain.block(a3, ['ada'])
const blocks = [genesis, a1, a2, b1, a3, a4]
const waiting = [chain.entry('eve', 0)]
const universe = {
  blocks,
  entries: [
    ...blocks.flatMap(({ block }) =>
      block.entries.map((entry, i) => ({ entry, payload: block.payloads[i] as Uint8Array })),
    ),
    ...waiting,
  ],
  authors: ['ada', 'ben', 'cleo', 'eve'].map((name) => chain.author(name)),
}
const expected = { head: a4, stored: blocks, pending: waiting }

/** A crashed directory with half of the ledger in tables and half in the write-ahead log. */
async function makeLedger(): Promise<string> {
  const directory = temporaryDirectory()
  await withStore(directory, async (store) => {
    for (const change of [append(genesis), append(a1), append(a2)]) await store.commit(change)
  })
  const store = levelStore(directory)
  await store.open()
  for (const change of [storeOnly(b1), append(a3, { pendingAdd: waiting }), append(a4)])
    await store.commit(change)
  const crashed = crashedCopy(directory)
  await store.close()
  return crashed
}

async function withStore<T>(directory: string, use: (store: BlockStore) => Promise<T>): Promise<T> {
  const store = levelStore(directory)
  await store.open()
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Changes records behind the back of the store. */
async function withDatabase(
  directory: string,
  use: (database: ClassicLevel<Uint8Array, Uint8Array>) => Promise<void>,
): Promise<void> {
  const database = new ClassicLevel<Uint8Array, Uint8Array>(ledgerPath(directory), {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false,
  })
  await use(database)
  await database.close()
}

function opening(directory: string): Promise<unknown> {
  const store = levelStore(directory)
  return store.open().then(
    () => store.close(),
    (error: unknown) => error,
  )
}

function fileOf(directory: string, suffix: string): string {
  const name = readdirSync(ledgerPath(directory)).find((file) => file.endsWith(suffix))
  if (name === undefined) throw new Error(`there is no *${suffix}`)
  return join(ledgerPath(directory), name)
}

function keptIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('damaged-'))
}

function flip(path: string, byte: number, mask = 1): void {
  const bytes = readFileSync(path)
  bytes[byte] = (bytes[byte] as number) ^ mask
  writeFileSync(path, bytes)
}

function contents(directory: string): Map<string, string> {
  const names = readdirSync(ledgerPath(directory)).sort()
  return new Map(names.map((name) => [name, toHex(readFileSync(join(ledgerPath(directory), name)))]))
}

let directory: string
beforeEach(async () => {
  directory = await makeLedger()
})

test('an undamaged copy of a running ledger opens with all of it', async () => {
  await withStore(directory, async (store) => {
    expect(await observe(store, universe)).toEqual(expectedAnswers(expected, universe))
  })
})

describe('the write-ahead log', () => {
  test('damaged in its last commit has lost a confirmed block, and the anchor tells', async () => {
    const log = fileOf(directory, '.log')
    flip(log, statSync(log).size - 1)
    const failure = await opening(directory)
    expect(failure).toMatchObject({ code: 'STORE_DAMAGED' })
    expect(String(failure)).toContain(`lost block #4 (${toHex(a4.block.hash).slice(0, 12)})`)
    expect(String(failure)).toContain('it ends at block #3')
    // And it stays so: opening again does not make it right.
    expect(await opening(directory)).toMatchObject({ code: 'STORE_DAMAGED' })
  })

  test('damaged in its last commit is kept with all its bytes, and a second opening leaves it', async () => {
    const log = fileOf(directory, '.log')
    flip(log, statSync(log).size - 1)
    const bytes = readFileSync(log)
    const kept = `damaged-${basename(log)}`
    for (let openings = 0; openings < 2; openings++) {
      expect(String(await opening(directory))).toContain(`the damaged log is kept as ${kept}`)
      expect(keptIn(directory)).toEqual([kept])
      expect(readFileSync(join(directory, kept)).equals(bytes)).toBe(true)
    }
    // And so does whoever goes on without what was lost.
    rmSync(anchorPath(directory))
    await withStore(directory, (store) => store.commit(storeOnly()))
    expect(await opening(directory)).toBeUndefined()
    expect(keptIn(directory)).toEqual([kept])
  })

  test('does not take the place of one that is kept already', async () => {
    const log = fileOf(directory, '.log')
    flip(log, statSync(log).size - 1)
    const kept = join(directory, `damaged-${basename(log)}`)
    writeFileSync(kept, 'earlier')
    expect(await opening(directory)).toMatchObject({ code: 'STORE_DAMAGED' })
    expect(readFileSync(kept, 'utf8')).toBe('earlier')
  })

  test('damaged in its last commit is kept when no anchor can tell', async () => {
    const log = fileOf(directory, '.log')
    flip(log, statSync(log).size - 1)
    rmSync(anchorPath(directory))
    expect(await opening(directory)).toBeUndefined()
    expect(keptIn(directory)).toEqual([`damaged-${basename(log)}`])
  })

  test('cut off anywhere has lost something that was confirmed', async () => {
    const log = fileOf(directory, '.log')
    const size = statSync(log).size
    for (const kept of [0, 1, 6, 7, Math.floor(size / 2), size - 1]) {
      const copy = crashedCopy(directory)
      truncateSync(fileOf(copy, '.log'), kept)
      expect(await opening(copy)).toMatchObject({ code: 'STORE_DAMAGED' })
    }
  })

  test('with a write at its end that was cut off and never confirmed opens', async () => {
    const log = fileOf(directory, '.log')
    const bytes = readFileSync(log)
    for (const cut of [1, 6, 7, 8, 100]) {
      const copy = crashedCopy(directory)
      writeFileSync(fileOf(copy, '.log'), Buffer.concat([bytes, bytes.subarray(0, cut)]))
      await withStore(copy, async (store) => {
        expect(await observe(store, universe)).toEqual(expectedAnswers(expected, universe))
      })
      expect(keptIn(copy)).toEqual([])
    }
  })

  test('with a torn end is not kept by an opening that is refused or was killed', async () => {
    const log = fileOf(directory, '.log')
    const bytes = readFileSync(log)
    writeFileSync(log, Buffer.concat([bytes, bytes.subarray(0, 100)]))
    const tables = crashedCopy(directory)
    rmSync(fileOf(tables, '.ldb'))
    expect(await opening(tables)).toMatchObject({ code: 'STORE_DAMAGED' })
    expect(existsSync(join(ledgerPath(tables), basename(log)))).toBe(true)
    expect(keptIn(tables)).toEqual([])

    linkSync(log, join(directory, `damaged-${basename(log)}`))
    expect(await opening(directory)).toBeUndefined()
    expect(keptIn(directory)).toEqual([])
  })

  test('damaged before its last commit is refused before LevelDB can drop what follows', async () => {
    const log = fileOf(directory, '.log')
    flip(log, 100)
    const before = contents(directory)
    const failure = await opening(directory)
    expect(failure).toMatchObject({ code: 'STORE_DAMAGED' })
    expect(String(failure)).toMatch(
      /ledger\/\d+\.log is damaged at byte 0, before commits that were made later/,
    )
    expect(contents(directory)).toEqual(before)
  })

  test('that lost a commit of pending entries alone is seen too', async () => {
    const store = levelStore(directory)
    await store.open()
    await store.commit(storeOnly())
    const crashed = crashedCopy(directory)
    await store.close()
    const log = fileOf(crashed, '.log')
    flip(log, statSync(log).size - 1)
    const failure = await opening(crashed)
    expect(failure).toMatchObject({ code: 'STORE_DAMAGED' })
    expect(String(failure)).toContain('a change after #4')
  })
})

describe('the anchor', () => {
  test('that is missing does not keep the store from opening, and is written again', async () => {
    rmSync(anchorPath(directory))
    await withStore(directory, async (store) => {
      expect(store.anchor()).toBeUndefined()
      expect(store.head()?.height).toBe(4)
      await store.commit(storeOnly())
      expect(store.anchor()).toEqual({ height: 4, hash: a4.block.hash })
    })
  })

  test.each([
    ['flipped', (path: string) => flip(path, 20)],
    ['of another format', (path: string) => flip(path, 7)],
    ['cut off', (path: string) => truncateSync(path, 59)],
    ['torn', (path: string) => writeFileSync(path, Buffer.alloc(60))],
  ])(
    'that is %s is reported, does not keep the store from opening, and is written again',
    async (_, damage) => {
      damage(anchorPath(directory))
      await withStore(directory, async (store) => {
        expect(store.anchor()).toBe('damaged')
        expect(store.head()?.height).toBe(4)
        await store.commit(storeOnly())
        expect(store.anchor()).toEqual({ height: 4, hash: a4.block.hash })
      })
      await withStore(directory, async (store) => expect(store.anchor()).toMatchObject({ height: 4 }))
    },
  )

  test('that is older than the database, as after a power cut, is no fault', async () => {
    const old = readFileSync(anchorPath(directory))
    await withStore(directory, (store) => store.commit(storeOnly()))
    writeFileSync(anchorPath(directory), old)
    await withStore(directory, async (store) => expect(store.anchor()).toMatchObject({ height: 4 }))
  })

  test('of another ledger is refused', async () => {
    const other = temporaryDirectory()
    const foreign = new TestChain('another')
    await withStore(other, (store) => store.commit(append(foreign.genesis)))
    writeFileSync(anchorPath(directory), readFileSync(anchorPath(other)))
    expect(await opening(directory)).toMatchObject({ code: 'STORE_DAMAGED' })
  })

  test('of a ledger whose database is gone is refused, and nothing is made in its place', async () => {
    rmSync(ledgerPath(directory), { recursive: true })
    expect(await opening(directory)).toMatchObject({ code: 'STORE_DAMAGED' })
  })
})

describe('the files of the database', () => {
  test('without CURRENT are refused, and none is deleted', async () => {
    rmSync(join(ledgerPath(directory), 'CURRENT'))
    const before = contents(directory)
    const failure = await opening(directory)
    expect(failure).toMatchObject({ code: 'STORE_DAMAGED' })
    expect(String(failure)).toContain('ledger/CURRENT is missing')
    expect(contents(directory)).toEqual(before)
  })

  test.each([
    ['a table is missing', () => rmSync(fileOf(directory, '.ldb'))],
    ['the manifest is missing', () => rmSync(manifest())],
    ['the manifest is damaged', () => flip(manifest(), 20)],
    ['the manifest is empty', () => truncateSync(manifest(), 0)],
    ['CURRENT is damaged', () => writeFileSync(join(ledgerPath(directory), 'CURRENT'), 'MANIFEST-000999\n')],
    ['CURRENT is empty', () => truncateSync(join(ledgerPath(directory), 'CURRENT'), 0)],
  ])('are refused with what LevelDB said when %s', async (_, damage) => {
    damage()
    const failure = await opening(directory)
    expect(failure).toMatchObject({ code: 'STORE_DAMAGED' })
    expect(String(failure)).toMatch(/Corruption|No such file|NotFound/)
  })

  test('that are cut off are refused or reported', async () => {
    const size = statSync(fileOf(directory, '.ldb')).size
    for (const kept of [0, 1, 47, 48, Math.floor(size / 2), size - 1]) {
      const copy = crashedCopy(directory)
      truncateSync(fileOf(copy, '.ldb'), kept)
      expect(await outcomeOf(copy)).not.toBe('harmless')
    }
  })

  function manifest(): string {
    return join(ledgerPath(directory), readFileSync(join(ledgerPath(directory), 'CURRENT'), 'utf8').trim())
  }
})

describe('the format', () => {
  test('of a later version is refused with both versions', async () => {
    await withDatabase(directory, (database) => database.put(META.format, seal(META.format, encodeNumber(2))))
    const failure = await opening(directory)
    expect(failure).toMatchObject({ code: 'STORE_FORMAT' })
    expect(String(failure)).toContain('has format 2, this version knows 1')
  })

  test('that is missing is refused', async () => {
    await withDatabase(directory, (database) => database.del(META.format))
    expect(await opening(directory)).toMatchObject({ code: 'STORE_FORMAT' })
  })

  test('of a database that is not ours is refused, and it stays as it is', async () => {
    const foreign = temporaryDirectory()
    await withDatabase(foreign, (database) => database.put(Uint8Array.of(1), Uint8Array.of(2)))
    expect(await opening(foreign)).toMatchObject({ code: 'STORE_FORMAT' })
    await withDatabase(foreign, async (database) => {
      expect(await database.get(Uint8Array.of(1))).toEqual(Buffer.of(2))
    })
  })
})

describe('a crash while the first store is made', () => {
  test('leaves a directory that opens, whichever of its files were there', async () => {
    const made = temporaryDirectory()
    await withStore(made, async () => undefined)
    const names = readdirSync(ledgerPath(made)).filter((name) => name !== 'LOCK')
    const manifest = names.find((name) => name.startsWith('MANIFEST')) as string
    // LevelDB makes LOG, the manifest, CURRENT by renaming a .dbtmp, and then the first log.
    const stages = [[], ['LOG'], ['LOG', manifest], ['LOG', manifest, 'CURRENT'], names]
    for (const stage of stages) {
      const crashed = crashedCopy(made)
      rmSync(anchorPath(crashed))
      for (const name of names) if (!stage.includes(name)) rmSync(join(ledgerPath(crashed), name))
      if (!stage.includes('CURRENT')) writeFileSync(join(ledgerPath(crashed), '000001.dbtmp'), manifest)
      await withStore(crashed, async (store) => {
        expect(store.head()).toBeUndefined()
        await store.commit(append(genesis))
      })
      await withStore(crashed, async (store) => expect(store.head()?.height).toBe(0))
    }
  })

  test('between making the anchor and the first commit leaves an empty anchor, and opens', async () => {
    const made = temporaryDirectory()
    await withStore(made, async () => undefined)
    expect(statSync(anchorPath(made)).size).toBe(0)
    await withStore(made, (store) => store.commit(append(genesis)))
    await withStore(made, async (store) => expect(store.head()?.height).toBe(0))
  })
})

describe('a record', () => {
  const { hash } = a1.block
  const named = `block ${toHex(hash)} of height 1`

  async function damaged(key: Uint8Array, value: Uint8Array | undefined): Promise<void> {
    await withDatabase(directory, (database) => (value ? database.put(key, value) : database.del(key)))
  }

  test.each([
    ['the record of a block that is missing', blockKey(1, hash), undefined, named],
    ['the record of a block that is not sealed', blockKey(1, hash), new Uint8Array(150), named],
    [
      'the record of a block that does not parse',
      blockKey(1, hash),
      seal(blockKey(1, hash), new Uint8Array(150)),
      named,
    ],
    ['a body that is missing', bodyKey(hash), undefined, named],
    ['a body that is another one', bodyKey(hash), a2.block.bodyBytes, named],
    [
      'a canonical hash that is not sealed',
      canonicalKey(1),
      new Uint8Array(36),
      'canonical block of height 1',
    ],
  ])('%s is named with its height, and everything else is read', async (_, key, value, message) => {
    await damaged(key, value)
    await withStore(directory, async (store) => {
      expect(() => store.block(hash)).toThrow(message)
      expect(() => store.block(hash)).toThrow(NodeFailure)
      expect(store.block(a2.block.hash)?.block.header.height).toBe(2)
      expect((await all(store.faults())).map((fault) => fault.message).join()).toContain(message)
    })
  })

  test('and a body that are those of another block are not taken for this one', async () => {
    await withDatabase(directory, async (database) => {
      const other = unseal(
        blockKey(1, b1.block.hash),
        (await database.get(blockKey(1, b1.block.hash))) as Uint8Array,
      )
      await database.put(blockKey(1, hash), seal(blockKey(1, hash), other as Uint8Array))
      await database.put(bodyKey(hash), b1.block.bodyBytes)
    })
    await withStore(directory, async (store) => {
      expect(() => store.block(hash)).toThrow(`${named} is another block`)
    })
  })

  test('of a payload that is missing is an erased payload', async () => {
    const id = a1.block.entries[1]?.id as Uint8Array
    await damaged(payloadKey(id), undefined)
    await withStore(directory, async (store) => {
      expect(store.payload(id)).toBeUndefined()
      expect(store.block(hash)?.block.payloads.map((payload) => payload === null)).toEqual([
        false,
        true,
        false,
      ])
      expect(await all(store.faults())).toEqual([])
    })
  })

  test('of the head that is missing is refused at once', async () => {
    await damaged(canonicalKey(4), undefined)
    expect(await opening(directory)).toMatchObject({ code: 'STORE_DAMAGED' })
  })
})

test('one flipped bit anywhere in the directory is refused, reported or harmless', async () => {
  const files = ['HEAD', ...readdirSync(ledgerPath(directory)).map((name) => join('ledger', name))]
  const kept = files.filter((name) => !/LOG|LOCK/.test(name))
  const sizes = kept.map((name) => statSync(join(directory, name)).size)
  const outcomes = { refused: 0, found: 0, harmless: 0 }

  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: kept.length - 1 }),
      fc.nat(),
      fc.nat({ max: 7 }),
      async (file, byte, bit) => {
        const copy = crashedCopy(directory)
        flip(join(copy, kept[file] as string), byte % (sizes[file] as number), 1 << bit)
        outcomes[await outcomeOf(copy)] += 1
      },
    ),
    { numRuns: 150 },
  )
  expect(outcomes.refused).toBeGreaterThan(50)
  expect(outcomes.found).toBeGreaterThan(10)
}, 120_000)

/** Harmless: all that was stored is there, and nothing else. */
async function outcomeOf(copy: string): Promise<'refused' | 'found' | 'harmless'> {
  const store = levelStore(copy)
  try {
    await store.open()
  } catch (error) {
    expect(error).toBeInstanceOf(NodeFailure)
    return 'refused'
  }
  try {
    if (store.anchor() === 'damaged' || (await all(store.faults())).length > 0) return 'found'
    expect(await observe(store, universe)).toEqual(expectedAnswers(expected, universe))
    return 'harmless'
  } finally {
    await store.close()
  }
}

describe('a record with one flipped bit', () => {
  // Of each kind one, flipped through LevelDB, which does not notice: this is what a damaged table would
  // give.
  const [entry] = a1.block.entries as [Entry]
  const records: [string, Uint8Array, (store: BlockStore) => unknown][] = [
    ['block', blockKey(1, a1.block.hash), (store) => store.block(a1.block.hash)],
    ['body', bodyKey(a1.block.hash), (store) => store.block(a1.block.hash)],
    ['height', heightKey(a1.block.hash), (store) => store.block(a1.block.hash)],
    ['list of blocks', siblingsKey(1), (store) => [...store.blocksFrom(1)]],
    ['canonical hash', canonicalKey(1), (store) => store.canonicalHash(1)],
    ['payload', payloadKey(entry.id), (store) => store.payload(entry.id)],
    ['payload in its block', payloadKey(entry.id), (store) => store.block(a1.block.hash)],
    ['position', entryKey(entry.id), (store) => store.entryById(entry.id)],
    [
      'entry of an author',
      authorSequenceKey(entry.author, 0),
      (store) => store.entryIdByAuthor(entry.author, 0),
    ],
    ['next sequence', authorKey(entry.author), (store) => store.nextSequence(entry.author)],
    ['tree node', treeKey(0), (store) => store.treeNode(1, 0)],
    ['leaf', treeKey(0), (store) => store.entryIdByIndex(0)],
    ['pending entry', pendingKey(0), (store) => [...store.pending()]],
  ]

  test.each(records)('is never an answer: %s', async (_, key, ask) => {
    await withStore(directory, async (store) => expect(() => ask(store)).not.toThrow())
    await withDatabase(directory, async (database) => {
      const value = Uint8Array.from((await database.get(key)) as Uint8Array)
      value[0] = (value[0] as number) ^ 1
      await database.put(key, value)
    })
    await withStore(directory, async (store) => {
      expect(() => ask(store)).toThrow(expect.objectContaining({ code: 'STORE_DAMAGED' }))
      expect(await all(store.faults())).not.toEqual([])
    })
  })
})

describe('a large ledger', () => {
  /** As large as what is looked at at every start, and a bit flipped where nobody reads. */
  async function makeLarge(): Promise<string> {
    const large = temporaryDirectory()
    await withStore(large, (store) => store.commit(append(genesis)))
    await withDatabase(large, async (database) => {
      await database.open()
      const value = new Uint8Array(NODE_LIMITS.storeCheckBytesMax / 32)
      for (let i = 0; i < 33; i++) await database.put(Uint8Array.of(0x7a, i), value)
      await database.compactRange(Uint8Array.of(0x7a), Uint8Array.of(0x7b))
    })
    const tables = readManifest(ledgerPath(large))?.tables ?? []
    const table = tables.find(({ sizeBytes }) => sizeBytes > 1_048_576)
    if (table === undefined) throw new Error('LevelDB made no large table')
    flip(join(ledgerPath(large), table.name), 1_000_000)
    return large
  }

  test('is looked at when that is asked for, or when its holder did not end in order', async () => {
    const large = await makeLarge()
    const damage = {
      code: 'STORE_DAMAGED',
      message: expect.stringMatching(/ledger\/\d+\.ldb is damaged: bytes \d+/),
    }
    await expect(levelStore(large, { checkTables: true }).open()).rejects.toMatchObject(damage)
    // Above the largest pid that Linux gives (2^22).
    writeHolder(large, { pid: 2 ** 22 + 1, startedAt: 1 })
    await expect(levelStore(large).open()).rejects.toMatchObject(damage)
    removeHolder(large)
    // At last, because LevelDB may merge the table with its damage once it has it open.
    await withStore(large, async (store) => expect(await all(store.faults())).not.toEqual([]))
  })
})

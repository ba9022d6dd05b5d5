import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'
import { readManifest } from '../../../src/store/level/manifest.ts'
import { temporaryDirectory } from '../../support/store-places.ts'

/**
 * A database that has written, merged and replaced tables, and was opened several times. At last it is merged
 * whole, so that LevelDB has no reason to change its tables in the background while it is asked for them.
 */
async function makeDatabase(directory: string, megabytes: number): Promise<string> {
  for (let round = 0; round < 2; round++)
    await withDatabase(directory, (database) => fill(database, megabytes, round))
  return withDatabase(directory, async (database) => {
    await fill(database, megabytes, 2)
    await database.compactRange(Uint8Array.of(0), Uint8Array.of(0xff))
    return database.getProperty('leveldb.sstables')
  })
}

async function fill(database: Database, megabytes: number, round: number): Promise<void> {
  for (let part = 0; part < megabytes; part++) {
    const batch = database.batch()
    for (let i = 0; i < 200; i++)
      batch.put(Uint8Array.of(part, i, round % 2), new Uint8Array(5_000).fill(round))
    await batch.write()
  }
}

type Database = ClassicLevel<Uint8Array, Uint8Array>

async function withDatabase<T>(directory: string, use: (database: Database) => Promise<T>): Promise<T> {
  const database = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false,
    writeBufferSize: 262_144,
    maxFileSize: 1_048_576,
  })
  await database.open()
  try {
    return await use(database)
  } finally {
    await database.close()
  }
}

test('the manifest names the tables that LevelDB uses, with their sizes', async () => {
  const directory = temporaryDirectory()
  const listing = await makeDatabase(directory, 4)
  const expected = [...listing.matchAll(/^ (\d+):(\d+)\[/gm)].map(([, number, size]) => ({
    name: `${(number as string).padStart(6, '0')}.ldb`,
    sizeBytes: Number(size),
  }))
  const byName = expected.sort((a, b) => (a.name < b.name ? -1 : 1))
  const found = readManifest(directory)
  expect(byName.length).toBeGreaterThan(2)
  expect(found?.tables).toEqual(byName)
  for (const { name, sizeBytes } of found?.tables ?? []) {
    expect(statSync(join(directory, name)).size).toBe(sizeBytes)
  }
  const logs = readdirSync(directory).filter((name) => name.endsWith('.log'))
  expect(logs.map((name) => Number.parseInt(name, 10))).toEqual([found?.firstLogNumber])
})

test('without a readable manifest nothing is said', async () => {
  const directory = temporaryDirectory()
  expect(readManifest(directory)).toBeUndefined()
  await makeDatabase(directory, 1)
  const current = join(directory, 'CURRENT')
  const manifest = join(directory, readFileSync(current, 'latin1').trimEnd())

  writeFileSync(current, '../elsewhere\n')
  expect(readManifest(directory)).toBeUndefined()
  writeFileSync(current, 'MANIFEST-999999\n')
  expect(readManifest(directory)).toBeUndefined()
  writeFileSync(current, `${manifest.slice(directory.length + 1)}\n`)
  expect(readManifest(directory)).toBeDefined()
  truncateSync(manifest, 0)
  expect(readManifest(directory)?.tables).toEqual([])
  rmSync(current)
  expect(readManifest(directory)).toBeUndefined()
})

test('a manifest whose end is cut off says what its whole records say', async () => {
  const directory = temporaryDirectory()
  await makeDatabase(directory, 1)
  const manifest = join(directory, readFileSync(join(directory, 'CURRENT'), 'latin1').trimEnd())
  const bytes = readFileSync(manifest)
  for (let length = 0; length < bytes.length; length++) {
    writeFileSync(manifest, bytes.subarray(0, length))
    expect(readManifest(directory)?.tables.length).toBeLessThanOrEqual(400)
  }
})

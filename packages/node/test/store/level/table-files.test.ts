import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'
import { tableFault } from '../../../src/store/level/table-files.ts'
import { temporaryDirectory } from '../../support/store-places.ts'

/** A table with several blocks, written by LevelDB itself. */
async function makeTable(compression: boolean): Promise<Uint8Array> {
  const directory = temporaryDirectory()
  const database = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression,
  })
  await database.open()
  const batch = database.batch()
  for (let i = 0; i < 200; i++) batch.put(Uint8Array.of(1, i), new Uint8Array(50).fill(i))
  await batch.write()
  await database.compactRange(Uint8Array.of(0), Uint8Array.of(2))
  await database.close()
  const name = readdirSync(directory).find((file) => file.endsWith('.ldb'))
  if (name === undefined) throw new Error('LevelDB made no table')
  return Uint8Array.from(readFileSync(join(directory, name)))
}

test('a table that LevelDB wrote has no fault', async () => {
  expect(tableFault(await makeTable(false))).toBeUndefined()
})

test('a flipped bit is found wherever it is, but in the zeros of the footer', async () => {
  const table = await makeTable(false)
  expect(table.length).toBeGreaterThan(10_000)
  const unnoticed: number[] = []
  for (let at = 0; at < table.length; at++) {
    const copy = table.slice()
    copy[at] = (copy[at] as number) ^ (1 << (at % 8))
    if (tableFault(copy) === undefined) unnoticed.push(at)
  }
  const footer = table.length - 48
  expect(unnoticed.every((at) => at > footer && at < table.length - 8 && table[at] === 0)).toBe(true)
})

test('a table that is cut off anywhere has a fault, and so has an empty one', async () => {
  const table = await makeTable(false)
  for (let length = 0; length < table.length; length += 97) {
    expect(tableFault(table.subarray(0, length))).toBeDefined()
  }
})

test('says which bytes do not match their checksum', async () => {
  const table = await makeTable(false)
  table[3] = (table[3] as number) ^ 1
  expect(tableFault(table)).toMatch(/^is damaged: bytes 0 to \d+ do not match their checksum$/)
})

test('a compressed block is a fault, for none is ever written', async () => {
  expect(tableFault(await makeTable(true))).toContain('compressed')
})

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  describeHolder,
  holderPath,
  ledgerPath,
  makeDataDirectory,
  readHolder,
  removeHolder,
  writeHolder,
} from '../../../src/store/level/data-directory.ts'
import { levelStore, temporaryDirectory } from '../../support/store-places.ts'

const HOLDER = {
  pid: 4_711,
  startedAt: 1_767_225_600_000,
  control: '/run/pulse.sock',
  addresses: ['127.0.0.1:9000'],
}

describe('the data directory', () => {
  test('is made with all that leads to it, for its owner alone, whatever the umask', () => {
    const umask = process.umask(0)
    try {
      const directory = join(temporaryDirectory(), 'a', 'b')
      makeDataDirectory(directory)
      expect(statSync(directory).mode & 0o777).toBe(0o700)
      expect(statSync(ledgerPath(directory)).mode & 0o777).toBe(0o700)
    } finally {
      process.umask(umask)
    }
  })

  test('that exists keeps its mode', () => {
    const directory = join(temporaryDirectory(), 'shared')
    mkdirSync(directory, { mode: 0o750 })
    makeDataDirectory(directory)
    expect(statSync(directory).mode & 0o777).toBe(0o750)
  })

  test('that leads through a file is refused with its path', () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    for (const path of [file, join(file, 'below')]) {
      expect(() => makeDataDirectory(path)).toThrow(path)
      expect(() => makeDataDirectory(path)).toThrow(expect.objectContaining({ code: 'STORE_PERMISSION' }))
    }
  })

  test('with a file for the database, or a directory for the anchor, is refused', async () => {
    const first = temporaryDirectory()
    writeFileSync(ledgerPath(first), '')
    await expect(levelStore(first).open()).rejects.toMatchObject({ code: 'STORE_PERMISSION' })
    const second = temporaryDirectory()
    mkdirSync(join(second, 'HEAD'))
    await expect(levelStore(second).open()).rejects.toMatchObject({ code: 'STORE_PERMISSION' })
    // The lock was given back.
    await expect(levelStore(second).open()).rejects.toMatchObject({ code: 'STORE_PERMISSION' })
  })
})

describe('the holder', () => {
  test('comes back as it was written, over what was there before', () => {
    const directory = temporaryDirectory()
    writeHolder(directory, { pid: 1, startedAt: 2 })
    expect(readHolder(directory)).toEqual({ pid: 1, startedAt: 2 })
    writeHolder(directory, HOLDER)
    expect(readHolder(directory)).toEqual(HOLDER)
    expect(readdirSync(directory)).toEqual(['node.json'])
    expect(readFileSync(holderPath(directory), 'utf8')).toMatch(/^\{.*\}\n$/)
    expect(statSync(holderPath(directory)).mode & 0o777).toBe(0o600)
  })

  test('is unknown when there is no file, also after it was removed twice', () => {
    const directory = temporaryDirectory()
    expect(readHolder(directory)).toBeUndefined()
    writeHolder(directory, HOLDER)
    removeHolder(directory)
    removeHolder(directory)
    expect(readHolder(directory)).toBeUndefined()
  })

  test.each([
    ['nothing', ''],
    ['half an object', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"text"'],
    ['no time', '{"pid":1}'],
    ['a pid that is text', '{"pid":"1","startedAt":2}'],
    ['a negative pid', '{"pid":-1,"startedAt":2}'],
    ['a fraction of a pid', '{"pid":1.5,"startedAt":2}'],
    ['a time that no date has', '{"pid":1,"startedAt":9e15}'],
    ['far too much', `{"pid":1,"startedAt":2,"control":"${'x'.repeat(70_000)}"}`],
  ])('is unknown when the file says %s', (_, text) => {
    const directory = temporaryDirectory()
    writeFileSync(holderPath(directory), text)
    expect(readHolder(directory)).toBeUndefined()
  })

  test('without readable addresses is still known', () => {
    const directory = temporaryDirectory()
    writeFileSync(holderPath(directory), '{"pid":1,"startedAt":2,"control":3,"addresses":[4],"more":5}')
    expect(readHolder(directory)).toEqual({ pid: 1, startedAt: 2 })
  })

  test('is described with its process and since when, unless that process is gone', () => {
    const directory = temporaryDirectory()
    expect(describeHolder(directory)).toBe('a process that has not said which')
    writeHolder(directory, { ...HOLDER, pid: process.pid })
    expect(describeHolder(directory)).toBe(`process ${process.pid}, since 2026-01-01T00:00:00.000Z`)
    // Above the largest pid that Linux gives (2^22).
    writeHolder(directory, { ...HOLDER, pid: 2 ** 22 + 1 })
    expect(describeHolder(directory)).toBe('a process that has not said which')
  })
})

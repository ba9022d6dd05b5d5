import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemRandom } from '../../src/adapters/random.ts'
import { readKeyFile, readOrCreateKeyFile } from '../../src/keys/key-file.ts'
import type { Random } from '../../src/ports.ts'

let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pulseledger-key-'))
  path = join(directory, 'key')
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

const SEED = 'ab'.repeat(32)
const LINE = `pulseledger-ed25519-key-v1 ${SEED}\n`

function put(text: string | Uint8Array, mode = 0o600): void {
  writeFileSync(path, text, { mode })
}

test('a missing key file is undefined, and reading makes nothing', async () => {
  expect(await readKeyFile(path)).toBeUndefined()
  expect(readdirSync(directory)).toEqual([])
})

test('reads the documented form', async () => {
  put(LINE)
  expect(await readKeyFile(path)).toEqual(new Uint8Array(32).fill(0xab))
})

test('a new key is one line, mode 0600, whatever the umask, and is the same at the next start', async () => {
  const umask = process.umask(0)
  try {
    const seed = await readOrCreateKeyFile(path, systemRandom)
    expect(readFileSync(path, 'latin1')).toBe(
      `pulseledger-ed25519-key-v1 ${Buffer.from(seed).toString('hex')}\n`,
    )
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory)).toEqual(['key'])
    expect(await readOrCreateKeyFile(path, systemRandom)).toEqual(seed)
    expect(await readKeyFile(path)).toEqual(seed)
  } finally {
    process.umask(umask)
  }
})

test('of many that make a key at once, one wins and all use its key', async () => {
  const makers = Array.from({ length: 16 }, () => readOrCreateKeyFile(path, systemRandom))
  const seeds = new Set((await Promise.all(makers)).map((seed) => Buffer.from(seed).toString('hex')))
  expect(seeds.size).toBe(1)
  expect(readFileSync(path, 'latin1')).toContain([...seeds][0])
  expect(readdirSync(directory)).toEqual(['key'])
})

test('a crash in the middle of writing leaves no key; the next start makes one and sweeps', async () => {
  writeFileSync(`${path}.0011223344556677.unfinished`, LINE.slice(0, 40), { mode: 0o600 })
  expect(await readKeyFile(path)).toBeUndefined()
  await readOrCreateKeyFile(path, systemRandom)
  expect(readdirSync(directory)).toEqual(['key'])
})

test('sweeping leaves other files alone', async () => {
  const others = ['key.pub', 'keys.unfinished', 'other.unfinished']
  for (const name of others) writeFileSync(join(directory, name), '')
  await readOrCreateKeyFile(path, systemRandom)
  expect(readdirSync(directory).sort()).toEqual([...others, 'key'].sort())
})

describe('refuses, and leaves the file as it is,', () => {
  const malformed: [string, string | Uint8Array][] = [
    ['an empty file', ''],
    ['half a line', LINE.slice(0, 50)],
    ['a line without its newline', LINE.trimEnd()],
    ['upper-case digits', LINE.replaceAll('ab', 'AB')],
    ['a digit that is none', LINE.replace('ab', 'xy')],
    ['another version', LINE.replace('v1', 'v2')],
    ['a second line', `${LINE}${LINE}`],
    ['a Windows line end', LINE.replace('\n', '\r\n')],
    ['a byte order mark', `\ufeff${LINE}`],
    ['zeros of the right length', new Uint8Array(LINE.length)],
    ['far too many bytes', new Uint8Array(10_000)],
  ]
  test.each(malformed)('%s', async (_, text) => {
    put(text)
    const before = readFileSync(path)
    await expect(readOrCreateKeyFile(path, systemRandom)).rejects.toMatchObject({ code: 'KEY_INVALID' })
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(directory)).toEqual(['key'])
  })

  test.each([0o640, 0o604, 0o660, 0o644, 0o610, 0o601, 0o620, 0o777])('mode %o', async (mode) => {
    put(LINE)
    await chmod(path, mode)
    await expect(readOrCreateKeyFile(path, systemRandom)).rejects.toMatchObject({
      code: 'KEY_PERMISSIONS',
      message: expect.stringContaining(`0${mode.toString(8)}`),
    })
    expect(readFileSync(path, 'latin1')).toBe(LINE)
  })

  test('a directory of that name', async () => {
    await mkdir(path)
    await expect(readOrCreateKeyFile(path, systemRandom)).rejects.toMatchObject({ code: 'KEY_INVALID' })
  })

  test('a link that leads round in a circle', async () => {
    await symlink('key', path)
    await expect(readOrCreateKeyFile(path, systemRandom)).rejects.toMatchObject({ code: 'KEY_UNREADABLE' })
  })
})

test('follows a link to a private file, as secret stores mount them', async () => {
  writeFileSync(join(directory, 'mounted'), LINE, { mode: 0o600 })
  await symlink('mounted', path)
  expect(await readKeyFile(path)).toEqual(new Uint8Array(32).fill(0xab))
})

test('a directory that does not exist is reported with the path, not made', async () => {
  const nowhere = join(directory, 'missing', 'key')
  await expect(readOrCreateKeyFile(nowhere, systemRandom)).rejects.toMatchObject({
    code: 'KEY_UNREADABLE',
    message: expect.stringContaining(nowhere),
  })
  expect(readdirSync(directory)).toEqual([])
})

test('no message ever holds the seed', async () => {
  put(LINE.trimEnd())
  await expect(readKeyFile(path)).rejects.toThrow(expect.not.stringContaining(SEED))
  const fixed: Random = { bytes: (count) => new Uint8Array(count).fill(0xab) }
  await expect(readOrCreateKeyFile(join(directory, 'missing', 'key'), fixed)).rejects.toThrow(
    expect.not.stringContaining(SEED),
  )
})

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { anchorPath, readHolder } from '../../../src/store/level/data-directory.ts'
import { append, TestChain } from '../../support/chain.ts'
import { levelStore, temporaryDirectory } from '../../support/store-places.ts'
import { all } from '../observe.ts'

const PROGRAM = fileURLToPath(new URL('../../support/store-process.ts', import.meta.url))

/** `shell`: what is said to the shell before the program, such as a limit. */
function start(args: readonly string[], shell = ''): ChildProcessWithoutNullStreams {
  const command = [process.execPath, PROGRAM, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn('/bin/sh', ['-c', `${shell} exec ${command}`])
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk))
  return child
}

async function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return line
}

async function linesOf(child: ChildProcessWithoutNullStreams): Promise<string[]> {
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) lines.push(line)
  return lines
}

test('a second process is refused and told who holds the directory, until that one has gone', async () => {
  const directory = temporaryDirectory()
  const holder = start([directory, 'hold'])
  expect(await firstLine(holder)).toBe('open')

  const since = '2026-01-01T00:00:00.000Z'
  await expect(levelStore(directory).open()).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    message: `${directory} is in use by process ${holder.pid}, since ${since}`,
  })
  expect(readHolder(directory)?.pid).toBe(holder.pid)

  holder.stdin.write('go\n')
  await once(holder, 'exit')
  expect(readHolder(directory)).toBeUndefined()
  const store = levelStore(directory)
  await store.open()
  await store.close()
})

test('a killed process leaves no lock, and its description is overwritten', async () => {
  const directory = temporaryDirectory()
  const holder = start([directory, 'hold'])
  await firstLine(holder)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  expect(readHolder(directory)?.pid).toBe(holder.pid)

  const store = levelStore(directory)
  await store.open()
  expect(readHolder(directory)?.pid).toBe(process.pid)
  await store.close()
})

test('a process that is killed between commits loses nothing that it had confirmed', async () => {
  const directory = temporaryDirectory()
  const child = start([directory, 'commit', '1000'])
  let confirmed = 0
  for await (const line of createInterface(child.stdout)) {
    if (line !== 'open') confirmed = Number(line)
    if (confirmed === 12) child.kill('SIGKILL')
  }
  const store = levelStore(directory)
  await store.open()
  expect(store.head()?.height).toBeGreaterThanOrEqual(confirmed)
  expect(await all(store.faults())).toEqual([])
  await store.close()
})

test('a disk that takes no more is the end of writing, not of reading, and loses nothing', async () => {
  const directory = temporaryDirectory()
  // Files may have 512 blocks of 512 bytes: the write-ahead log reaches that after some blocks.
  const lines = await linesOf(start([directory, 'commit', '1000'], 'ulimit -f 512;'))
  const last = lines.at(-1) ?? ''
  const confirmed = Number(lines.at(-2))
  expect(confirmed).toBeGreaterThan(2)
  expect(last).toContain(`failed STORE_WRITE_FAILED same ${confirmed} `)
  expect(last).toContain('File too large')

  const store = levelStore(directory)
  await store.open()
  expect(store.head()?.height).toBe(confirmed)
  expect(await all(store.faults())).toEqual([])
  await store.close()
})

test('a full disk under the anchor fails the commit, which is nevertheless done', async () => {
  const directory = temporaryDirectory()
  mkdirSync(directory, { recursive: true })
  symlinkSync('/dev/full', anchorPath(directory))
  const { genesis, ...chain } = new TestChain()
  const store = levelStore(directory)
  await store.open()
  expect(store.anchor()).toBe('damaged')
  await expect(store.commit(append(genesis))).rejects.toMatchObject({ code: 'STORE_DISK_FULL' })
  expect(store.head()).toBeUndefined()
  await store.close()
  void chain
})

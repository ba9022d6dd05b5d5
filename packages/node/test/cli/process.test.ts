import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readHolder } from '../../src/store/level/data-directory.ts'
import { eventually } from '../support/eventually.ts'
import { Workplace } from './support/harness.ts'

const BIN = fileURLToPath(new URL('../../bin/pulseledger.js', import.meta.url))
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).href

let place: Workplace
let children: ChildProcess[]

beforeEach(() => {
  place = new Workplace()
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  place.remove()
})

interface Started {
  readonly child: ChildProcess
  readonly output: () => string
  /** `[code, signal]` */
  readonly ended: Promise<unknown[]>
}

async function start(): Promise<Started> {
  const child = spawn(process.execPath, [BIN, '-a', '0', '--json'], { cwd: place.directory, env: {} })
  children.push(child)
  let text = ''
  const add = (chunk: Buffer) => {
    text += chunk.toString()
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  const started: Started = { child, output: () => text, ended: once(child, 'close') }
  await eventually(() => text).toContain('"event":"block"')
  return started
}

async function shell(line: string): Promise<{ stdout: string; stderr: string }> {
  const command = `set -o pipefail; pulseledger() { "${process.execPath}" "${BIN}" "$@"; }; ${line}`
  return promisify(execFile)('bash', ['--norc', '-c', command], {
    cwd: place.directory,
    env: { PATH: process.env.PATH },
  })
}

/** More readings than any pipe holds: some 330 bytes of JSON each. */
async function grow(): Promise<void> {
  const port = Number(readHolder(place.path('pulseledger-data'))?.addresses?.[0]?.split(':')[1])
  const socket = connect(port, '127.0.0.1')
  let answers = ''
  socket.on('data', (chunk) => {
    answers += chunk.toString()
  })
  socket.write('72\n'.repeat(3_000))
  await eventually(() => answers.split('stored').length - 1).toBe(3_000)
  socket.destroy()
}

test('a reader that goes away ends `log` quietly, with a node and without', async () => {
  const { child, ended } = await start()
  await grow()
  const live = await shell('pulseledger log --json | head -1')
  expect(live.stderr).toBe('')
  expect(JSON.parse(live.stdout)).toMatchObject({ height: 0 })
  child.kill('SIGTERM')
  await ended
  const offline = await shell('pulseledger log --json | head -1')
  expect(offline).toEqual(live)
})

describe('a signal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends a node well', async (signal) => {
    const { child, ended } = await start()
    child.kill(signal)
    expect(await ended).toEqual([0, null])
    expect(readHolder(place.path('pulseledger-data'))).toBeUndefined()
  })

  test('that kills a node leaves a directory that everything works on', async () => {
    const { child, ended } = await start()
    child.kill('SIGKILL')
    expect(await ended).toEqual([null, 'SIGKILL'])
    expect(readHolder(place.path('pulseledger-data'))?.pid).toBe(child.pid)
    const { stdout } = await shell('pulseledger status && pulseledger log && pulseledger verify')
    expect(stdout).toContain('not running')
    expect(stdout).toContain('ok: ')
    await start()
  })

  test('that ends `log -f` leaves the node as it was', async () => {
    await start()
    const follower = spawn(process.execPath, [BIN, 'log', '-f'], { cwd: place.directory, env: {} })
    children.push(follower)
    let text = ''
    follower.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    await eventually(() => text).toContain('genesis')
    follower.kill('SIGINT')
    expect(await once(follower, 'close')).toEqual([null, 'SIGINT'])
    expect((await shell('pulseledger status')).stdout).toContain('node        process')
  })
})

test('a bug is told as one, with its stack and exit code 1', async () => {
  const program = `
    import { main } from '${MAIN}'
    setImmediate(() => { null.value })
    await main(['start', '-a', '0'])
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: place.directory,
    env: {},
  })
  children.push(child)
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  expect(await once(child, 'close')).toEqual([1, null])
  expect(stderr).toMatch(/^error: Cannot read properties of null .* This is a bug, please report it/)
  expect(stderr).toMatch(/\[INTERNAL\]\nTypeError: .*\n {4}at /)
})

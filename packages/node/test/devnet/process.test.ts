import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { isAlive } from './support/fake-devnet.ts'

const COMMAND = fileURLToPath(new URL('../../bin/pulseledger.js', import.meta.url))
const COMPILE_CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/compile', import.meta.url))
const NODE_COUNT = 3

/** `pulseledger devnet 3 --plain`, as the real process with real nodes. */
class RunningDevnet {
  text = ''
  complaints = ''
  exitCode: number | null | undefined
  readonly child: ChildProcessWithoutNullStreams

  constructor(directory: string, args: readonly string[] = []) {
    const { PATH = '', HOME = '' } = process.env
    this.child = spawn(process.execPath, [COMMAND, 'devnet', String(NODE_COUNT), '--plain', ...args], {
      cwd: directory,
      // Temporary directories of its own, so that one that is left behind is seen.
      env: { PATH, HOME, TMPDIR: directory, NODE_COMPILE_CACHE: COMPILE_CACHE },
    })
    this.child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      this.text += piece
    })
    this.child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      this.complaints += piece
    })
    this.child.stdin.on('error', () => undefined)
    this.child.on('close', (code) => {
      this.exitCode = code
    })
  }

  async says(wanted: RegExp): Promise<void> {
    await eventually(() => this.text + this.complaints).toMatch(wanted)
  }

  async ends(): Promise<void> {
    await expect.poll(() => this.exitCode !== undefined, { timeout: 100_000 }).toBe(true)
  }

  /** Of the nodes that were started last. */
  get pids(): number[] {
    const pids = new Map<string, number>()
    for (const [, node = '', pid] of this.text.matchAll(/^node (\d+) starting pid (\d+)$/gm)) {
      pids.set(node, Number(pid))
    }
    return [...pids.values()]
  }
}

let directory: string
let devnet: RunningDevnet | undefined

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pulseledger-devnet-test-'))
})

afterEach(async () => {
  devnet?.child.kill('SIGKILL')
  for (const pid of devnet?.pids ?? []) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  await devnet?.ends()
  devnet = undefined
  rmSync(directory, { recursive: true, force: true })
})

async function running(args?: readonly string[]): Promise<RunningDevnet> {
  devnet = new RunningDevnet(directory, args)
  await devnet.says(/^ready$/m)
  expect(devnet.pids.map(isAlive)).toEqual(Array(NODE_COUNT).fill(true))
  return devnet
}

describe('no process is left behind', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('by a devnet that gets %s, nor a directory', async (signal) => {
    const { child, pids, ...rest } = await running()
    const { text } = rest
    expect(text).not.toBe('')
    child.kill(signal)
    await devnet?.ends()
    expect(devnet?.exitCode).toBe(0)
    expect(pids.map(isAlive)).toEqual(Array(NODE_COUNT).fill(false))
    expect(readdirSync(directory)).toEqual([])
  })

  test('by a devnet that is killed', async () => {
    const { child } = await running()
    const pids = devnet?.pids ?? []
    child.kill('SIGKILL')
    await devnet?.ends()
    await eventually(() => pids.map(isAlive)).toEqual(Array(NODE_COUNT).fill(false))
  })

  test('by a devnet that is interrupted while its nodes start', async () => {
    devnet = new RunningDevnet(directory)
    await devnet.says(/^node 3 starting/m)
    devnet.child.kill('SIGINT')
    await devnet.ends()
    expect(devnet.exitCode).toBe(0)
    expect(devnet.pids.map(isAlive)).toEqual(Array(NODE_COUNT).fill(false))
  })

  test('by a devnet whose output nobody reads any more', async () => {
    const { child } = await running()
    const pids = devnet?.pids ?? []
    child.stdout.destroy()
    child.stdin.write('status\nstatus\n')
    await devnet?.ends()
    expect(pids.map(isAlive)).toEqual(Array(NODE_COUNT).fill(false))
  })
})

test('real nodes find each other, fork when the network is cut, and agree when it is healed', async () => {
  const { child } = await running()
  child.stdin.end(
    [
      ...['wait joined', 'type 1 70', 'wait synced', 'split 1 2,3'],
      ...['type 1 71', 'type 2 72', 'type 3 73', 'wait answered', 'heal', 'wait synced'],
      ...['kill 2', 'type 1 74', 'wait synced', 'wipe 2', 'wait up', 'wait synced', 'status', 'quit', ''],
    ].join('\n'),
  )
  await devnet?.ends()
  const text = devnet?.text ?? ''
  expect(text).not.toMatch(/^(?:error|unanswered|answer) /m)
  expect(text.match(/^stored /gm)).toHaveLength(5)
  expect(text).toMatch(/^node \d left /m)
  const heads = [...text.matchAll(/^status \d up (head \d+ [0-9a-f]{8}) /gm)].map(([, head]) => head)
  expect(heads).toHaveLength(NODE_COUNT)
  expect(new Set(heads).size).toBe(1)
  expect(devnet?.exitCode).toBe(0)
}, 120_000)

test('what was stored is kept where --data-dir says, and found again', async () => {
  const place = join(directory, 'kept')
  const first = await running(['--data-dir', place])
  first.child.stdin.end('type 2 72\nwait answered\n')
  await first.ends()
  expect(first.text).toMatch(/^stored 2 72 #1 /m)
  expect(existsSync(join(place, 'node-2', 'key'))).toBe(true)
  const second = await running(['--data-dir', place])
  expect(second.text).toMatch(/^node 2 up .* head 1 /m)
  second.child.stdin.end('nonsense\n')
  await second.ends()
  expect(second.exitCode).toBe(13)
  expect(second.complaints).toContain('DEVNET_FAILED')
})

test('a number of nodes that cannot be is refused', async () => {
  for (const count of ['1', '31', 'x']) {
    const child = spawn(process.execPath, [COMMAND, 'devnet', count, '--plain'], { cwd: directory })
    let complaints = ''
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      complaints += piece
    })
    await eventually(() => child.exitCode).toBe(2)
    await eventually(() => complaints).toContain('USAGE_INVALID')
  }
})

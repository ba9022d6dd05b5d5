import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { parseCommand } from '../../src/devnet/commands.ts'
import type { Devnet } from '../../src/devnet/devnet.ts'
import { runPlain } from '../../src/devnet/plain.ts'
import { eventually } from '../support/eventually.ts'
import { type FakeDevnet, fakeDevnet, isAlive } from './support/fake-devnet.ts'

let made: FakeDevnet | undefined

afterEach(async () => {
  await made?.remove()
  made = undefined
})

async function started(
  nodeCount: number,
): Promise<FakeDevnet & { run: (...words: string[]) => Promise<void> }> {
  made = fakeDevnet(nodeCount)
  const { devnet } = made
  await devnet.start()
  return { ...made, run: (...lines) => runAll(devnet, lines) }
}

async function runAll(devnet: Devnet, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const parsed = parseCommand(line, devnet.model.nodes.length)
    if (!parsed.ok || parsed.command === undefined) throw new Error(line)
    expect(await devnet.carryOut(parsed.command), line).toBe(undefined)
  }
}

function headOf(devnet: Devnet, node: number): number | undefined {
  return devnet.model.node(node).head?.height
}

describe('a devnet', () => {
  test('starts nodes that are joined, and what is typed into one is on all', async () => {
    const { devnet, lines, run } = await started(3)
    await run('wait joined', 'type 2 72', 'wait synced')
    expect(lines).toContain('typed 2 72')
    expect(lines.findLast((line) => line.startsWith('stored'))).toMatch(/^stored 2 72 #1 [0-9a-f]{8}$/)
    expect(lines.at(-1)).toMatch(/^synced 1 [0-9a-f]{8}$/)
    expect([1, 2, 3].map((node) => headOf(devnet, node))).toEqual([1, 1, 1])
  })

  test('forks when it is split, and agrees when it is healed', async () => {
    const { devnet, lines, run } = await started(4)
    await run('wait joined', 'split 1,2 3,4', 'type 1 71', 'wait answered', 'type 2 72', 'type 3 73')
    await run('wait answered')
    await eventually(() => [1, 2, 3, 4].map((node) => headOf(devnet, node))).toEqual([2, 2, 1, 1])
    expect(devnet.model.commonHead).toBe(undefined)
    expect(lines).toContain('network 1,2 | 3,4')
    await run('heal', 'wait synced')
    expect(lines).toContain('network whole')
    expect(lines.at(-1)).toMatch(/^synced 2 /)
    expect(lines.some((line) => /^node [34] left 1 /.test(line))).toBe(true)
    await run('wait joined')
  })

  test('isolates one node, in both directions', async () => {
    const { devnet, run } = await started(3)
    await run('wait joined', 'isolate 3', 'type 3 33', 'type 1 11', 'wait answered')
    await eventually(() => devnet.model.node(2).head?.hash).toBe(devnet.model.node(1).head?.hash)
    expect(devnet.model.node(3).head?.hash).not.toBe(devnet.model.node(1).head?.hash)
    await run('heal', 'wait synced')
  })

  test('mutes one direction: the other one is still heard', async () => {
    const { devnet, run } = await started(2)
    await run('wait joined', 'mute 1 2', 'type 1 11', 'wait answered', 'type 1 12', 'wait answered')
    expect(headOf(devnet, 2)).toBe(0)
    await run('type 2 22', 'type 2 23', 'type 2 24', 'wait answered')
    await eventually(() => headOf(devnet, 1)).toBe(3)
    expect(devnet.model.partition.toString()).toBe('1 | 2')
  })

  test('kills and restarts a node, which still has what it stored and gets the rest', async () => {
    const { devnet, lines, run } = await started(3)
    await run('wait joined', 'type 3 70', 'wait synced')
    const pid = devnet.cluster.pidOf(3) as number
    await run('kill 3')
    expect(lines.at(-1)).toBe('node 3 killed')
    expect(isAlive(pid)).toBe(false)
    expect(devnet.cluster.pidOf(3)).toBe(undefined)
    expect(await devnet.carryOut({ kind: 'type', node: 3, text: '1' })).toBe('node 3 does not run')
    expect(await devnet.carryOut({ kind: 'kill', node: 3 })).toBe('node 3 does not run')
    await run('type 1 71', 'wait synced')
    await run('restart 3', 'wait up')
    expect(lines.some((line) => /^node 3 up .* head 1 /.test(line))).toBe(true)
    await run('wait synced', 'wait joined')
    expect(headOf(devnet, 3)).toBe(2)
  })

  test('wipes a node, which starts with nothing and gets all of it', async () => {
    const { devnet, lines, run } = await started(2)
    await run('wait joined', 'type 2 70', 'wait synced', 'isolate 2', 'wipe 2', 'wait up')
    expect(headOf(devnet, 2)).toBe(0)
    expect(lines).toContain('node 2 wiped')
    expect(existsSync(join(devnet.cluster.directoryOf(2), 'chain.json'))).toBe(false)
    await run('heal', 'wait synced')
    expect(headOf(devnet, 2)).toBe(1)
  })

  test('stops a node in good order', async () => {
    const { lines, run } = await started(2)
    await run('stop 1')
    expect(lines.at(-1)).toBe('node 1 stopped')
  })

  test('tells when a node ends by itself, and what became of its typed lines', async () => {
    const { devnet, lines, run } = await started(2)
    await run('type 1 silent', 'type 1 abc')
    await eventually(() => lines).toContain('answer 1 abc: "abc" is not a number')
    await run('type 1 crash', 'wait answered')
    await eventually(() => lines).toContain('node 1 ended with code 7')
    expect(lines).toContain('unanswered 1 crash')
    expect(lines).toContain('unanswered 1 silent')
    expect(devnet.model.node(1).state).toEqual({ kind: 'down', how: 'ended with code 7' })
  })

  test('waits no longer than it is told to, and says how the nodes are', async () => {
    const { devnet, run } = await started(2)
    await run('wait joined', 'isolate 1', 'type 1 11', 'wait answered')
    const problem = await devnet.carryOut({ kind: 'wait', what: 'synced', seconds: 1 })
    expect(problem).toMatch(/^not synced after 1 s: node 1 up head 1 [0-9a-f]{8}, node 2 up head 0 00000000$/)
  })

  test('is not synced while a node says that something is pending, though all heads are equal', async () => {
    let pendingCount = 1
    let askedCount = 0
    made = fakeDevnet(2, {
      askStatus: async () => {
        askedCount += 1
        return { head: undefined, pendingCount, peerCount: 1, catchingUp: undefined }
      },
    })
    const { devnet, lines } = made
    await devnet.start()
    const waiting = devnet.carryOut({ kind: 'wait', what: 'synced', seconds: 60 })
    await eventually(() => askedCount).toBeGreaterThan(4)
    expect(lines.some((line) => line.startsWith('synced'))).toBe(false)
    pendingCount = 0
    expect(await waiting).toBe(undefined)
    expect(lines.at(-1)).toBe('synced 0 00000000')
  })

  test('fails to start when a node does, says why, and can be stopped', async () => {
    made = fakeDevnet(3, { modeOf: (node) => (node === 2 ? 'fail' : '') })
    const { devnet } = made
    await expect(devnet.start()).rejects.toMatchObject({
      code: 'DEVNET_FAILED',
      message: 'node 2 ended with code 3: error: told to fail',
    })
    const pids = [1, 3].map((node) => devnet.cluster.pidOf(node) as number)
    await devnet.stop()
    expect(pids.map(isAlive)).toEqual([false, false])
  })

  test('stops while it starts, and twice', async () => {
    made = fakeDevnet(3)
    const { devnet } = made
    const starting = devnet.start()
    await eventually(() => devnet.cluster.pidOf(3)).toBeGreaterThan(0)
    const pids = [1, 2, 3].map((node) => devnet.cluster.pidOf(node) as number)
    await devnet.stop()
    await devnet.stop()
    await starting.catch(() => undefined)
    expect(pids.map(isAlive)).toEqual([false, false, false])
  })

  test('kills nodes that do not want to stop', async () => {
    made = fakeDevnet(2, { modeOf: () => 'stubborn' })
    const { devnet } = made
    await devnet.start()
    const pids = [1, 2].map((node) => devnet.cluster.pidOf(node) as number)
    const stopped = devnet.stop()
    await devnet.cluster.killAll()
    await stopped
    expect(pids.map(isAlive)).toEqual([false, false])
  })
})

describe('in plain lines', () => {
  test('reads commands one after the other and counts those that fail', async () => {
    made = fakeDevnet(2)
    const { devnet } = made
    const input = new PassThrough()
    const written: string[] = []
    const done = runPlain({
      devnet,
      input,
      write: (line) => written.push(line),
      interrupted: new Promise(() => undefined),
    })
    input.write(
      '# a comment\n\nwait joined\ntype 1 72\nwait synced\nnonsense\nkill 2\nkill 2\nquit\ntype 1 9\n',
    )
    expect(await done).toBe(2)
    expect(written).toContain('ready')
    expect(written.filter((line) => line.startsWith('error'))).toEqual([
      "error 'nonsense' is not a command: type help",
      'error node 2 does not run',
    ])
    expect(written).not.toContain('typed 1 9')
    expect(written.at(-1)).toBe('node 1 stopped')
  })

  test('ends with its input, and when it is interrupted while it waits', async () => {
    for (const isInterrupted of [false, true]) {
      const { devnet, remove } = fakeDevnet(2)
      const input = new PassThrough()
      const interrupt = Promise.withResolvers<void>()
      const written: string[] = []
      const write = (line: string) => written.push(line)
      const done = runPlain({ devnet, input, write, interrupted: interrupt.promise })
      try {
        if (isInterrupted) {
          input.write('isolate 1\ntype 1 1\nwait answered\nwait synced\n')
          await eventually(() => written).toContain('answered')
          interrupt.resolve()
        } else {
          input.end('type 1 72\n')
        }
        expect(await done).toBe(0)
        expect(devnet.cluster.pidOf(1)).toBe(undefined)
        expect(devnet.cluster.pidOf(2)).toBe(undefined)
      } finally {
        await remove()
      }
    }
  })
})

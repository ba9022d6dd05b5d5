import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { openAccess } from '../../src/cli/open-access.ts'
import { loadCrypto } from '../../src/crypto/index.ts'
import { readHolder, writeHolder } from '../../src/store/level/data-directory.ts'
import { LevelStore } from '../../src/store/level/level-store.ts'
import { eventually } from '../support/eventually.ts'
import { type Ran, type RunningCommand, Workplace } from './support/harness.ts'

let place: Workplace
let node: RunningCommand | undefined

beforeEach(() => {
  place = new Workplace()
})
afterEach(async () => {
  await stop()
  place.remove()
})

/** Starts a node in this process, on a port that the system chooses. */
async function start(...words: string[]): Promise<RunningCommand> {
  const running = place.begin(['start', '-a', '0', '--json', ...words])
  node = running
  await Promise.race([eventually(() => running.stdout.text).toContain('"event":"block"'), running.done])
  return running
}

async function stop(): Promise<Ran | undefined> {
  const stopping = node
  node = undefined
  stopping?.interrupt()
  return stopping?.done
}

/** Types readings into the node's terminal; resolves when the last one is stored. */
async function type(...values: number[]): Promise<void> {
  const address = readHolder(place.path('pulseledger-data'))?.addresses?.[0] ?? ''
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString()
  })
  socket.write(values.map((value) => `${value}\n`).join(''))
  await eventually(() => text.split('stored in block').length - 1).toBe(values.length)
  socket.destroy()
}

async function well(...words: string[]): Promise<string> {
  const ran = await place.run(words)
  expect(ran).toMatchObject({ exit: 0, stderr: '' })
  return ran.stdout
}

const LOOKING = [
  ['log'],
  ['log', '--json'],
  ['log', '-n', '1'],
  ['log', '-n', '2', '--from', '1'],
  ['log', '--from', '1', '--to', '2', '--readings'],
  ['log', '--readings', '--json'],
  ['show', '0'],
  ['show', '2'],
  ['show', '2', '--json'],
  ['show', 'genesis'],
  ['verify'],
  ['verify', '--json'],
  ['keys'],
]

describe('a running node', () => {
  test('is looked at in the same words as its directory once it has stopped', async () => {
    await start()
    for (const value of [72, 80, 65]) await type(value)
    const live: string[] = []
    for (const words of LOOKING) live.push(await well(...words))
    expect(live[0]?.split('\n')).toHaveLength(5)
    expect((await stop())?.exit).toBe(0)
    for (const [index, words] of LOOKING.entries())
      expect(await well(...words), words.join(' ')).toBe(live[index])
  })

  test('is named by status with its process and addresses', async () => {
    await start()
    await type(72)
    const status = JSON.parse(await well('status', '--json'))
    expect(status).toMatchObject({ head: { height: 1, size: 1 }, pendingCount: 0 })
    expect(status.node).toMatchObject({
      pid: process.pid,
      addresses: [expect.stringMatching(/^127\.0\.0\.1:\d+$/)],
    })
    expect(await well('status')).toMatch(/\nnode {8}process \d+ since .*Z\nterminals {3}127\.0\.0\.1:\d+\n/)
  })

  test('is followed until it stops', async () => {
    await start()
    await type(60)
    const follower = place.begin(['log', '-f', '--json'])
    await eventually(() => follower.stdout.text).toContain('"value":60')
    await type(61, 62)
    await eventually(() => follower.stdout.text).toContain('"value":62')
    await stop()
    const { exit, stdout, stderr } = await follower.done
    expect(exit).toBe(12)
    expect(stderr).toContain('the node has stopped')
    const heights = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).height)
    expect(heights).toEqual(heights.map((_, index) => index))
  })

  test('is followed from where it was asked', async () => {
    await start()
    for (const value of [60, 61, 62]) await type(value)
    const one = place.begin(['log', '-f', '-n', '1'])
    const two = place.begin(['log', '-f', '--from', '2'])
    await eventually(() => one.stdout.text).toContain('62 BPM')
    await eventually(() => two.stdout.text).toContain('62 BPM')
    expect(one.stdout.text).not.toContain('61 BPM')
    expect(two.stdout.text).toContain('61 BPM')
    expect(two.stdout.text).not.toContain('60 BPM')
    await stop()
    await Promise.all([one.done, two.done])
  })

  test('is not started twice on a directory that was named, and the first goes on', async () => {
    await start()
    const second = await place.run(['start', '-a', '0', '-d', 'pulseledger-data'])
    expect(second).toMatchObject({ exit: 4, stdout: '' })
    expect(second.stderr).toContain(`in use by process ${process.pid}`)
    await type(72)
  })

  test('leaves the next directory to a second copy', async () => {
    await start()
    const second = place.begin(['start', '-a', '0', '--json'])
    await eventually(() => second.stdout.text).toContain('"event":"block"')
    expect(readHolder(place.path('pulseledger-data-2'))).toMatchObject({ pid: process.pid })
    second.interrupt()
    expect((await second.done).exit).toBe(0)
    const started = JSON.parse(second.stdout.text.split('\n')[0] as string)
    expect(started.ledger.id).not.toBe(JSON.parse(await well('status', '--json')).ledger.id)
    // A second time it is the same ledger.
    const again = place.begin(['start', '-a', '0', '--json'])
    await eventually(() => again.stdout.text).toContain('"event":"block"')
    again.interrupt()
    await again.done
    expect(JSON.parse(again.stdout.text.split('\n')[0] as string).ledger).toEqual(started.ledger)
  })

  test('refuses init on its directory', async () => {
    await start()
    expect((await place.run(['init'])).exit).toBe(4)
    await type(72)
  })

  test('on a port that is taken is not started, and says which', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const { exit, stderr } = await place.run(['start', '-a', `${port}`])
    expect(exit).toBe(3)
    expect(stderr).toContain(String(port))
    server.close()
  })

  test('with the genesis document of another ledger is not started', async () => {
    await start()
    await stop()
    const document = JSON.parse(await well('show', 'genesis'))
    writeFileSync(place.path('same.json'), JSON.stringify(document))
    writeFileSync(place.path('other.json'), JSON.stringify({ ...document, name: 'other' }))
    const { exit, stderr } = await place.run(['start', '-a', '0', '-g', 'other.json'])
    expect(exit).toBe(10)
    expect(stderr).toContain('[LEDGER_MISMATCH]')
    await start('-g', 'same.json')
  })
})

describe('an interrupt', () => {
  test('stops the node, which says nothing more and ends with 0', async () => {
    await start()
    await type(72)
    const ran = await stop()
    expect(ran).toMatchObject({ exit: 0, stderr: '' })
    expect(ran?.stdout).toContain('"value":72')
    expect(readHolder(place.path('pulseledger-data'))).toBeUndefined()
  })

  test('during the start stops it as soon as it has started', async () => {
    const running = place.begin(['start', '-a', '0', '--json'])
    running.interrupt()
    expect(await running.done).toMatchObject({ exit: 0, stderr: '' })
    expect(await well('status')).toContain('not running')
  })

  test('that comes a second time ends the process at once', async () => {
    const running = await start()
    running.interrupt()
    running.interrupt()
    expect(running.exits).toEqual([130])
    await stop()
  })
})

test('print-config shows what a start would use, and starts nothing', async () => {
  writeFileSync(place.path('.env'), 'ADDR=9000')
  const text = await well('start', '--print-config', '-l', 'info')
  expect(text).toMatch(/^addr +9000 +\.env line 1\n/)
  expect(text).toMatch(/\nlogLevel +info +flag --log-level\n/)
  expect(JSON.parse(await well('--print-config', '--json')).addr).toMatchObject({
    value: '9000',
    from: '.env',
  })
  expect(place.listing().map((line) => line.split(' ')[0])).toEqual(['.env'])
})

describe('a directory that is held by a process', () => {
  let store: LevelStore

  beforeEach(async () => {
    await well('init')
    const directory = place.path('pulseledger-data')
    const holder = { pid: 4_711, startedAt: 1 }
    store = new LevelStore({ directory, crypto: await loadCrypto(), holder })
    await store.open()
  })
  afterEach(async () => {
    await store.close()
  })

  test('without a control socket is reported as in use', async () => {
    expect(await place.run(['log'])).toMatchObject({ exit: 4, stdout: '' })
  })

  test('whose control socket nobody serves is named', async () => {
    const control = place.path('control.sock')
    writeHolder(place.path('pulseledger-data'), { pid: 4_711, startedAt: 1, control })
    for (const command of ['log', 'status', 'verify', 'log -f']) {
      const { exit, stderr } = await place.run(command.split(' '))
      expect(exit).toBe(4)
      expect(stderr).toContain('process 4711 holds')
      expect(stderr).toContain('[CONTROL_UNANSWERED]')
    }
  })

  test('that accepts but does not answer is named, after a while', async () => {
    const control = place.path('control.sock')
    const mute = createServer(() => {})
    mute.listen(control)
    await once(mute, 'listening')
    const directory = place.path('pulseledger-data')
    writeHolder(directory, { pid: 4_711, startedAt: 1, control })
    let fire = () => {}
    const clock = {
      ...systemClock,
      after: (_: number, task: () => void) => {
        fire = task
        return () => {}
      },
    }
    const opened = openAccess({ directory, crypto: await loadCrypto(), clock })
    fire()
    await expect(opened).rejects.toMatchObject({
      code: 'CONTROL_UNANSWERED',
      message: expect.stringContaining('process 4711 holds'),
    })
    mute.close()
  })
})

test('what a killed node left behind is no node', async () => {
  await well('init')
  const control = place.path('pulseledger-data', 'control.sock')
  writeHolder(place.path('pulseledger-data'), { pid: 4_711, startedAt: 1, control })
  writeFileSync(control, '')
  expect(await well('status')).toContain('not running')
})

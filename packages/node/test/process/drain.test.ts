/** How a node ends when it is told to: with everything answered, nothing cut in half, and code 0. */
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DATA, holderOf, readingsOf } from './support/chain-of.ts'
import { Chance } from './support/chance.ts'
import { Confirmed } from './support/confirmed.ts'
import { Load } from './support/load.ts'
import { serialLedger } from './support/serials.ts'
import { asserts, until } from './support/transcript.ts'
import { useWorld } from './support/world.ts'

const world = useWorld()

/** Less than the 10 s after which a client that does not read is dropped anyway. */
const DRAIN_MS = asserts.figures ? 5_000 : 8_000
const WELL = { code: 0, signal: null }

test.each(['SIGTERM', 'SIGINT'] as const)(
  'under load, %s ends the node with code 0: nothing confirmed is lost, and no client gets half a line',
  async (signal) => {
    const directory = world.directory()
    const args = serialLedger(directory)
    const { node, port } = await world.start({ directory, args })
    const confirmed = new Confirmed()
    let value = 0
    const load = new Load({
      port,
      clientCount: 20,
      chance: new Chance(1),
      nextValue: () => value++,
      onTyped: (typed) => confirmed.typed(typed),
      onConfirmation: (confirmation) => confirmed.add(confirmation),
    })
    world.later(() => load.stop())
    await load.start()
    await until('200 confirmations', () => (confirmed.count >= 200 ? true : undefined))

    node.signal(signal)
    expect(await node.ended(`the end after ${signal}`, DRAIN_MS), node.stderr.text).toEqual(WELL)
    for (const text of await load.ended()) {
      expect(text).toMatch(/The node is stopping: what was confirmed is stored\. Goodbye\.\n$/)
    }
    expect(node.stdout.text.endsWith('\n')).toBe(true)
    expect(node.events.at(-1)?.event).toBe('block')

    await world.start({ directory, args })
    confirmed.check(await readingsOf(directory))
  },
)

const STAGES = {
  'its data directory is made': (directory: string) => existsSync(join(directory, DATA)),
  'the database is locked': (directory: string) => existsSync(join(directory, DATA, 'ledger', 'LOCK')),
  'the key is made': (directory: string) => existsSync(join(directory, DATA, 'key')),
  'node.json is written': (directory: string) => holderOf(directory) !== undefined,
  'the control socket is there': (directory: string) => existsSync(join(directory, DATA, 'control.sock')),
}

test.each(Object.entries(STAGES))(
  'SIGTERM as soon as %s ends the start with code 0, and the next start serves',
  async (stage, isReached) => {
    const directory = world.directory()
    const node = world.launch({ directory, args: ['start', '--addr', '0'] })
    await until(stage, () => (isReached(directory) ? true : undefined))
    node.signal('SIGTERM')
    expect(await node.ended('the end of a start', DRAIN_MS), node.stderr.text).toEqual(WELL)
    expect(node.stderr.text).toBe('')
    expect(holderOf(directory)).toBeUndefined()

    const { port } = await world.start({ directory })
    const client = await world.connect(port)
    await client.readUntilPrompt()
    expect(await client.ask('72')).toContain('#1 72 BPM stored')
  },
)

test('SIGTERM before the program is read ends it, and the next start serves', async () => {
  const directory = world.directory()
  const node = world.launch({ directory, args: ['start', '--addr', '0'] })
  node.signal('SIGTERM')
  expect(await node.ended()).toEqual({ code: null, signal: 'SIGTERM' })
  await world.start({ directory })
})

test('a client that reads nothing does not keep a node from ending', async () => {
  const directory = world.directory()
  const { node, port } = await world.start({ directory })
  await stubborn(port)
  node.signal('SIGTERM')
  expect(await node.ended('the end of the node', DRAIN_MS)).toEqual(WELL)
})

test('a second SIGINT ends at once a node that waits for such a client, and nothing is lost', async () => {
  const directory = world.directory()
  const { node, port } = await world.start({ directory })
  await stubborn(port)
  // Two that come together count as one, so an impatient hand on ^C.
  const hand = setInterval(() => node.signal('SIGINT'), 10)
  world.later(() => clearInterval(hand))
  expect((await node.ended()).code).toBe(130)
  await world.start({ directory })
  expect(await readingsOf(directory)).toHaveLength(1)
})

test('with its stdout closed a node goes on, and ends with code 0', async () => {
  const directory = world.directory()
  const { node, port } = await world.start({ directory })
  node.closeStdout()
  const client = await world.connect(port)
  await client.readUntilPrompt()
  for (const height of [1, 2, 3]) expect(await client.ask('72')).toContain(`#${height} 72 BPM stored`)
  node.signal('SIGTERM')
  expect(await node.ended()).toEqual(WELL)
})

const CHUNK = 'help\n'.repeat(13_000)
const CHUNKS = 400

/**
 * A client that types a reading and asks for more than the system's buffers hold, reads none of it, and
 * does not close its side when the node closes the other. Resolves when the node has stopped reading from
 * it.
 */
async function stubborn(port: number): Promise<void> {
  const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  world.later(() => socket.destroy())
  socket.on('error', () => undefined)
  socket.pause()
  socket.write('72\n')
  let takenCount = 0
  for (let count = 0; count < CHUNKS; count += 1) {
    socket.write(CHUNK, () => {
      takenCount += 1
    })
  }
  // Whatever the node would read of it, it would read between two answers to somebody else.
  const witness = await world.connect(port, 'the witness')
  await witness.readUntilPrompt()
  for (let before = -1; takenCount > before; ) {
    before = takenCount
    for (let count = 0; count < 50; count += 1) await witness.ask('help')
  }
  expect(takenCount).toBeLessThan(CHUNKS)
  witness.destroy()
}

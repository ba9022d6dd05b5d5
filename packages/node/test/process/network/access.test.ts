/** Who may be a peer, who may make blocks, and what a start says when a port is taken. */
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { EXIT } from '@pulseledger/core'
import { expect, test, vi } from 'vitest'
import type { NodeEvent, NodeProcess } from '../support/node-process.ts'
import { useWorld } from '../support/world.ts'
import { peersOf, readingsOf, statusOf } from './support/ask.ts'
import { holds, TEST_MS } from './support/patience.ts'

const world = useWorld()
vi.setConfig({ testTimeout: TEST_MS })

const DATA = 'pulseledger-data'
const LISTEN = ['--listen', '127.0.0.1:0', '--no-mdns']

interface Running {
  readonly node: NodeProcess
  readonly port: number
  readonly directory: string
  readonly data: string
  readonly started: NodeEvent
  /** As `--peer` takes it. */
  readonly address: string
}

async function running(
  args: readonly string[] = [],
  { directory = world.directory(), listen = LISTEN } = {},
): Promise<Running> {
  const { node, port } = await world.start({ directory, args: [...listen, ...args] })
  const started = await node.waitForEvent('the banner', ({ event }) => event === 'started')
  const [address] = started.nodeAddresses as string[]
  return { node, port, directory, data: join(directory, DATA), started, address: address as string }
}

async function type(port: number, bpm: number): Promise<string> {
  const client = await world.connect(port)
  await client.readUntilPrompt()
  return client.ask(String(bpm))
}

function genesisFile(document: object): string {
  const path = join(world.directory(), 'genesis.json')
  writeFileSync(path, JSON.stringify(document))
  return path
}

const SALT = '00'.repeat(16)

test('readings of a node that is not a listed producer are put into blocks by the listed one', async () => {
  // The key of the one that will be listed is made by a start of its own.
  const listed = world.directory()
  const first = await running(['--data-dir', 'first'], { directory: listed })
  const key = first.started.publicKey as string
  first.node.signal('SIGTERM')
  await first.node.ended()
  const genesis = genesisFile({ name: 'ward', time: Date.now(), salt: SALT, producers: [key] })
  const keyFile = join(listed, 'first', 'key')
  expect(existsSync(keyFile)).toBe(true)
  const data = join(listed, DATA)
  mkdirSync(data, { mode: 0o700 })
  cpSync(keyFile, join(data, 'key'))

  const producer = await running(['--genesis', genesis], { directory: listed })
  expect(producer.started.publicKey).toBe(key)
  const other = await running(['--peer', producer.address])
  expect((await statusOf(other.data)).network?.mayProduce).toBe(false)
  expect((await statusOf(producer.data)).network?.mayProduce).toBe(true)
  expect(await type(other.port, 72)).toMatch(/^#1 72 BPM stored in block /)
  const [reading] = await readingsOf(producer.data)
  expect(reading).toMatchObject({ value: 72, producer: key, author: other.started.publicKey })

  // Without it nothing is lost: the reading waits, and the person is told why.
  producer.node.signal('SIGKILL')
  await producer.node.ended()
  const client = await world.connect(other.port)
  await client.readUntilPrompt()
  client.type('80')
  await client.waitFor('no node that may make blocks is connected: your reading waits')
  await running(['--listen', producer.address], { directory: listed, listen: ['--no-mdns'] })
  await client.waitFor(/^#2 80 BPM stored in block/m)
})

test('a node without the key of the group gets nothing, and one that has it gets in', async () => {
  const swarmKey = (hex: string) => {
    const path = join(world.directory(), 'swarm.key')
    writeFileSync(path, `/key/swarm/psk/1.0.0/\n/base16/\n${hex}\n`)
    return ['--swarm-key', path]
  }
  const hex = randomBytes(32).toString('hex')
  const member = await running(swarmKey(hex))
  await type(member.port, 72)
  for (const args of [[], swarmKey(randomBytes(32).toString('hex'))]) {
    const directory = world.directory()
    const stranger = world.launch({
      directory,
      args: ['start', '--addr', '0', ...LISTEN, '--peer', member.address, ...args],
    })
    expect((await stranger.ended()).code).toBe(EXIT.notFound)
    expect(stranger.stderr.text).toMatch(/^error: [^\n]*\[PEER_UNREACHABLE\]\n$/)
    expect(stranger.stderr.text).toContain(member.address)
    expect(stranger.stderr.text).toContain('--swarm-key')
  }
  const friend = await running([...swarmKey(hex), '--peer', member.address])
  await friend.node.waitForBlock(1)
  expect(await type(friend.port, 80)).toMatch(/^#2 80 BPM stored/)
  await member.node.waitForBlock(2)
  expect(await peersOf(member.data)).toHaveLength(1)
})

test('nodes of two ledgers refuse each other, and both say so with both ids', async () => {
  const ward = await running()
  const clinic = await running(['--genesis', genesisFile({ name: 'clinic' })])
  clinic.node.signal('SIGTERM')
  await clinic.node.ended()
  // It has a ledger, and is told to connect to a node of another one.
  const again = await running(['--peer', ward.address], { directory: clinic.directory })
  const idOf = ({ started }: Running) => (started.ledger as { id: string }).id
  for (const [node, ours, theirs] of [
    [ward.node, idOf(ward), idOf(again)],
    [again.node, idOf(again), idOf(ward)],
  ] as const) {
    const met = await node.waitForEvent('a foreign node', ({ event }) => event === 'foreign-met')
    expect(met).toMatchObject({ ours, theirs })
  }
  expect([await peersOf(ward.data), await peersOf(again.data)]).toEqual([[], []])
  // Each goes on by itself.
  expect(await type(ward.port, 72)).toMatch(/^#1 72 BPM stored/m)
  expect(await type(again.port, 80)).toMatch(/^#1 80 BPM stored/m)

  // An invite into a directory that holds another ledger is an error with both ids.
  const wrong = await world.run(world.directory(), [
    ...['join', ward.started.invite as string, '--data-dir', again.data, '--addr', '0'],
    ...LISTEN,
  ])
  expect(wrong.code).toBe(EXIT.locked)
  again.node.signal('SIGTERM')
  await again.node.ended()
  const refused = await world.run(world.directory(), [
    ...['join', ward.started.invite as string, '--data-dir', again.data, '--addr', '0'],
    ...LISTEN,
  ])
  expect(refused.code).toBe(EXIT.mismatch)
  expect(refused.stderr).toContain(idOf(ward))
  expect(refused.stderr).toContain(idOf(again))
  expect(refused.stderr).toMatch(/\[LEDGER_MISMATCH\]\n$/)
})

test('a second copy in the same directory just starts, on the next free ports', async () => {
  const directory = world.directory()
  // The network that is there when nobody configures any: an empty variable is one that is not set.
  const mine = ['--no-mdns']
  const env = { PULSELEDGER_LISTEN: '' }
  const first = world.launch({ directory, args: ['start', ...mine], env })
  await first.ready()
  const one = await first.waitForEvent('the banner', ({ event }) => event === 'started')
  const second = world.launch({ directory, args: ['join', one.invite as string, ...mine], env })
  await second.ready()
  const two = await second.waitForEvent('the banner', ({ event }) => event === 'started')
  expect(two.ledger).toEqual(one.ledger)
  expect(two.addresses).not.toEqual(one.addresses)
  expect(two.nodeAddresses).not.toEqual(one.nodeAddresses)
  const moved = await second.waitForEvent('a note', ({ event }) => event === 'directory-moved')
  expect(moved).toMatchObject({
    from: expect.stringContaining(DATA),
    to: expect.stringContaining(`${DATA}-2`),
  })
  await second.waitForEvent('a note of the port for nodes', (event) => {
    return event.event === 'port-moved' && event.service === 'nodes'
  })
  const [port = 0] = await second.ready()
  await type(port, 72)
  await first.waitForBlock(1)
  await holds('them to be peers', async () => (await peersOf(join(directory, DATA))).length === 1)
})

test('a port for nodes that was named and is taken is an error; the ledger stays whole', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  world.later(() => new Promise((resolve) => taken.close(resolve)))
  const address = taken.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const directory = world.directory()
  const args = ['start', '--addr', '0', '--no-mdns', '--listen', `127.0.0.1:${port}`]
  const refused = await world.run(directory, args)
  expect(refused.code).toBe(EXIT.portTaken)
  expect(refused.stdout).toBe('')
  expect(refused.stderr).toMatch(/^error: [^\n]*\[NETWORK_PORT_TAKEN\]\n$/)
  expect(refused.stderr).toContain(String(port))
  const { port: terminal } = await running([], { directory })
  expect(await type(terminal, 72)).toMatch(/^#1 72 BPM stored/)
})

/** Whatever a node had, and whatever of it is left, its invite is enough. */
test.each([
  { what: 'nothing', keepsKey: false },
  { what: 'its key', keepsKey: true },
])('a node that lost all, and keeps $what, joins again by the invite', async ({ keepsKey }) => {
  const first = await running()
  const invite = first.started.invite as string
  const directory = world.directory()
  const rejoin = async () => {
    const node = world.launch({ directory, args: ['join', invite, '--addr', '0', ...LISTEN] })
    const started = await node.waitForEvent('the banner', ({ event }) => event === 'started')
    const [port = 0] = await node.ready()
    return { node, started, port }
  }
  const before = await rejoin()
  for (const bpm of [70, 71, 72]) expect(await type(before.port, bpm)).toContain(`${bpm} BPM stored`)
  await holds('all to be at the first', async () => (await readingsOf(first.data)).length === 3)
  await before.node.kill()
  const data = join(directory, DATA)
  for (const name of readdirSync(data)) {
    if (!keepsKey || name !== 'key') rmSync(join(data, name), { recursive: true })
  }

  const after = await rejoin()
  expect(after.started.publicKey === before.started.publicKey).toBe(keepsKey)
  // At once, before it can have all that it signed.
  expect(await type(after.port, 73)).toContain('73 BPM stored')
  await holds('all to be at the first', async () => (await readingsOf(first.data)).length === 4)
  const readings = await readingsOf(first.data)
  expect(readings.map(({ value }) => value)).toEqual([70, 71, 72, 73])
  expect(readings.map(({ sequence }) => sequence)).toEqual([0, 1, 2, keepsKey ? 3 : 0])
  expect(await readingsOf(data)).toEqual(readings)
  for (const { node } of [first, after]) {
    expect(node.events.filter(({ event }) => event === 'alarm')).toEqual([])
  }
})

test('an invite of which one address is dead works by the others', async () => {
  const first = await running(['--announce', '192.0.2.255:1'])
  expect(first.started.nodeAddresses).toContain('192.0.2.255:1')
  const node = world.launch({
    directory: world.directory(),
    args: ['join', first.started.invite as string, '--addr', '0', ...LISTEN],
  })
  const [port = 0] = await node.ready()
  await type(port, 72)
  await first.node.waitForBlock(1)
})

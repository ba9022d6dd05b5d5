/** Two nodes that were apart for longer than the final depth, and the one that gives way. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { headOf, peersOf, readingsOf, statusOf, verificationOf } from './network/support/ask.ts'
import { holds } from './network/support/patience.ts'
import type { NodeEvent, NodeProcess } from './support/node-process.ts'
import { useWorld } from './support/world.ts'

const world = useWorld()

const LISTEN = ['--addr', '127.0.0.1:0', '--listen', '127.0.0.1:0', '--no-mdns', '--no-peer-exchange']
const FINAL_DEPTH = 3
const APART = 6

interface Place {
  readonly directory: string
  /** The data directory. */
  readonly data: string
}

interface Running {
  readonly node: NodeProcess
  readonly port: number
  readonly started: NodeEvent
  /** As `--peer` takes it. */
  readonly address: string
}

function place(): Place {
  const directory = world.directory()
  return { directory, data: join(directory, 'data') }
}

async function run({ directory, data }: Place, ...args: string[]): Promise<Running> {
  const node = world.launch({ directory, args: [...args, '--data-dir', data, ...LISTEN] })
  const [port = 0] = await node.ready()
  const started = await node.waitForEvent('the banner', ({ event }) => event === 'started')
  const [address = ''] = started.nodeAddresses as string[]
  return { node, port, started, address }
}

async function stop({ node }: Running): Promise<void> {
  node.signal('SIGTERM')
  expect(await node.ended()).toEqual({ code: 0, signal: null })
}

/** One after the other, so that each makes a block. */
async function type({ port }: Running, values: readonly number[]): Promise<void> {
  const client = await world.connect(port)
  await client.readUntilPrompt()
  for (const value of values)
    expect(await client.ask(String(value))).toContain(`${value} BPM stored in block`)
  client.destroy()
}

async function valuesOf({ data }: Place): Promise<number[]> {
  return (await readingsOf(data)).map(({ value }) => value).sort((a, b) => a - b)
}

function alarmsOf({ node }: Running): string[] {
  return node.events
    .filter(({ event }) => event === 'alarm')
    .map(({ code, message }) => `${code}: ${message}`)
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index)
}

function genesisFile(): string {
  const path = join(world.directory(), 'genesis.json')
  const engine = { name: 'longest-chain', finalDepth: FINAL_DEPTH }
  writeFileSync(path, JSON.stringify({ name: 'ward', engine, time: Date.now(), salt: '00'.repeat(16) }))
  return path
}

test('the side that gives way keeps every reading, and both have one ledger again', async () => {
  const genesis = ['--genesis', genesisFile()]
  const [ann, bob] = [place(), place()]
  const first = await run(ann, 'start', ...genesis)
  const second = await run(bob, 'start', ...genesis, '--peer', first.address)
  await holds('them to meet', async () => (await peersOf(ann.data)).length === 1)
  await type(first, [50])
  await holds('both to have it', async () => (await valuesOf(bob)).length === 1)

  // Each for itself.
  await stop(second)
  await type(first, range(60, APART))
  await stop(first)
  const alone = await run(bob, 'start')
  await type(alone, range(80, APART + 2))
  await stop(alone)
  const [before, lost] = [range(60, APART), range(80, APART + 2)]

  // They meet: whoever would have to give its own up is alarmed, first the one, then the other.
  const kept = await run(ann, 'start')
  const apart = await run(bob, 'start', '--peer', kept.address)
  await holds('an alarm', () => alarmsOf(kept).length > 0)
  await type(kept, range(70, 4))
  await holds('an alarm on the other side', () => alarmsOf(apart).length > 0)
  for (const [alarm] of [alarmsOf(kept), alarmsOf(apart)]) {
    expect(alarm).toMatch(/^BLOCK_BELOW_FINAL: .*`pulseledger rejoin`/)
  }
  const busy = await world.run(bob.directory, [
    'rejoin',
    '--data-dir',
    bob.data,
    '--peer',
    kept.address,
    ...LISTEN,
  ])
  expect(busy).toMatchObject({ code: 4, stdout: '' })
  await stop(apart)

  const word = (kept.node.events[0] as NodeEvent).invite as string
  const again = await run(bob, 'rejoin', word)
  const told = await again.node.waitForEvent('what it did', ({ event }) => event === 'rejoined')
  expect(told).toMatchObject({ offeredCount: 1 + lost.length, erasedCount: 0 })
  const all = [50, ...before, ...range(70, 4), ...lost].sort((a, b) => a - b)
  await holds('one head with all of it', async () => {
    // The heads last: between two questions bob may make a block.
    if ((await valuesOf(bob)).length < all.length || (await statusOf(bob.data)).pendingCount > 0) return false
    return (await headOf(ann.data)) === (await headOf(bob.data))
  })
  expect(await valuesOf(ann)).toEqual(all)
  expect(await valuesOf(bob)).toEqual(all)
  // What was confirmed on the side that stays is where it was.
  expect((await readingsOf(bob.data)).slice(0, 1 + APART).map(({ value }) => value)).toEqual([50, ...before])
  expect(alarmsOf(again)).toEqual([])

  // The same key goes on with its own sequence.
  expect(again.started.publicKey).toBe(second.started.publicKey)
  await type(again, [99])
  const own = (await readingsOf(bob.data)).filter(({ author }) => author === again.started.publicKey)
  expect(own.map(({ sequence }) => sequence)).toEqual(range(0, lost.length + 1))
  for (const { data } of [ann, bob]) {
    expect(await verificationOf(data)).toMatchObject({ ok: true, problems: [] })
  }
  await stop(again)
  const verified = await world.run(bob.directory, ['verify', '--data-dir', bob.data])
  expect(verified.code).toBe(0)
  // The old one can still be looked at, and afterwards `start` is enough.
  const old = await world.run(bob.directory, ['verify', '--data-dir', told.setAside as string])
  expect(old.code).toBe(0)
  await stop(await run(bob, 'start'))
}, 300_000)

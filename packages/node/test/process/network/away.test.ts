/** Nodes that have much to fetch, from one address: one that was away for long, and one that has nothing. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { append, moveHead, type TestBlock, TestChain } from '../../support/chain.ts'
import { levelStore } from '../../support/store-places.ts'
import type { NodeEvent, NodeProcess } from '../support/node-process.ts'
import { asserts } from '../support/transcript.ts'
import { useWorld } from '../support/world.ts'
import { headOf, readingsOf, statusOf, verificationOf } from './support/ask.ts'
import { MeteredProxy } from './support/metered-proxy.ts'
import { found, holds, TEST_MS } from './support/patience.ts'

const world = useWorld()
vi.setConfig({ testTimeout: TEST_MS })

const BEFORE = 200
const AWAY = 10_000
const BLOCKS_PER_COMMIT = 1_000
/** Let through between two looks. */
const PIECE_BYTES = 524_288
const LISTEN = ['--listen', '127.0.0.1:0', '--no-mdns', '--no-peer-exchange']

const AUTHOR = 'ada'

/** Blocks of one reading each, one on the other, signed by a node that is not here. */
function longChain(count: number): TestBlock[] {
  const chain = new TestChain('away')
  const blocks = [chain.genesis]
  for (let height = 1; height <= count; height += 1) {
    blocks.push(chain.block(blocks[height - 1] as TestBlock, [AUTHOR]))
  }
  return blocks
}

let blocks: readonly TestBlock[]

beforeAll(() => {
  blocks = longChain(BEFORE + AWAY)
})

/** A running node that has them all. */
async function serve(): Promise<{ readonly data: string; readonly address: string }> {
  const data = await dataOf(blocks)
  const { node } = await run(data)
  const [address = ''] = (await startedOf(node)).nodeAddresses as string[]
  return { data, address }
}

/** A data directory in which nothing is left but the key that signed them. */
function dataOfAuthor(): string {
  const data = join(world.directory(), 'data')
  mkdirSync(data, { mode: 0o700 })
  // As testSigner makes it.
  const seed = createHash('sha256').update(AUTHOR).digest('hex')
  writeFileSync(join(data, 'key'), `pulseledger-ed25519-key-v1 ${seed}\n`, { mode: 0o600 })
  return data
}

/** A data directory that holds them. */
async function dataOf(blocks: readonly TestBlock[]): Promise<string> {
  const directory = world.directory()
  const store = levelStore(directory)
  await store.open()
  await store.commit(append(blocks[0] as TestBlock))
  for (let from = 1; from < blocks.length; from += BLOCKS_PER_COMMIT) {
    const some = blocks.slice(from, from + BLOCKS_PER_COMMIT)
    await store.commit(moveHead(blocks[from - 1], some.at(-1), some))
  }
  await store.close()
  return directory
}

async function run(data: string, args: readonly string[] = []): Promise<{ node: NodeProcess; port: number }> {
  return world.start({ directory: world.directory(), args: ['--data-dir', data, ...LISTEN, ...args] })
}

function startedOf(node: NodeProcess): Promise<NodeEvent> {
  return node.waitForEvent('the banner', ({ event }) => event === 'started')
}

interface HalfWay {
  readonly node: NodeProcess
  readonly port: number
  readonly height: number
  readonly proxy: MeteredProxy
}

/** In small pieces from another one, until it has some thousand: a node in the middle of it. */
async function halfWay(data: string, server: { data: string; address: string }): Promise<HalfWay> {
  const proxy = new MeteredProxy(Number(server.address.split(':')[1]))
  world.later(() => proxy.close())
  const { node, port } = await run(data, ['--peer', `127.0.0.1:${await proxy.listen()}`])
  const target = (await statusOf(server.data)).head.height
  const height = await found('some of the blocks', async () => {
    const { head, network } = await statusOf(data)
    if (head.height <= BEFORE + AWAY / 4) return proxy.allow(PIECE_BYTES)
    // It says how far it is, and of how many.
    expect(network?.sync).toEqual({ kind: 'catching-up', height: expect.any(Number), target })
    return head.height
  })
  expect(height).toBeLessThan(target)
  return { node, port, height, proxy }
}

const ENDS = { SIGKILL: { code: null, signal: 'SIGKILL' }, SIGTERM: { code: 0, signal: null } }

test.each([
  { who: 'a node that was away for 10,000 blocks', has: BEFORE, signal: 'SIGKILL' },
  { who: 'an empty directory', has: undefined, signal: 'SIGTERM' },
] as const)(
  '$who catches up from one address, after $signal in the middle of it too',
  async ({ has, signal }) => {
    const startedAt = performance.now()
    const server = await serve()
    const data = has === undefined ? join(world.directory(), 'data') : await dataOf(blocks.slice(0, has + 1))

    const { node, height, proxy } = await halfWay(data, server)
    node.signal(signal)
    expect(await node.ended()).toEqual(ENDS[signal])
    await proxy.close()

    const again = await run(data, ['--peer', server.address])
    const resumedAt = ((await startedOf(again.node)).head as { height: number }).height
    // What it had fetched it has.
    expect(resumedAt).toBeGreaterThanOrEqual(height)
    expect(resumedAt).toBeLessThan(BEFORE + AWAY)
    const client = await world.connect(again.port)
    await client.readUntilPrompt()
    client.type('72')
    // It waits until the node has all that was before, and nothing is displaced by it.
    await client.waitFor(`#${BEFORE + AWAY + 1} 72 BPM stored in block`)
    const readings = await readingsOf(data)
    expect(readings.at(-1)?.value).toBe(72)
    expect(readings).toHaveLength(BEFORE + AWAY + 1)
    await holds('one chain', async () => (await headOf(data)) === (await headOf(server.data)))
    expect(await verificationOf(data)).toMatchObject({ ok: true, problems: [] })
    if (asserts.figures)
      console.log(`${signal} at ${height}, resumed at ${resumedAt}: ${seconds(startedAt)} s`)
  },
)

test('a node that has only its key left lets people wait, and goes on with its sequence', async () => {
  const server = await serve()
  const data = dataOfAuthor()
  const { node, port } = await halfWay(data, server)
  const client = await world.connect(port)
  await client.readUntilPrompt()
  client.type('72')
  expect(await client.waitFor(/^.*\n/)).toMatch(/^catching up \(\d+ of 10200\): your reading waits\n$/)
  await node.kill()
  // What is signed is stored before anybody is told of it.
  const store = levelStore(data)
  await store.open()
  const signed = [...store.pending()]
  await store.close()
  expect(signed).toEqual([])

  const again = await run(data, ['--peer', server.address])
  const later = await world.connect(again.port)
  await later.readUntilPrompt()
  later.type('73')
  await later.waitFor(`#${BEFORE + AWAY + 1} 73 BPM stored in block`)
  await holds('all to be there', async () => {
    const last = (await readingsOf(server.data)).at(-1)
    return last?.value === 73 && last.sequence === BEFORE + AWAY
  })
  expect(again.node.events.filter(({ event }) => event === 'alarm')).toEqual([])
})

function seconds(from: number): string {
  return ((performance.now() - from) / 1_000).toFixed(1)
}

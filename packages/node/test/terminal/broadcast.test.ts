import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { Broadcaster, broadcastText, type Receiver } from '../../src/terminal/broadcast.ts'
import { RecentBlocks } from '../../src/terminal/recent-blocks.ts'
import { FakeNode } from '../support/fake-node.ts'
import { keepingLogger } from '../support/log.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

class Kept implements Receiver {
  readonly got: Uint8Array[] = []

  broadcast(bytes: Uint8Array): void {
    this.got.push(bytes)
  }
}

function broadcasting(receivers: readonly Receiver[], blocksMax = 100) {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  const logger = keepingLogger()
  const recent = new RecentBlocks(node, 100)
  recent.start()
  const [intervalMs, service] = [30_000, node]
  const init = { service, recent, clock, logger, intervalMs, blocksMax, receivers: () => receivers }
  const broadcaster = new Broadcaster(init)
  broadcaster.start()
  /** One round, with what it does beside timers. */
  const round = async () => {
    clock.advance(30_000)
    for (let turn = 0; turn < 5; turn++) await setImmediate()
  }
  return { clock, node, logger, broadcaster, round }
}

function textOf(node: FakeNode): Promise<string> {
  const { hash, height } = node.status().head
  return broadcastText(new RecentBlocks(node, 100).newestFirst(hash), height + 1, 100)
}

const bpm = (value: number) => ({ measure: 'bpm', value })

function parsed(text: string): { Index: number; Omitted?: number; Readings?: object[] }[] {
  return JSON.parse(text.slice(text.indexOf('[')))
}

test('every client gets the chain at every interval, also one that never typed', async () => {
  const client = new Kept()
  const { clock, node, round } = broadcasting([client])
  node.add([bpm(72)])
  clock.advance(29_999)
  await setImmediate()
  expect(client.got.length).toBe(0)
  clock.advance(1)
  for (let turn = 0; turn < 5; turn++) await setImmediate()
  expect(parsed(String(Buffer.from(client.got[0]!))).map(({ Index }) => Index)).toEqual([0, 1])
  await round()
  await round()
  expect(client.got.length).toBe(3)
})

test('the text is an empty line and one line of JSON when it holds the whole chain', async () => {
  const node = new FakeNode(new VirtualClock())
  node.add([bpm(72)])
  expect(await textOf(node)).toMatch(/^\n\[\{"Index":0,.*\},\{"Index":1,.*\}\]\n$/)
})

test('only the latest blocks are sent, and it is said how many there are', async () => {
  const node = new FakeNode(new VirtualClock())
  for (let value = 1; value <= 149; value++) node.add([bpm(value)])
  const text = await textOf(node)
  expect(text).toMatch(/^\nLatest 100 of 150 blocks:\n\[\{"Index":50,/)
  expect(parsed(text).map(({ Index }) => Index)).toEqual(Array.from({ length: 100 }, (_, n) => 50 + n))
})

test('one buffer is shared by all clients, and by later rounds while the head stays', async () => {
  const clients = [new Kept(), new Kept(), new Kept()]
  const { node, round } = broadcasting(clients)
  await round()
  await round()
  expect(clients[0]!.got.length).toBe(2)
  const [first] = clients[0]!.got
  for (const { got } of clients) expect(got.every((bytes) => bytes === first)).toBe(true)
  const readBefore = node.readCount
  await round()
  expect(clients[0]!.got.at(-1)).toBe(first)
  node.add([bpm(72)])
  await round()
  expect(node.readCount).toBe(readBefore)
  expect(clients[0]!.got.at(-1)).not.toBe(first)
})

test('clients get it in slices, so that typing is served in between', async () => {
  const clients = Array.from({ length: 1_200 }, () => new Kept())
  const { clock, broadcaster, round } = broadcasting(clients)
  const served = () => clients.filter(({ got }) => got.length > 0).length
  await round()
  expect(served()).toBe(NODE_LIMITS.broadcastSliceCount)
  clock.after(0, () => {
    expect(served()).toBe(2 * NODE_LIMITS.broadcastSliceCount)
    broadcaster.stop()
  })
  clock.advance(0)
  await round()
  expect(served()).toBe(2 * NODE_LIMITS.broadcastSliceCount)
})

test('no round begins while one still reads, and nothing is sent after stop', async () => {
  const client = new Kept()
  const { clock, node, broadcaster, logger, round } = broadcasting([client])
  clock.advance(90_000)
  await round()
  expect(client.got.length).toBe(1)
  expect(node.readCount).toBe(1)
  await round()
  clock.advance(30_000)
  broadcaster.stop()
  await round()
  expect(client.got.length).toBe(2)
  expect(clock.timerCount).toBe(0)
  expect(logger.lines).toEqual([])
})

test('blocks of thousands of readings stay within the bounds, and say how many are left out', async () => {
  const node = new FakeNode(new VirtualClock())
  const readings = Array.from({ length: 2_000 }, (_, n) => ({ ...bpm(n % 500), subject: 's'.repeat(128) }))
  for (let n = 0; n < 12; n++) node.add(readings)
  const text = await textOf(node)
  expect(text.length).toBeLessThanOrEqual(NODE_LIMITS.broadcastBytesMax + 100)
  const blocks = parsed(text)
  expect(blocks.at(-1)?.Index).toBe(12)
  expect(blocks.length).toBeGreaterThan(3)
  for (const { Omitted = 0, Readings = [] } of blocks) expect(Omitted + Readings.length).toBe(2_000)
})

test('a chain that cannot be read is logged and costs one round', async () => {
  const client = new Kept()
  const { node, logger, round } = broadcasting([client])
  const { blockByHash } = node
  node.blockByHash = () => {
    throw new Error('the disk is gone')
  }
  await round()
  expect(logger.lines.map(({ level }) => level)).toEqual(['error'])
  node.blockByHash = blockByHash
  await round()
  expect(client.got.length).toBe(1)
})

import { expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { Broadcaster, broadcastText, type Receiver } from '../../src/terminal/broadcast.ts'
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
  const init = { service: node, clock, logger, intervalMs: 30_000, blocksMax, receivers: () => receivers }
  const broadcaster = new Broadcaster(init)
  broadcaster.start()
  return { clock, node, logger, broadcaster }
}

const bpm = (value: number) => ({ measure: 'bpm', value })

function parsed(text: string): { Index: number; Omitted?: number; Readings?: object[] }[] {
  return JSON.parse(text.slice(text.indexOf('[')))
}

test('every client gets the chain at every interval, also one that never typed', () => {
  const client = new Kept()
  const { clock, node } = broadcasting([client])
  node.add([bpm(72)])
  clock.advance(29_999)
  expect(client.got.length).toBe(0)
  clock.advance(1)
  expect(parsed(String(Buffer.from(client.got[0]!))).map(({ Index }) => Index)).toEqual([0, 1])
  clock.advance(60_000)
  expect(client.got.length).toBe(3)
})

test('the text is an empty line, one line of JSON and nothing else when it holds the whole chain', () => {
  const node = new FakeNode(new VirtualClock())
  node.add([bpm(72)])
  expect(broadcastText(node, 100)).toMatch(/^\n\[\{"Index":0,.*\},\{"Index":1,.*\}\]\n$/)
})

test('only the latest blocks are sent, and it is said how many there are', () => {
  const node = new FakeNode(new VirtualClock())
  for (let value = 1; value <= 149; value++) node.add([bpm(value)])
  const text = broadcastText(node, 100)
  expect(text).toMatch(/^\nLatest 100 of 150 blocks:\n\[\{"Index":50,/)
  expect(parsed(text).map(({ Index }) => Index)).toEqual(Array.from({ length: 100 }, (_, n) => 50 + n))
})

test('one buffer is shared by all clients, and by later rounds while the head stays', () => {
  const clients = [new Kept(), new Kept(), new Kept()]
  const { clock, node } = broadcasting(clients)
  clock.advance(60_000)
  const [first] = clients[0]!.got
  for (const { got } of clients) expect(got.every((bytes) => bytes === first)).toBe(true)
  const readBefore = node.readCount
  clock.advance(300_000)
  expect(node.readCount).toBe(readBefore)
  node.add([bpm(72)])
  clock.advance(30_000)
  expect(clients[0]!.got.at(-1)).not.toBe(first)
})

test('clients get it in slices, so that typing is served in between', () => {
  const clients = Array.from({ length: 1_200 }, () => new Kept())
  const { clock, broadcaster } = broadcasting(clients)
  const served = () => clients.filter(({ got }) => got.length > 0).length
  const seen: number[] = []
  clock.after(30_000, () => {
    seen.push(served())
    clock.after(0, () => {
      seen.push(served())
      broadcaster.stop()
    })
  })
  clock.advance(30_000)
  expect(seen).toEqual([NODE_LIMITS.broadcastSliceCount, 2 * NODE_LIMITS.broadcastSliceCount])
  clock.advance(100_000)
  expect(served()).toBe(2 * NODE_LIMITS.broadcastSliceCount)
})

test('blocks of thousands of readings stay within the bounds, and say how many readings are left out', () => {
  const node = new FakeNode(new VirtualClock())
  const readings = Array.from({ length: 2_000 }, (_, n) => ({ ...bpm(n % 500), subject: 's'.repeat(128) }))
  for (let n = 0; n < 12; n++) node.add(readings)
  const text = broadcastText(node, 100)
  expect(text.length).toBeLessThanOrEqual(NODE_LIMITS.broadcastBytesMax + 100)
  const blocks = parsed(text)
  expect(blocks.at(-1)?.Index).toBe(12)
  expect(blocks.length).toBeGreaterThan(3)
  for (const { Omitted = 0, Readings = [] } of blocks) expect(Omitted + Readings.length).toBe(2_000)
})

test('a chain that cannot be read is logged and costs one round', () => {
  const client = new Kept()
  const { clock, node, logger } = broadcasting([client])
  const { blocks } = node
  node.blocks = () => {
    throw new Error('the disk is gone')
  }
  clock.advance(30_000)
  expect(logger.lines.map(({ level }) => level)).toEqual(['error'])
  node.blocks = blocks
  clock.advance(30_000)
  expect(client.got.length).toBe(1)
})

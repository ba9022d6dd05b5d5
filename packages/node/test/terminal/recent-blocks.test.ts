import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { RecentBlocks } from '../../src/terminal/recent-blocks.ts'
import { TerminalServer } from '../../src/terminal/server.ts'
import { FakeNode } from '../support/fake-node.ts'
import { keepingLogger } from '../support/log.ts'
import { SocketClient } from '../support/replay.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const MAX = 100

function grown(count: number): FakeNode {
  const node = new FakeNode(new VirtualClock())
  for (let value = 1; value <= count; value++) node.add([{ measure: 'bpm', value }])
  return node
}

async function heights(recent: RecentBlocks, node: FakeNode, count: number): Promise<number[]> {
  const blocks = await recent.latest(node.status().head.hash, count)
  return blocks.map(({ view }) => view.height)
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

test('once it is warm, `chain 100` and broadcasts read no block, also as the chain grows', async () => {
  const clock = new VirtualClock()
  const node = grown(150)
  const ports = [{ host: '127.0.0.1', port: 0 }]
  const server = new TerminalServer({ service: node, clock, logger: keepingLogger(), ports })
  const [address] = await server.start()
  const client = new SocketClient(address!.port)
  await client.sees('Enter a new BPM:')
  client.send('chain 100\n')
  await client.sees('#150')
  expect(node.readCount).toBe(100)
  for (let value = 1; value <= 30; value++) node.add([{ measure: 'bpm', value }])
  client.send('chain 100\n')
  await client.sees('Latest 100 of 181 blocks:\n#81 ')
  clock.advance(NODE_LIMITS.broadcastIntervalMs)
  await client.sees('"Index":180')
  expect(node.readCount).toBe(100)
  client.end()
  await server.stop()
})

test('a cold read gives other work its turn between two blocks, however many ask', async () => {
  const node = grown(40)
  const recent = new RecentBlocks(node, MAX)
  let isDone = false
  const asked = Promise.all([1, 2, 3].map(() => heights(recent, node, 30))).finally(() => {
    isDone = true
  })
  const perTurn: number[] = []
  for (let before = 0; !isDone; before = node.readCount) {
    await setImmediate()
    perTurn.push(node.readCount - before)
  }
  expect(Math.max(...perTurn)).toBe(1)
  expect(node.readCount).toBe(30)
  expect(await asked).toEqual([range(11, 40), range(11, 40), range(11, 40)])
})

test('no more than blocksMax are kept, the highest, and none that left the chain', async () => {
  const node = grown(20)
  const recent = new RecentBlocks(node, 10)
  recent.start()
  await heights(recent, node, 10)
  const lost = node.add([{ measure: 'bpm', value: 1 }])
  expect(node.readCount).toBe(10)
  node.chain.pop()
  node.emit({ kind: 'block-disconnected', block: lost })
  expect(await heights(recent, node, 10)).toEqual(range(11, 20))
  expect(node.readCount).toBe(11)
  expect(await heights(recent, node, 12)).toEqual(range(9, 20))
  expect(node.readCount).toBe(13)
})

test('what is kept of a block is small and holds none of its bytes', async () => {
  const node = new FakeNode(new VirtualClock())
  const readings = Array.from({ length: 3_000 }, (_, n) => ({ measure: 'bpm', value: n % 500 }))
  const block = node.add(readings)
  const [kept] = await new RecentBlocks(node, MAX).latest(block.hash, 1)
  expect(kept!.json.length).toBeLessThan(NODE_LIMITS.broadcastBlockBytesMax + 400)
  const { hash, parent, producer, readings: shown, readingCount } = kept!.view
  expect([shown.length, readingCount]).toEqual([NODE_LIMITS.summaryReadingsMax, 3_000])
  const all = [hash, parent!, producer, ...shown.flatMap(({ entryId, author }) => [entryId, author])]
  for (const bytes of all) expect(bytes.buffer.byteLength).toBe(bytes.length)
  expect(hash).toEqual(new Uint8Array(block.hash))
  expect(hash).not.toBe(block.hash)
})

test('a block that cannot be read ends the list; after stop nothing is read', async () => {
  const node = grown(5)
  const recent = new RecentBlocks(node, MAX)
  recent.start()
  node.chain.splice(2, 1)
  expect(await heights(recent, node, 5)).toEqual([3, 4, 5])
  const asked = new RecentBlocks(node, MAX)
  const waiting = heights(asked, node, 5)
  asked.stop()
  await expect(waiting).rejects.toThrow('stopped')
  recent.stop()
  expect(node.listenerCount).toBe(0)
})

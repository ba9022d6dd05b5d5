/**
 * The defects of the program that this one grew out of, as far as terminals are concerned: one test each,
 * under the name that the defect has there.
 */
import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { TerminalServer } from '../../src/terminal/server.ts'
import { FakeNode } from '../support/fake-node.ts'
import { keepingLogger } from '../support/log.ts'
import { SocketClient, until } from '../support/replay.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const PROMPT = 'Enter a new BPM:'

async function serving() {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  const logger = keepingLogger()
  const server = new TerminalServer({ service: node, clock, logger, ports: [{ host: '127.0.0.1', port: 0 }] })
  const [address] = await server.start()
  return { clock, node, logger, server, port: address!.port }
}

async function joined(port: number): Promise<SocketClient> {
  const client = new SocketClient(port)
  await client.sees(PROMPT)
  return client
}

test('every negative or out-of-range BPM hashes alike: those are refused, with the range', async () => {
  const { port, node, server } = await serving()
  const client = await joined(port)
  client.send('-5\n501\n')
  await client.sees('-5 BPM is out of range: type a number from 0 to 500')
  await client.sees('501 BPM is out of range: type a number from 0 to 500')
  expect(node.chain.length).toBe(1)
  client.end()
  await server.stop()
})

test('two clients typing at once can silently lose one reading: each is stored once', async () => {
  const { port, node, server } = await serving()
  const clients = await Promise.all(Array.from({ length: 50 }, () => joined(port)))
  for (let round = 0; round < 20; round++) for (const client of clients) client.send('72\n')
  await until(() => clients.every(({ output }) => output.split(PROMPT).length === 22))
  const heights = clients.flatMap(({ output }) =>
    Array.from(output.matchAll(/#(\d+) 72 BPM/g), ([, n]) => Number(n)),
  )
  expect(heights.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1))
  expect(node.chain.length).toBe(1_001)
  for (const client of clients) client.end()
  await server.stop()
})

test('bad input gets no answer and no new prompt: it gets both', async () => {
  const { port, server } = await serving()
  const client = await joined(port)
  const lines = ['abc', ' 80', '99999999999999999999', '', '7 2', '0x10', '\u0667\u0662']
  for (const [index, line] of lines.entries()) {
    client.send(`${line}\n`)
    await until(() => client.output.split(PROMPT).length === index + 3)
  }
  expect(client.output.match(/is not a number|is out of range|stored in block/g)?.length).toBe(
    lines.length - 1,
  )
  client.end()
  await server.stop()
})

test('a closed connection is never cleaned up: nothing of it is left, however it ended', async () => {
  const { port, server, clock, node } = await serving()
  const timersBefore = clock.timerCount
  const listenersBefore = node.listenerCount
  const ways: ((client: SocketClient) => void)[] = [
    (client) => client.end(),
    (client) => client.socket.destroy(),
    (client) => client.socket.resetAndDestroy(),
    (client) => client.send('quit\n'),
    (client) => client.send('x'.repeat(2_000)),
    (client) => client.send('\0\n\0\n\0\n'),
    (client) => {
      client.send('7')
      client.socket.end('2')
    },
  ]
  const clients = await Promise.all(Array.from({ length: 70 }, () => joined(port)))
  expect(server.connectionCount).toBe(70)
  for (const [index, client] of clients.entries()) ways[index % ways.length]!(client)
  await until(() => server.connectionCount === 0)
  expect(clock.timerCount).toBe(timersBefore)
  expect(node.listenerCount).toBe(listenersBefore)
  await server.stop()
  expect(node.listenerCount).toBe(0)
  expect(clock.timerCount).toBe(0)
})

test('a full-chain JSON per client every 30 s, cost grows as clients x blocks: with neither', async () => {
  const { port, server, clock, node } = await serving()
  const clients = await Promise.all(Array.from({ length: 20 }, () => joined(port)))
  for (let value = 1; value <= 400; value++) node.add([{ measure: 'bpm', value }])
  const readBefore = node.readCount
  clock.advance(30_000)
  await until(() => clients.every(({ output }) => output.endsWith(`]\n${PROMPT}`)))
  // The node had them in memory when they were connected.
  expect(node.readCount - readBefore).toBe(0)
  expect(clients[0]!.output).toContain('Latest 100 of 401 blocks:\n')
  const sizeAt400 = clients[0]!.output.length
  for (let value = 1; value <= 400; value++) node.add([{ measure: 'bpm', value }])
  clock.advance(30_000)
  await until(() => clients.every(({ output }) => output.split(PROMPT).length === 4))
  expect(clients[0]!.output.length - sizeAt400).toBeLessThan(1.1 * sizeAt400)
  for (const client of clients) client.end()
  await server.stop()
})

/** A client that sends for as long as it is read from, and reads nothing. */
async function deafClient(port: number, line: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.pause()
  const chunk = line.repeat(1_000)
  const feed = () => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', feed)
  feed()
  return socket
}

test('a slow reader blocks its writer, nothing bounds its queue: it is dropped, others go on', async () => {
  const { port, server, clock, logger } = await serving()
  const deaf = await deafClient(port, 'help\n')
  const calm = await joined(port)
  await until(() => clock.isSet(NODE_LIMITS.writeStallMs))
  calm.send('72\n')
  await calm.sees('72 BPM stored')
  clock.advance(NODE_LIMITS.writeStallMs)
  await until(() => server.connectionCount === 1)
  expect(logger.lines).toMatchObject([{ message: 'dropped a terminal that reads too slowly' }])
  const { writableLength } = logger.lines[0]!.fields as { writableLength: number }
  expect(writableLength).toBeLessThan(NODE_LIMITS.writeQueueBytesMax)
  deaf.destroy()
  calm.end()
  await server.stop()
})

test('a slow reader that types nothing is dropped when broadcasts fill its queue', async () => {
  const { port, server, clock, node, logger } = await serving()
  const note = 'n'.repeat(1_000)
  for (let count = 0; count < 120; count++) node.add([{ measure: 'bpm', value: 72, note }])
  const deaf = connect({ port, host: '127.0.0.1' })
  deaf.on('error', () => {})
  deaf.pause()
  await until(() => server.connectionCount === 1)
  for (let rounds = 0; server.connectionCount === 1; rounds++) {
    expect(rounds, 'kernels hold no more than that').toBeLessThan(1_000)
    clock.advance(NODE_LIMITS.broadcastIntervalMs)
    await setImmediate()
  }
  expect(logger.lines).toMatchObject([{ message: 'dropped a terminal that reads too slowly' }])
  deaf.destroy()
  await server.stop()
})

test('a slow reader that reads again in time gets every answer, in order', async () => {
  const { port, server, clock } = await serving()
  const count = 200_000
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.setEncoding('latin1')
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.pause()
  socket.end('nonsense that is answered\n'.repeat(count))
  await until(() => clock.isSet(NODE_LIMITS.writeStallMs))
  let output = ''
  socket.on('data', (text: string) => {
    output += text
  })
  socket.resume()
  await new Promise((resolve) => socket.once('end', resolve))
  expect(output.split('is not a number').length).toBe(count + 1)
  await server.stop()
})

import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { CalmLog } from '../../src/terminal/calm-log.ts'
import { Connection } from '../../src/terminal/connection.ts'
import { ReceiptWatch } from '../../src/terminal/receipt-watch.ts'
import { RecentBlocks } from '../../src/terminal/recent-blocks.ts'
import { type Effect, Session } from '../../src/terminal/session.ts'
import { SharedVerify } from '../../src/terminal/shared-verify.ts'
import { FakeNode } from '../support/fake-node.ts'
import { keepingLogger } from '../support/log.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

/** A socket whose other side is the test: it takes what was written only when it is told to. */
class FakeSocket extends Duplex {
  readonly remoteAddress = '192.0.2.7'
  output = ''
  #held: (() => void)[] = []

  constructor() {
    super({ allowHalfOpen: true, highWaterMark: NODE_LIMITS.writeQueueBytesHigh })
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}
  override _read(): void {}

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#held.push(() => {
      this.output += chunks.map(({ chunk }) => chunk.toString('latin1')).join('')
      done()
    })
  }

  /** Takes everything that was written. */
  async takeAll(): Promise<void> {
    for (let held = this.#held.splice(0); held.length > 0; held = this.#held.splice(0)) {
      for (const done of held) done()
      await turn()
    }
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

type Steps = Pick<Session, 'step'>

async function connected(given?: Steps) {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  const logger = keepingLogger()
  const socket = new FakeSocket()
  const session = given ?? new Session({ document: node.document, measure: node.document.measures[0]! })
  const log = new CalmLog(clock, logger)
  const verify = new SharedVerify(node, clock)
  const recent = new RecentBlocks(node, 100)
  const receipts = new ReceiptWatch()
  const context = { service: node, clock, log, verify, recent, receipts, terminalCount: () => 1 }
  const connection = new Connection(socket as unknown as Socket, session as Session, context)
  connection.start(() => {})
  await turn()
  await socket.takeAll()
  return { clock, logger, socket, connection }
}

test('a client that does not read is not read either, and its queue stays bounded', async () => {
  const { socket, clock, logger } = await connected()
  let packets = 0
  while (!socket.isPaused()) {
    socket.push('help\n')
    packets += 1
    await turn()
  }
  for (let more = 0; more < 1_000; more++) socket.push('help\n')
  await turn()
  expect(socket.destroyed).toBe(false)
  expect(socket.writableLength).toBeLessThan(NODE_LIMITS.writeQueueBytesHigh + 1_000)
  await socket.takeAll()
  await turn()
  await socket.takeAll()
  expect(socket.output.split('store a reading').length).toBe(packets + 1_000 + 1)
  expect(clock.timerCount).toBe(0)
  expect(logger.lines).toEqual([])
})

test('a client that takes its answers before the time is over is not dropped', async () => {
  const { socket, clock } = await connected()
  socket.push('help\n'.repeat(200))
  await turn()
  expect(clock.isSet(NODE_LIMITS.writeStallMs)).toBe(true)
  clock.advance(NODE_LIMITS.writeStallMs - 1)
  await socket.takeAll()
  clock.advance(NODE_LIMITS.writeStallMs)
  expect(socket.destroyed).toBe(false)
})

test('a broadcast that finds the queue full drops the client at once', async () => {
  const { socket, connection, logger } = await connected()
  const bytes = Buffer.alloc(100_000, '\n')
  connection.broadcast(bytes)
  connection.broadcast(bytes)
  expect(socket.destroyed).toBe(false)
  connection.broadcast(bytes)
  expect(socket.destroyed).toBe(true)
  expect(logger.lines).toMatchObject([
    { fields: { reason: 'its queue is full', remoteAddress: '192.0.2.7' } },
  ])
})

test('a question that is answered at once leaves reading as it should be', async () => {
  const { socket } = await connected()
  socket.push('status\nstatus\n72\n')
  await turn()
  await socket.takeAll()
  await turn()
  expect(socket.isPaused()).toBe(false)
  socket.push('80\n')
  await turn()
  await turn()
  await socket.takeAll()
  expect(socket.output).toContain('80 BPM stored')
})

test('all effects of one step are done before the next step begins', async () => {
  const write = (text: string): Effect => ({ kind: 'write', bytes: Buffer.from(text) })
  const { socket } = await connected({
    step: ({ kind }) => {
      if (kind !== 'connected') return [write(kind)]
      return [{ kind: 'query', ticket: 1, query: { kind: 'status' } }, write('asked, ')]
    },
  })
  expect(socket.output).toBe('asked, answered')
})

test('answers of one turn leave in one write', async () => {
  const { socket } = await connected()
  let writes = 0
  const { _writev } = socket
  socket._writev = (chunks, done) => {
    writes += 1
    _writev.call(socket, chunks, done)
  }
  for (const line of ['abc\n', 'def\n', 'ghi\n']) socket.push(line)
  await turn()
  await socket.takeAll()
  expect(socket.output.split('is not a number').length).toBe(4)
  expect(writes).toBeLessThanOrEqual(2)
})

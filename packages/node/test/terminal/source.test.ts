import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { Source } from '../../src/terminal/source.ts'
import { FakeNode } from '../support/fake-node.ts'
import { keepingLogger } from '../support/log.ts'
import { until } from '../support/replay.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const { sourceBackoffMinMs, sourceBackoffMaxMs, lineTimeoutMs } = NODE_LIMITS

/** A device that serves lines: what it sends, and when it hangs up, is up to the test. */
class FakeDevice {
  readonly sockets: Socket[] = []
  readonly #server: Server = createServer((socket) => {
    socket.on('error', () => {})
    this.sockets.push(socket)
  })

  async start(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  /** The socket of the connection number `count`, counted from 1. */
  async connection(count: number): Promise<Socket> {
    await until(() => this.sockets.length >= count)
    return this.sockets[count - 1] as Socket
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function following(given: { measure?: string; subject?: string; chance?: number } = {}) {
  const { chance = 0, ...rest } = given
  const device = new FakeDevice()
  const port = await device.start()
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  const logger = keepingLogger()
  const random = { bytes: (count: number) => new Uint8Array(count).fill(chance) }
  const address = { host: '127.0.0.1', port, ...rest }
  const source = new Source({ service: node, clock, random, logger, address })
  cleanups.push(
    () => device.stop(),
    () => source.stop(),
  )
  source.start()
  return { device, clock, node, logger, source, port }
}

const values = (node: FakeNode) => node.submitted.map(({ value }) => value)

describe('lines', () => {
  test('each becomes a reading of the measure and subject of the source', async () => {
    const { device, node, source } = await following({ measure: 'temperature', subject: 'ward-2' })
    const socket = await device.connection(1)
    socket.write('36.6\r\n 37 \n')
    await until(() => source.counts.stored === 2)
    expect(node.submitted).toEqual([
      { measure: 'temperature', value: 36.6, subject: 'ward-2' },
      { measure: 'temperature', value: 37, subject: 'ward-2' },
    ])
  })

  test('garbage is skipped, counted and logged, and the stream goes on', async () => {
    const { device, node, source, logger } = await following()
    const socket = await device.connection(1)
    socket.write('hello\n501\n\n')
    socket.write(Buffer.from([0xc3, 0x28, 0x0a, 0x00, 0x0a]))
    socket.write(`${'7'.repeat(5_000)}\n72\n`)
    await until(() => source.counts.stored === 1)
    expect(source.counts).toEqual({ connected: 1, stored: 1, skipped: 5 })
    expect(values(node)).toEqual([72])
    expect(logger.lines.filter(({ message }) => message === 'skipped a line of a device')).toMatchObject([
      { level: 'warn', fields: { line: 'hello' } },
    ])
  })

  test('what a device sends is logged in printable ASCII', async () => {
    const { device, source, logger } = await following()
    const socket = await device.connection(1)
    socket.write('\x1b[2J\u202e\n')
    await until(() => source.counts.skipped === 1)
    expect(logger.lines.at(-1)?.fields).toMatchObject({ line: '\\u{1b}[2J\\u{202e}' })
    expect(JSON.stringify(logger.lines)).toMatch(/^[\x20-\x7e]*$/)
  })

  test('half a line is not stored when the connection ends within it', async () => {
    const { device, node, source, clock } = await following()
    const first = await device.connection(1)
    first.end('72\n12')
    await until(() => clock.isSet(sourceBackoffMinMs))
    expect(values(node)).toEqual([72])
    clock.advance(sourceBackoffMinMs)
    const second = await device.connection(2)
    second.write('0\n120\n')
    await until(() => source.counts.stored === 3)
    expect(values(node)).toEqual([72, 0, 120])
    expect(source.counts.skipped).toBe(1)
  })

  test('an endless line keeps no memory, and ends the connection after the time for a line', async () => {
    const { device, source, clock, node } = await following()
    const socket = await device.connection(1)
    socket.write('7'.repeat(1_000_000))
    await until(() => source.counts.skipped === 1)
    await until(() => clock.isSet(lineTimeoutMs))
    clock.advance(lineTimeoutMs)
    await until(() => clock.isSet(sourceBackoffMinMs))
    clock.advance(sourceBackoffMinMs)
    const next = await device.connection(2)
    next.write('72\n')
    await until(() => source.counts.stored === 1)
    expect(values(node)).toEqual([72])
  })
})

describe('connections', () => {
  test('one that breaks is made again, and no whole line is lost or stored twice', async () => {
    const { device, clock, node, source } = await following()
    for (let round = 0; round < 5; round++) {
      const socket = await device.connection(round + 1)
      socket.write(`${round}\n`)
      await until(() => source.counts.stored === round + 1)
      socket.resetAndDestroy()
      await until(() => clock.isSet(sourceBackoffMinMs))
      clock.advance(sourceBackoffMinMs)
    }
    expect(values(node)).toEqual([0, 1, 2, 3, 4])
  })

  test('waits double up to the maximum while nothing comes, and begin anew after a reading', async () => {
    const { device, clock } = await following()
    const waits: number[] = []
    let expected: number = sourceBackoffMinMs
    for (let round = 1; round <= 10; round++) {
      const socket = await device.connection(round)
      socket.destroy()
      await until(() => clock.isSet(expected))
      waits.push(expected)
      clock.advance(expected - 1)
      expect(device.sockets.length).toBe(round)
      clock.advance(1)
      expected = Math.min(2 * expected, sourceBackoffMaxMs)
    }
    expect(waits.at(-1)).toBe(sourceBackoffMaxMs)
    const socket = await device.connection(11)
    socket.end('72\n')
    await until(() => clock.isSet(sourceBackoffMinMs))
  })

  test('chance takes up to half off a wait', async () => {
    const { device, clock } = await following({ chance: 255 })
    const socket = await device.connection(1)
    socket.destroy()
    await until(() => clock.isSet(Math.round(sourceBackoffMinMs * (1 - 255 / 512))))
  })

  test('a device that is not there yet is found when it comes', async () => {
    const { device, clock, port, source, node } = await following()
    const socket = await device.connection(1)
    await device.stop()
    socket.destroy()
    await until(() => clock.isSet(sourceBackoffMinMs))
    clock.advance(sourceBackoffMinMs)
    await until(() => clock.isSet(2 * sourceBackoffMinMs))
    const later = new FakeDevice()
    await later.start(port)
    cleanups.unshift(() => later.stop())
    clock.advance(2 * sourceBackoffMinMs)
    const connection = await later.connection(1)
    connection.write('72\n')
    await until(() => source.counts.stored === 1)
    expect(values(node)).toEqual([72])
  })

  test('a device that accepts no connection in time is tried again', async () => {
    const { device, clock, source } = await following()
    // The connection is on its way in this very turn of the event loop: nothing of it has been seen yet.
    expect(source.counts.connected).toBe(0)
    expect(clock.isSet(NODE_LIMITS.sourceConnectTimeoutMs)).toBe(true)
    clock.advance(NODE_LIMITS.sourceConnectTimeoutMs)
    await until(() => clock.isSet(sourceBackoffMinMs))
    clock.advance(sourceBackoffMinMs)
    await until(() => source.counts.connected === 1)
    expect(device.sockets.length).toBeGreaterThanOrEqual(1)
  })
})

describe('a busy node', () => {
  test('is given no more than linesInFlightMax readings; the device waits, and none is lost', async () => {
    const { device, node, source } = await following()
    node.hold()
    const socket = await device.connection(1)
    const count = 5_000
    socket.end(Array.from({ length: count }, (_, n) => `${n % 500}\n`).join(''))
    await until(() => node.waitingCount === NODE_LIMITS.linesInFlightMax)
    while (source.counts.stored < count) {
      expect(node.waitingCount).toBeLessThanOrEqual(NODE_LIMITS.linesInFlightMax)
      node.commit()
      await until(() => node.waitingCount > 0 || source.counts.stored === count)
    }
    expect(values(node)).toEqual(Array.from({ length: count }, (_, n) => n % 500))
  })

  test('that refuses a reading for now gets it again', async () => {
    const { device, node, source, clock } = await following()
    node.refusal = { code: 'PENDING_FULL', message: 'full' }
    const socket = await device.connection(1)
    socket.write('72\n')
    await until(() => clock.isSet(NODE_LIMITS.sourceRetryMs))
    node.refusal = undefined
    clock.advance(NODE_LIMITS.sourceRetryMs)
    await until(() => source.counts.stored === 1)
    expect(source.counts.skipped).toBe(0)
  })
})

describe('start and stop', () => {
  test('an unknown measure is refused', () => {
    const clock = new VirtualClock()
    const source = new Source({
      service: new FakeNode(clock),
      clock,
      random: { bytes: (count) => new Uint8Array(count) },
      logger: keepingLogger(),
      address: { host: '127.0.0.1', port: 1, measure: 'steps' },
    })
    expect(() => source.start()).toThrow('no measure "steps"')
  })

  test('stop waits for the answer to what was submitted, and leaves no timer', async () => {
    const { device, node, source, clock } = await following()
    node.hold()
    const socket = await device.connection(1)
    socket.write('72\n8')
    await until(() => node.waitingCount === 1 && clock.isSet(lineTimeoutMs))
    const stopped = source.stop()
    expect(source.stop()).toBe(stopped)
    node.commit()
    await stopped
    expect(source.counts.stored).toBe(1)
    expect(clock.timerCount).toBe(0)
  })

  test('stop gives up readings that the node refused for now, and says so', async () => {
    const { device, node, source, clock, logger } = await following()
    node.refusal = { code: 'PENDING_FULL', message: 'full' }
    const socket = await device.connection(1)
    socket.write('72\n')
    await until(() => clock.isSet(NODE_LIMITS.sourceRetryMs))
    await source.stop()
    expect(source.counts.skipped).toBe(1)
    expect(logger.lines.at(-1)).toMatchObject({ fields: { line: '72', reason: 'full' } })
    expect(clock.timerCount).toBe(0)
  })

  test('stop while waiting to connect again leaves no timer', async () => {
    const { device, source, clock } = await following()
    const socket = await device.connection(1)
    socket.destroy()
    await until(() => clock.isSet(sourceBackoffMinMs))
    await source.stop()
    expect(clock.timerCount).toBe(0)
  })
})

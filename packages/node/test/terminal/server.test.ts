import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { NodeFailure } from '../../src/ports.ts'
import { type TerminalOptions, TerminalServer } from '../../src/terminal/server.ts'
import { FakeNode } from '../support/fake-node.ts'
import { keepingLogger } from '../support/log.ts'
import { SocketClient, until } from '../support/replay.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const PROMPT = 'Enter a new BPM:'
const LOCAL = { host: '127.0.0.1', port: 0 }

async function serving(options: TerminalOptions = {}) {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  const logger = keepingLogger()
  const server = new TerminalServer({ service: node, clock, logger, ports: [LOCAL], options })
  const [address] = await server.start()
  const clients: SocketClient[] = []
  const join = async (): Promise<SocketClient> => {
    const client = new SocketClient(address!.port)
    clients.push(client)
    await until(() => client.output !== '' || client.closed)
    return client
  }
  const leave = async (): Promise<void> => {
    for (const client of clients) client.socket.destroy()
    await until(() => server.connectionCount === 0)
    await server.stop()
  }
  return { clock, node, logger, server, port: address!.port, join, leave }
}

const bpm = (value: number) => ({ measure: 'bpm', value })

describe('start', () => {
  test('serves several ports, each with its own measure and subject', async () => {
    const clock = new VirtualClock()
    const node = new FakeNode(clock)
    const ports = [
      LOCAL,
      { ...LOCAL, measure: 'bpm', subject: 'ward-2' },
      { ...LOCAL, measure: 'temperature' },
    ]
    const server = new TerminalServer({ service: node, clock, logger: keepingLogger(), ports })
    const addresses = await server.start()
    const clients = addresses.map(({ port }) => new SocketClient(port))
    await Promise.all(clients.map((client) => client.sees('Enter a new')))
    for (const [index, text] of ['72\n', '80\n', '36.6\n'].entries()) {
      clients[index]!.send(text)
      await clients[index]!.sees('stored')
      clients[index]!.end()
    }
    expect(node.submitted).toEqual([
      bpm(72),
      { ...bpm(80), subject: 'ward-2' },
      { measure: 'temperature', value: 36.6 },
    ])
    await until(() => server.connectionCount === 0)
    await server.stop()
  })

  test('a taken port is refused with its name, and no other port stays open', async () => {
    const { port, leave, node, clock, logger } = await serving()
    const ports = [LOCAL, { ...LOCAL, port }]
    const server = new TerminalServer({ service: node, clock, logger, ports })
    const failure = await server.start().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(NodeFailure)
    expect(failure).toMatchObject({
      code: 'TERMINAL_PORT_TAKEN',
      message: `terminals cannot be served on 127.0.0.1:${port}: another program serves this port`,
    })
    await server.stop()
    await leave()
  })

  test('a taken port that nobody chose moves to the next free one, and the log says so', async () => {
    const { port, leave, node, clock } = await serving()
    const logger = keepingLogger()
    const ports = [{ ...LOCAL, port }]
    const init = { service: node, clock, logger, ports, portsExplicit: false }
    const [second, third] = [new TerminalServer(init), new TerminalServer(init)]
    const [near] = await second.start()
    expect(near).toMatchObject({ host: '127.0.0.1', movedFrom: port })
    expect(near!.port).toBeGreaterThan(port)
    const [further] = await third.start()
    expect(further!.port).toBeGreaterThan(near!.port)
    expect(logger.lines[0]).toMatchObject({
      level: 'warn',
      fields: { from: port, to: near!.port },
      message: 'a terminal port was taken',
    })
    const client = new SocketClient(near!.port)
    await client.sees(PROMPT)
    await Promise.all([second.stop(), third.stop()])
    await leave()
  })

  test('an address that is not of this machine is refused', async () => {
    const clock = new VirtualClock()
    const ports = [{ host: '192.0.2.1', port: 0 }]
    const server = new TerminalServer({ service: new FakeNode(clock), clock, logger: keepingLogger(), ports })
    await expect(server.start()).rejects.toMatchObject({ code: 'TERMINAL_ADDRESS_INVALID' })
  })

  test('a measure that the ledger does not have is refused', async () => {
    const clock = new VirtualClock()
    const ports = [{ ...LOCAL, measure: 'steps' }]
    const server = new TerminalServer({ service: new FakeNode(clock), clock, logger: keepingLogger(), ports })
    await expect(server.start()).rejects.toMatchObject({
      code: 'MEASURE_UNKNOWN',
      message: 'the ledger has no measure "steps"; it has bpm, temperature',
    })
  })
})

describe('connections', () => {
  test('more than connectionsMax are told so and closed; a place that is left is free again', async () => {
    const { join, leave, server } = await serving({ connectionsMax: 2 })
    const first = await join()
    await join()
    const third = await join()
    await until(() => third.closed)
    expect(third.output).toBe('This node serves 2 terminals already: try again later.\n')
    first.socket.destroy()
    await until(() => server.connectionCount === 1)
    expect((await join()).output).toBe(PROMPT)
    await leave()
  })

  test('more than connectionsPerAddressMax of one address are told so and closed', async () => {
    const { join, leave, logger } = await serving({ connectionsPerAddressMax: 1 })
    await join()
    const second = await join()
    await until(() => second.closed)
    expect(second.output).toBe('This node serves 1 terminals of your address already: close one.\n')
    expect(logger.lines).toMatchObject([{ level: 'warn', message: 'refused a terminal: there are too many' }])
    await leave()
  })

  test('a reset within a line costs nobody else anything', async () => {
    const { join, leave, server, node } = await serving()
    const [rude, calm] = [await join(), await join()]
    rude.send('72\n7')
    rude.socket.resetAndDestroy()
    await until(() => server.connectionCount === 1)
    calm.send('80\n')
    await calm.sees('80 BPM stored')
    expect(node.chain.length).toBeGreaterThanOrEqual(2)
    await leave()
  })

  test('whoever vanishes while its reading or verification runs leaves nothing behind', async () => {
    const { join, leave, server, node, clock } = await serving()
    node.hold()
    let aborted = false
    node.verification = (signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          aborted = true
          reject(new Error('aborted'))
        })
      })
    const [first, second] = [await join(), await join()]
    first.send('72\n7')
    second.send('verify\n')
    await until(() => node.waitingCount === 1 && node.verifyCount === 1)
    first.socket.resetAndDestroy()
    second.socket.resetAndDestroy()
    await until(() => server.connectionCount === 0)
    expect(aborted).toBe(true)
    node.commit()
    await leave()
    expect(clock.timerCount).toBe(0)
  })

  test('1,000 clients typing at once: every reading is answered and stored exactly once', async () => {
    const { join, leave, node } = await serving()
    const clients = await Promise.all(Array.from({ length: 1_000 }, join))
    for (const [index, client] of clients.entries()) client.send(`${index % 500}\n`)
    await until(() => clients.every(({ output }) => output.includes('stored')))
    expect(node.submitted.length).toBe(1_000)
    for (const [index, { output }] of clients.entries()) {
      expect(output).toMatch(
        new RegExp(`^${PROMPT}#\\d+ ${index % 500} BPM stored in block [0-9a-f]{8}\\n${PROMPT}$`),
      )
    }
    await leave()
  })

  test('a node that fails within a reading says that it is not confirmed', async () => {
    const { join, leave, node } = await serving()
    node.hold()
    const client = await join()
    client.send('72\n')
    await until(() => node.waitingCount === 1)
    node.crash()
    await client.sees('failed before this was confirmed')
    await leave()
  })

  test('a question that the node cannot answer is answered with that, and logged', async () => {
    const { join, leave, node, logger } = await serving()
    node.status = () => {
      throw new Error('the disk is gone')
    }
    const client = await join()
    client.send('status\n72\n')
    await client.sees('stored')
    expect(client.output).toContain('could not answer "status": its log says why')
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { query: 'status' } }])
    await leave()
  })
})

describe('stop', () => {
  test('answers readings in flight, says goodbye, closes, and resolves twice', async () => {
    const { join, server, node, clock } = await serving()
    node.hold()
    const [typing, idle] = [await join(), await join()]
    typing.send('72\n80\n8')
    await until(() => node.waitingCount === 2)
    const stopped = server.stop()
    expect(server.stop()).toBe(stopped)
    node.commit()
    await stopped
    await until(() => typing.closed && idle.closed)
    expect(typing.output).toMatch(
      /80 BPM stored in block \w{8}\nEnter a new BPM:\nThe node is stopping: .*Goodbye\.\n$/,
    )
    expect(idle.output).toMatch(/^Enter a new BPM:\nThe node is stopping: .*Goodbye\.\n$/)
    expect(clock.timerCount).toBe(0)
  })

  test('accepts nobody any more', async () => {
    const { server, port } = await serving()
    await server.stop()
    const refused = connect({ port, host: '127.0.0.1' })
    const code = await new Promise((resolve) => {
      refused.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    })
    expect(code).toBe('ECONNREFUSED')
  })

  test('does not wait for ever for a client that does not leave', async () => {
    const { clock, node, server, port } = await serving()
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    await new Promise((resolve) => socket.once('data', resolve))
    socket.on('error', () => {})
    const stopped = server.stop()
    // The client has its goodbye, but keeps its side open.
    await new Promise((resolve) => socket.once('end', resolve))
    expect(server.connectionCount).toBe(1)
    await until(() => clock.isSet(NODE_LIMITS.lingerMs))
    clock.advance(NODE_LIMITS.lingerMs)
    await stopped
    expect(node.chain.length).toBe(1)
    socket.destroy()
  })

  test('does not wait for ever for a reading that is never answered', async () => {
    const { join, clock, node, server, logger } = await serving({ drainMs: 3_000 })
    node.hold()
    const client = await join()
    client.send('72\n')
    await until(() => node.waitingCount === 1)
    const stopped = server.stop()
    clock.advance(3_000)
    await stopped
    expect(logger.lines).toMatchObject([{ message: 'cut off terminals that did not take their answers' }])
  })
})

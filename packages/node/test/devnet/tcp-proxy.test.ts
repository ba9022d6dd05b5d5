import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { TcpProxy } from '../../src/devnet/tcp-proxy.ts'
import { eventually } from '../support/eventually.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

/** One end of a connection, with what it has seen. */
class End {
  text = ''
  hasEnded = false
  isClosed = false
  errorCode: string | undefined
  readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (piece: string) => {
      this.text += piece
    })
    socket.on('end', () => {
      this.hasEnded = true
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code
    })
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  async sees(text: string): Promise<void> {
    await eventually(() => this.text).toBe(text)
  }

  async closes(): Promise<void> {
    await eventually(() => this.isClosed).toBe(true)
  }
}

let server: Server
let served: End[]
let targetPort: number
let ends: End[]
let proxy: TcpProxy
let proxyPort: number

beforeEach(async () => {
  served = []
  ends = []
  server = createServer({ allowHalfOpen: true }, (socket) => {
    served.push(new End(socket))
  })
  targetPort = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  proxy = new TcpProxy({ clock: systemClock })
  proxyPort = await proxy.listen()
})

afterEach(async () => {
  await proxy.close()
  for (const { socket } of [...served, ...ends]) socket.destroy()
  server.close()
})

/** A connection to the proxy; nothing is known of the target yet. */
function dial(): End {
  const end = new End(connect({ port: proxyPort, host: '127.0.0.1', allowHalfOpen: true }))
  ends.push(end)
  return end
}

/** A connection through the proxy that has carried a byte each way. */
async function pair(): Promise<{ client: End; target: End }> {
  const client = dial()
  client.send('?')
  const index = served.length
  await eventually(() => served[index]?.text).toBe('?')
  const target = served[index] as End
  target.send('!')
  await client.sees('!')
  client.text = ''
  target.text = ''
  return { client, target }
}

/** A round trip over another proxied connection: whatever was on its way before has been carried out. */
async function echoThrough(other: { client: End; target: End }): Promise<void> {
  const { length } = other.target.text
  other.client.send('x')
  await eventually(() => other.target.text.length).toBe(length + 1)
}

describe('a whole network', () => {
  beforeEach(() => proxy.setTarget(targetPort))

  test('carries bytes both ways, and ends one by one', async () => {
    const { client, target } = await pair()
    client.send('to the target')
    await target.sees('to the target')
    client.socket.end()
    await eventually(() => target.hasEnded).toBe(true)
    target.send('still heard')
    await client.sees('still heard')
    target.socket.end()
    await client.closes()
    await target.closes()
    expect(client.errorCode).toBe(undefined)
    await eventually(() => proxy.connectionCount).toBe(0)
  })

  test('carries more than all buffers hold, in order, however slow the reader', async () => {
    const { client, target } = await pair()
    target.socket.pause()
    const sent = Array.from({ length: 200_000 }, (_, index) => `${index} of them;`).join('')
    expect(sent.length).toBeGreaterThan(2_500_000)
    client.send(sent)
    client.socket.end()
    target.socket.resume()
    await eventually(() => target.hasEnded).toBe(true)
    expect(target.text === sent).toBe(true)
  })

  test('hands a reset on', async () => {
    const { client, target } = await pair()
    client.socket.resetAndDestroy()
    await target.closes()
    expect(target.errorCode).toBe('ECONNRESET')
    expect(proxy.connectionCount).toBe(0)
  })
})

describe('the target', () => {
  test('is waited for, and gets what was sent meanwhile', async () => {
    const client = dial()
    client.send('early')
    await eventually(() => proxy.connectionCount).toBe(1)
    proxy.setTarget(targetPort)
    await eventually(() => served[0]?.text).toBe('early')
  })

  test('when refused, resets those who wait and those who come, until there is one', async () => {
    const waiting = dial()
    await eventually(() => proxy.connectionCount).toBe(1)
    proxy.refuse()
    await waiting.closes()
    await dial().closes()
    proxy.setTarget(targetPort)
    await pair()
  })

  test('when nobody listens there, resets who comes', async () => {
    await new Promise((resolve) => server.close(resolve))
    proxy.setTarget(targetPort)
    const client = dial()
    await client.closes()
    expect(client.errorCode).toBe('ECONNRESET')
    expect(proxy.connectionCount).toBe(0)
  })

  test('when forgotten, is waited for again', async () => {
    proxy.setTarget(targetPort)
    await pair()
    proxy.forgetTarget()
    const client = dial()
    client.send('later')
    await eventually(() => proxy.connectionCount).toBe(2)
    expect(served.length).toBe(1)
    proxy.setTarget(targetPort)
    await eventually(() => served[1]?.text).toBe('later')
  })
})

describe('a silent cut', () => {
  let other: { client: End; target: End }
  let otherProxy: TcpProxy

  beforeEach(async () => {
    proxy.setTarget(targetPort)
    // A second way to the same server, which stays whole: its round trips are what tests wait for.
    otherProxy = new TcpProxy({ clock: systemClock })
    const port = await otherProxy.listen()
    otherProxy.setTarget(targetPort)
    const index = served.length
    const client = new End(connect({ port, host: '127.0.0.1' }))
    ends.push(client)
    await eventually(() => served.length).toBe(index + 1)
    other = { client, target: served[index] as End }
  })

  afterEach(() => otherProxy.close())

  test('lets nothing through and tells nobody', async () => {
    const { client, target } = await pair()
    proxy.cut()
    expect(proxy.isCut).toBe(true)
    client.send('lost')
    target.send('lost')
    await echoThrough(other)
    await echoThrough(other)
    expect([client, target].map(({ text, isClosed, hasEnded }) => ({ text, isClosed, hasEnded }))).toEqual([
      { text: '', isClosed: false, hasEnded: false },
      { text: '', isClosed: false, hasEnded: false },
    ])
  })

  test('hides that an end has closed or was reset', async () => {
    const { client, target } = await pair()
    const second = await pair()
    proxy.cut()
    client.socket.destroy()
    second.client.socket.resetAndDestroy()
    await client.closes()
    await second.client.closes()
    await echoThrough(other)
    await echoThrough(other)
    expect([target, second.target].map(({ isClosed, hasEnded }) => isClosed || hasEnded)).toEqual([
      false,
      false,
    ])
    proxy.heal()
    await target.closes()
    await second.target.closes()
    expect(proxy.connectionCount).toBe(0)
  })

  test('when healed, destroys connections that lost bytes, at both ends; new ones work', async () => {
    const { client, target } = await pair()
    proxy.cut()
    client.send('lost')
    await echoThrough(other)
    await echoThrough(other)
    proxy.heal()
    expect(proxy.isCut).toBe(false)
    await client.closes()
    await target.closes()
    expect(target.text).toBe('')
    await pair()
  })

  test('when healed, lets connections that lost nothing go on', async () => {
    const { client, target } = await pair()
    proxy.cut()
    proxy.heal()
    client.send('and on')
    await target.sees('and on')
    target.send('and back')
    await client.sees('and back')
  })

  test('accepts connections that lead nowhere, and heals those that said nothing', async () => {
    proxy.cut()
    const { length } = served
    const speaker = dial()
    speaker.send('hello?')
    const silent = dial()
    await eventually(() => proxy.connectionCount).toBe(2)
    await eventually(() => speaker.socket.bytesWritten).toBe(6)
    await echoThrough(other)
    expect(served.length).toBe(length)
    expect(speaker.isClosed).toBe(false)
    proxy.heal()
    await speaker.closes()
    silent.send('now')
    await eventually(() => served[length]?.text).toBe('now')
  })

  test('of one direction leaves the other one open', async () => {
    const { client, target } = await pair()
    proxy.cut('forward')
    client.send('lost')
    target.send('heard')
    await client.sees('heard')
    await echoThrough(other)
    expect(target.text).toBe('')
    proxy.cut('backward')
    target.send('lost')
    await echoThrough(other)
    await echoThrough(other)
    expect(client.text).toBe('heard')
    proxy.heal()
    await client.closes()
    await target.closes()
  })

  test('of the way back lets what is sent arrive', async () => {
    const { client, target } = await pair()
    proxy.cut('backward')
    client.send('arrives')
    await target.sees('arrives')
    target.send('lost')
    client.send(', always')
    await target.sees('arrives, always')
    expect(client.text).toBe('')
    // Nor does a handshake get through, for which both directions are needed.
    const { length } = served
    dial()
    await eventually(() => proxy.connectionCount).toBe(2)
    await echoThrough(other)
    expect(served.length).toBe(length)
  })
})

test('resetting ends every connection and every new one, until it is healed', async () => {
  proxy.setTarget(targetPort)
  const { client, target } = await pair()
  proxy.reset()
  await client.closes()
  await target.closes()
  expect([client.errorCode, target.errorCode]).toEqual(['ECONNRESET', 'ECONNRESET'])
  await dial().closes()
  proxy.heal()
  await pair()
})

test('closing resets what is connected, twice is once', async () => {
  proxy.setTarget(targetPort)
  const { client, target } = await pair()
  await proxy.close()
  await proxy.close()
  await client.closes()
  await target.closes()
  const late = dial()
  await late.closes()
  expect(late.errorCode).toBe('ECONNREFUSED')
})

test('a delay holds each piece for so long, in order, and a cut loses what is on its way', async () => {
  const clock = new VirtualClock()
  const slow = new TcpProxy({ clock })
  const port = await slow.listen()
  slow.setTarget(targetPort)
  try {
    const client = new End(connect({ port, host: '127.0.0.1' }))
    ends.push(client)
    await eventually(() => served.length).toBe(1)
    const [target] = served as [End]
    slow.delay(100)
    client.send('slow')
    await eventually(() => clock.isSet(100)).toBe(true)
    slow.delay(0)
    client.send(' and steady')
    clock.advance(99)
    expect(target.text).toBe('')
    clock.advance(1)
    await target.sees('slow and steady')
    slow.delay(100)
    client.send('lost')
    await eventually(() => clock.isSet(100)).toBe(true)
    slow.cut()
    slow.heal()
    await client.closes()
    await target.closes()
    expect(target.text).toBe('slow and steady')
    expect(clock.timerCount).toBe(0)
  } finally {
    await slow.close()
  }
})

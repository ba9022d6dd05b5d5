import { connect, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Logger } from '../../src/ports.ts'
import { Broadcaster } from '../../src/terminal/broadcast.ts'
import { Printer } from '../../src/terminal/printer.ts'
import { RecentBlocks } from '../../src/terminal/recent-blocks.ts'
import { TerminalServer } from '../../src/terminal/server.ts'
import { FakeNode } from './fake-node.ts'
import { SessionDriver } from './session-driver.ts'
import type { Transcript } from './transcript.ts'
import { VirtualClock } from './virtual-clock.ts'

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Turns of the event loop until `claim` holds; the test's own time limit ends a wait that never does. */
export async function until(claim: () => boolean): Promise<void> {
  while (!claim()) await setImmediate()
}

/** A terminal, whichever way it is connected. */
export interface Client {
  readonly output: string
  readonly closed: boolean
  send(bytes: Uint8Array | string): void
  end(): void
}

/** The other side of a real socket. */
export class SocketClient implements Client {
  output = ''
  closed = false
  readonly socket: Socket

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => {
      this.output += text
    })
    this.socket.on('error', () => {})
    this.socket.on('end', () => this.socket.end())
    this.socket.on('close', () => {
      this.closed = true
    })
  }

  send(bytes: Uint8Array | string): void {
    this.socket.write(bytes)
  }

  end(): void {
    this.socket.end()
  }

  /** Resolves when `text` is in the output. */
  async sees(text: string): Promise<void> {
    await until(() => this.output.includes(text))
  }
}

interface World {
  connect(): Client
  stop(): Promise<void>
}

/** Replays against the pure session: every effect is done within the step that gave it. */
export async function replayPure(transcript: Transcript): Promise<void> {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  const drivers: SessionDriver[] = []
  const broadcaster = new Broadcaster({
    service: node,
    recent: new RecentBlocks(node, 100),
    clock,
    logger: SILENT,
    intervalMs: 30_000,
    blocksMax: 100,
    receivers: () => drivers,
  })
  broadcaster.start()
  await replay(transcript, node, clock, {
    connect: () => {
      const driver = new SessionDriver(node, clock, transcript)
      drivers.push(driver)
      return driver
    },
    stop: async () => broadcaster.stop(),
  })
}

/** Replays over TCP against the server. */
export async function replayOverSockets(transcript: Transcript): Promise<void> {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  const { measure, subject } = transcript
  const port = { host: '127.0.0.1', port: 0, measure, ...(subject === undefined ? {} : { subject }) }
  const server = new TerminalServer({ service: node, clock, logger: SILENT, ports: [port] })
  const [address] = await server.start()
  await replay(transcript, node, clock, {
    connect: () => new SocketClient(address?.port ?? 0),
    stop: () => server.stop(),
  })
  expect(server.connectionCount).toBe(0)
}

async function replay(
  { steps }: Transcript,
  node: FakeNode,
  clock: VirtualClock,
  world: World,
): Promise<void> {
  const clients = new Map<string, Client & { expected?: string }>()
  let printed = ''
  const output = new Writable({
    write(chunk, _encoding, done) {
      printed += String(chunk)
      done()
    },
  })
  const printer = new Printer({ service: node, clock, logger: SILENT, output, json: false, colour: false })
  printer.start([])
  let printedExpected = printed
  const expected = new Map<string, string>()
  const clientOf = (name: string): Client => {
    const client = clients.get(name) ?? world.connect()
    clients.set(name, client)
    return client
  }
  const caughtUp = async (): Promise<void> => {
    for (const [name, text] of expected) {
      const client = clientOf(name)
      await until(() => client.output.length >= text.length || client.closed)
      expect(client.output.slice(0, text.length), `what ${name} got`).toBe(text)
    }
    await until(() => printed.length >= printedExpected.length)
    expect(printed.slice(0, printedExpected.length)).toBe(printedExpected)
  }
  for (const step of steps) {
    if (step.kind === 'expect') {
      expected.set(step.client, (expected.get(step.client) ?? '') + step.text)
      continue
    }
    if (step.kind === 'printed') {
      printedExpected += step.text
      continue
    }
    await caughtUp()
    if (step.kind === 'wait') clock.advance(step.ms)
    else if (step.kind === 'send') clientOf(step.client).send(step.bytes)
    else if (step.kind === 'end') clientOf(step.client).end()
    else if (step.kind === 'closed') await until(() => clientOf(step.client).closed)
    else await until(() => clock.timerCount > 1)
  }
  await caughtUp()
  for (const [name, client] of clients) {
    const stillOpen = !client.closed
    if (stillOpen) client.end()
    await until(() => client.closed)
    const all = (expected.get(name) ?? '') + (stillOpen ? '\n' : '')
    expect(client.output, `all that ${name} got`).toBe(all)
  }
  await world.stop()
  await printer.stop()
}

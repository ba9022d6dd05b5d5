import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { encodeHelloAnswer, encodeHelloRequest, toHex, utf8 } from '@pulseledger/core'
import { createLibp2p } from 'libp2p'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { parseAddress } from '../../src/network/libp2p/addresses.ts'
import { transportOptions } from '../../src/network/libp2p/config.ts'
import { HELLO_PROTOCOL } from '../../src/network/libp2p/hello.ts'
import { isConnected, LEDGER, publishUntilHeard } from './conformance.ts'
import { addressOf, type Libp2pNode, Libp2pNodes, libp2pDriver, until } from './libp2p-nodes.ts'

const protocol = (kind: string): string => `/pulseledger/${toHex(LEDGER)}/${kind}/1`
const OPTIONS = { timeoutMs: 5_000, answerBytesMax: 65_536 }

let nodes = new Libp2pNodes()
const strangers: Libp2p[] = []

describe('a hostile peer', () => {
  afterEach(async () => {
    await Promise.all(strangers.splice(0).map((node) => node.stop()))
    await nodes.close()
    nodes = new Libp2pNodes()
  })

  it('that cuts its answer short is told apart from one that refuses', async () => {
    const cut = codeOfAnswer(async (stream) => {
      stream.send(Uint8Array.of(0xe8, 0x07, 1, 2, 3))
      await stream.close()
    })
    expect(await cut).toBe('PEER_ANSWER_INVALID')
    const refused = codeOfAnswer(async (stream) => stream.abort(new Error('no')))
    expect(await refused).toBe('PEER_REFUSED')
    const silent = codeOfAnswer(async (stream) => stream.close())
    expect(await silent).toBe('PEER_REFUSED')
  })

  it('that trickles its answer runs into the time limit', async () => {
    const code = await codeOfAnswer(async (stream) => {
      stream.send(Uint8Array.of(0xe8, 0x07))
      const timer = setInterval(() => {
        if (stream.status === 'open') stream.send(Uint8Array.of(1))
        else clearInterval(timer)
      }, 20)
    }, 200)
    expect(code).toBe('PEER_TIMEOUT')
  })

  it('that announces a length beyond the limit, or none that ends, is refused at once', async () => {
    const lengths = [Uint8Array.of(0x81, 0x80, 0x04), Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)]
    for (const length of lengths) {
      const code = await codeOfAnswer(async (stream) => {
        stream.send(length)
      })
      expect(code).toBe('PEER_ANSWER_INVALID')
    }
  })

  it('that sends on after its answer is cut off', async () => {
    let sent = 0
    let end: string | undefined
    const length = await codeOfAnswer(async (stream) => {
      stream.addEventListener('close', () => {
        end = stream.status
      })
      stream.send(Uint8Array.of(1, 42))
      while (stream.status === 'open' && sent < 64 * 1_048_576) {
        sent += 65_536
        if (!stream.send(new Uint8Array(65_536))) await stream.onDrain().catch(() => {})
      }
    })
    expect([1, 'PEER_ANSWER_INVALID']).toContain(length)
    await until(() => end === 'reset')
    expect(sent).toBeLessThan(8 * 1_048_576)
  })

  it('that sends a question of any length is cut off before it is looked at', async () => {
    const target = await nodes.join()
    let asked = 0
    target.seen.answer = async (_, message) => {
      asked += 1
      return message
    }
    const { connection } = await intruder(target)
    const stream = await connection.newStream([protocol('bodies')])
    stream.send(Uint8Array.of(0x81, 0x80, 0x01))
    await until(() => stream.status === 'reset')
    expect(asked).toBe(0)
    expect(target.network.peers()).toHaveLength(1)
  })

  it('that asks many questions at once has some refused, and others are answered', async () => {
    const target = await nodes.join()
    const honest = await nodes.join({ peers: [addressOf(target)] })
    await until(() => isConnected(target, honest))
    let running = 0
    const open = Promise.withResolvers<void>()
    target.seen.answer = async (_, message, from) => {
      if (from === honest.network.self) return message
      running += 1
      await open.promise
      return message
    }
    const node = await stranger()
    const connection = await dial(node, target)
    const hello = lpStream(await connection.newStream([HELLO_PROTOCOL]))
    await hello.write(encodeHelloRequest(LEDGER))
    await hello.read()
    const kinds = ['bodies', 'headers', 'status']
    const streams = await Promise.all(
      Array.from({ length: 30 }, (_, index) => connection.newStream([protocol(kinds[index % 3] ?? '')])),
    )
    for (const stream of streams) if (stream.status === 'open') stream.send(Uint8Array.of(1, 1))
    await until(() => streams.filter(({ status }) => status === 'reset').length === 14)
    await until(() => running === 16)
    const answer = await honest.network.request(target.network.self, 'status', utf8('!'), OPTIONS)
    expect(answer).toEqual(utf8('!'))
    open.resolve()
  })

  it('that takes no part in gossip is connected to again, in case its stream was lost', async () => {
    let passedMs = 0
    const clock = { ...systemClock, now: () => systemClock.now() + passedMs }
    const target = await nodes.join({ clock })
    const { connection } = await intruder(target)
    const honest = await nodes.join({ peers: [addressOf(target)] })
    await publishUntilHeard(libp2pDriver(), honest, [target])
    passedMs += 10_000
    await until(() => connection.status === 'closed')
    expect(target.network.peers().map(({ id }) => id)).toEqual([honest.network.self])
    expect(target.logger.lines.some(({ message }) => message.startsWith('gossip with a peer was lost'))).toBe(
      true,
    )
  })

  it('that says no hello is asked nothing, told nothing and answered nothing', async () => {
    const target = await nodes.join()
    const node = await stranger()
    const connection = await dial(node, target)
    const stream = await connection.newStream([protocol('status')])
    stream.send(Uint8Array.of(1, 1))
    let asked = 0
    target.seen.answer = async (_, message) => {
      asked += 1
      return message
    }
    const honest = await nodes.join({ peers: [addressOf(target)] })
    await until(() => isConnected(target, honest))
    await honest.network.request(target.network.self, 'status', utf8('!'), OPTIONS)
    expect(asked).toBe(1)
    expect(target.network.peers().map(({ id }) => id)).toEqual([honest.network.self])
  })
})

/** Speaks libp2p and nothing of our protocols, but for what a test adds. */
async function stranger(): Promise<Libp2p> {
  const node = await createLibp2p({
    ...(await transportOptions({ clock: systemClock, swarmKey: undefined, usesRelays: false })),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    connectionGater: { denyDialMultiaddr: () => false },
  })
  strangers.push(node)
  return node
}

async function dial(from: Libp2p, to: Libp2pNode): Promise<Connection> {
  const address = parseAddress(addressOf(to))
  if (!address.ok) throw new Error(address.error.message)
  return from.dial(address.value)
}

/** A connection that has said the right hello. */
async function intruder(target: Libp2pNode): Promise<{ node: Libp2p; connection: Connection }> {
  const node = await stranger()
  const connection = await dial(node, target)
  const hello = lpStream(await connection.newStream([HELLO_PROTOCOL]))
  await hello.write(encodeHelloRequest(LEDGER))
  expect((await hello.read()).subarray()).toEqual(
    Buffer.from(encodeHelloAnswer({ ledger: LEDGER, genesis: null })),
  )
  await until(() => target.network.peers().length === 1)
  return { node, connection }
}

/** What our node makes of what a peer answers with. */
async function codeOfAnswer(answer: (stream: Stream) => Promise<void>, timeoutMs = 5_000): Promise<unknown> {
  const target = await nodes.join()
  const { node } = await intruder(target)
  await node.handle(protocol('bodies'), answer)
  const asked = target.network.request(node.peerId.toString(), 'bodies', utf8('?'), {
    ...OPTIONS,
    timeoutMs,
  })
  return asked.then(
    (bytes) => bytes.length,
    (error: { code: string }) => error.code,
  )
}

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Block, toHex } from '@pulseledger/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { systemRandom } from '../../src/adapters/random.ts'
import { type AskedAnswer, askNode } from '../../src/control/client.ts'
import { type ControlRequest, formatRequest } from '../../src/control/protocol.ts'
import { ControlServer } from '../../src/control/server.ts'
import { NODE_LIMITS } from '../../src/limits.ts'
import type { Clock, EntryState, NodeService, PeerView } from '../../src/ports.ts'
import { eventually } from '../support/eventually.ts'
import { FakeNode } from '../support/fake-node.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

let directory: string
let node: FakeNode
let clock: VirtualClock
let server: ControlServer
let path: string

async function serve(service: NodeService, at = directory): Promise<string> {
  server = new ControlServer({ service, clock, random: systemRandom, logger: silent, directory: at })
  return server.start()
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pulseledger-control-'))
  clock = new VirtualClock()
  node = new FakeNode(clock)
  path = await serve(node)
})
afterEach(async () => {
  await server.stop()
  rmSync(directory, { recursive: true })
})

async function ask(request: ControlRequest, timer: Clock = systemClock): Promise<AskedAnswer[]> {
  const answers: AskedAnswer[] = []
  for await (const answer of askNode(path, request, timer)) answers.push(answer)
  return answers
}

function heightsOf(answers: readonly AskedAnswer[]): (number | string)[] {
  return answers.map((answer) => (answer.kind === 'block' ? lengthOf(answer.parts.payloads) : answer.kind))
}

/** Blocks of the fake have no header bytes: the number of their readings tells them apart. */
function lengthOf(payloads: readonly unknown[]): number {
  return payloads.length
}

/** Block `n` of the fake gets `n` readings. */
function grow(count: number): void {
  for (let i = 0; i < count; i++) {
    const height = node.chain.length
    node.add(Array.from({ length: height }, () => ({ measure: 'bpm', value: 72 })))
  }
}

/** What a raw client gets to read until the server closes, having written `chunks` in as many writes. */
async function raw(...chunks: (string | Uint8Array)[]): Promise<string> {
  const socket = connect(path)
  let text = ''
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  for (const chunk of chunks) {
    if (socket.destroyed) break
    await new Promise((resolve) => socket.write(chunk, resolve))
  }
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  return text
}

function connected(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(socket))
    socket.on('error', () => {})
  })
}

describe('a request', () => {
  test('for the status is answered with what the node says, byte for byte', async () => {
    grow(2)
    expect(await ask({ command: 'status' })).toEqual([{ kind: 'status', status: node.status() }])
  })

  test('for blocks is answered with those of the range that there are', async () => {
    grow(5)
    expect(heightsOf(await ask({ command: 'blocks', from: 2, to: 3 }))).toEqual([2, 3])
    expect(heightsOf(await ask({ command: 'blocks', from: 4, to: 99 }))).toEqual([4, 5])
    expect(heightsOf(await ask({ command: 'blocks', from: 9, to: 99 }))).toEqual([])
    expect(heightsOf(await ask({ command: 'blocks', from: 3, to: 2 }))).toEqual([])
  })

  test('for a block by hash is answered with it, or with nothing', async () => {
    grow(3)
    const { hash, payloads } = node.chain[3] as Block
    const [found] = await ask({ command: 'block', hash })
    expect(found).toMatchObject({ kind: 'block', parts: { payloads } })
    expect(await ask({ command: 'block', hash: new Uint8Array(32) })).toEqual([])
  })

  test('keeps an erased payload null', async () => {
    const block = node.add([{ measure: 'bpm', value: 72 }])
    node.chain[1] = { ...block, payloads: [null] }
    const [found] = await ask({ command: 'blocks', from: 1, to: 1 })
    expect(found).toMatchObject({ parts: { payloads: [null] } })
  })

  test('for the status tells of the network', async () => {
    node.network = {
      peerCount: 2,
      addresses: ['10.0.0.1:7400'],
      sync: { kind: 'catching-up', height: 120, target: 10_000 },
      mayProduce: true,
    }
    expect(await ask({ command: 'status' })).toEqual([{ kind: 'status', status: node.status() }])
  })

  test.each([
    { threads: 0, hashesPerSecond: 0, search: undefined },
    {
      threads: 2,
      hashesPerSecond: 9_810_000,
      search: { height: 13, entryCount: 3, difficulty: 2 ** 60, tried: 12 },
    },
  ])('for the status tells of mining (%#)', async (mining) => {
    node.mining = mining
    expect(await ask({ command: 'status' })).toEqual([{ kind: 'status', status: node.status() }])
  })

  test('for the peers is answered with all of them, byte for byte', async () => {
    expect(await ask({ command: 'peers' })).toEqual([{ kind: 'peers', peers: [] }])
    const peer: PeerView = {
      id: '12D3KooWpeer',
      publicKey: new Uint8Array(32).fill(1),
      address: '10.0.0.7:7400',
      direction: 'inbound',
      connectedAt: 5,
      head: { height: 12, hash: new Uint8Array(32).fill(2) },
      state: 'diverged',
    }
    node.peerViews = [peer, { ...peer, head: undefined, state: 'unknown' }]
    expect(await ask({ command: 'peers' })).toEqual([{ kind: 'peers', peers: node.peerViews }])
  })

  test('for the invite is answered with the word, or with null', async () => {
    expect(await ask({ command: 'invite' })).toEqual([{ kind: 'invite', invite: null }])
    node.inviteWord = 'pulse1abc'
    expect(await ask({ command: 'invite' })).toEqual([{ kind: 'invite', invite: 'pulse1abc' }])
  })

  test('for an entry is answered with its state, whichever it is', async () => {
    const id = new Uint8Array(32).fill(3)
    const receipt = { entryId: id, height: 4, blockHash: new Uint8Array(32).fill(4), index: 9 }
    const states: EntryState[] = [
      { kind: 'unknown' },
      { kind: 'pending' },
      { kind: 'included', receipt, depth: 0 },
      { kind: 'final', receipt, depth: 100 },
      { kind: 'rejected', error: { code: 'ENTRY_DISPLACED', message: 'taken' } },
    ]
    for (const state of states) {
      node.entryStates.set(toHex(id), state)
      expect(await ask({ command: 'entry', hash: id })).toEqual([{ kind: 'entry', state }])
    }
  })

  test('to verify is answered with the report', async () => {
    const problems = [{ height: 3, field: 'header.root', message: 'is wrong', remedy: 'restore' }]
    const report = {
      ...node.report(),
      ok: false,
      erasedCount: 2,
      isUnsettled: true,
      problems: [...problems, { ...problems[0], height: undefined }],
    }
    node.verification = () => Promise.resolve(report as never)
    expect(await ask({ command: 'verify' })).toEqual([
      { kind: 'report', report: JSON.parse(JSON.stringify(report)) },
    ])
  })

  test('to verify is told how far it is, the newest only', async () => {
    const finished = Promise.withResolvers<void>()
    const service: NodeService = Object.assign(Object.create(node), {
      verify: async (options: { onProgress: (progress: object) => void }) => {
        for (let height = 0; height <= 1_000; height++) options.onProgress({ height, headHeight: 1_000 })
        await finished.promise
        return node.report()
      },
    })
    await server.stop()
    path = await serve(service)
    const answers: AskedAnswer[] = []
    for await (const answer of askNode(path, { command: 'verify' }, systemClock)) {
      answers.push(answer)
      finished.resolve()
    }
    expect(answers).toEqual([
      { kind: 'progress', progress: { height: 1_000, headHeight: 1_000 } },
      { kind: 'report', report: node.report() },
    ])
  })

  test('that fails in the node fails in the client with the same code and message', async () => {
    node.verification = () => Promise.reject(new Error('the moon is full'))
    await expect(ask({ command: 'verify' })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'answering failed: the moon is full',
    })
  })

  test('to verify that is given up aborts the work', async () => {
    const aborted = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    node.verification = (signal) =>
      new Promise((_, reject) => {
        asked.resolve()
        signal?.addEventListener('abort', () => {
          aborted.resolve()
          reject(new Error('given up'))
        })
      })
    const answers = askNode(path, { command: 'verify' }, systemClock)
    void answers.next().catch(() => {})
    await asked.promise
    await server.stop()
    await aborted.promise
  })
})

describe('following', () => {
  async function take(answers: AsyncGenerator<AskedAnswer>, count: number): Promise<(number | string)[]> {
    const taken: AskedAnswer[] = []
    while (taken.length < count) {
      const { value, done } = await answers.next()
      if (done) break
      taken.push(value as AskedAnswer)
    }
    return heightsOf(taken)
  }

  test('gives what there is from a height on, then each new block once and in order', async () => {
    grow(4)
    const answers = askNode(path, { command: 'follow', from: 3 }, systemClock)
    expect(await take(answers, 2)).toEqual([3, 4])
    grow(3)
    expect(await take(answers, 3)).toEqual([5, 6, 7])
    grow(1)
    expect(await take(answers, 1)).toEqual([8])
    await answers.return(undefined)
  })

  test('waits for a height that is not there yet', async () => {
    const answers = askNode(path, { command: 'follow', from: 2 }, systemClock)
    const later = take(answers, 1)
    grow(2)
    expect(await later).toEqual([2])
    await answers.return(undefined)
  })

  test('goes back when blocks that it gave leave the chain', async () => {
    grow(4)
    const answers = askNode(path, { command: 'follow', from: 2 }, systemClock)
    expect(await take(answers, 3)).toEqual([2, 3, 4])
    const [replaced, ...gone] = node.chain.splice(3)
    node.chain.push(replaced as Block)
    for (const block of [...gone, replaced as Block].reverse())
      node.emit({ kind: 'block-disconnected', block })
    node.emit({ kind: 'block-connected', block: replaced as Block })
    grow(1)
    expect(await take(answers, 3)).toEqual(['rewound', 3, 4])
    await answers.return(undefined)
  })

  test('does not read a block of another branch before the reorg is told', async () => {
    grow(2)
    const answers = askNode(path, { command: 'follow', from: 2 }, systemClock)
    expect(await take(answers, 1)).toEqual([2])
    const old = node.chain[2] as Block
    const other = { ...old, hash: new Uint8Array(32).fill(7) }
    node.chain[2] = other
    grow(1)
    const third = node.chain[3] as Block
    node.chain[3] = { ...third, header: { ...third.header, parent: other.hash } }
    node.emit({ kind: 'alarm', error: { code: 'INTERNAL', message: 'wakes the follower' } })
    await new Promise((resolve) => setImmediate(resolve))
    const later = take(answers, 3)
    node.emit({ kind: 'block-disconnected', block: old })
    expect(await later).toEqual(['rewound', 2, 3])
    await answers.return(undefined)
  })

  test('ends with the connection, and leaves no listener behind', async () => {
    const answers = askNode(path, { command: 'follow', from: 0 }, systemClock)
    await answers.next()
    expect(node.listenerCount).toBe(1)
    await answers.return(undefined)
    await eventually(() => node.listenerCount).toBe(0)
  })

  test('is told when the node stops', async () => {
    const answers = askNode(path, { command: 'follow', from: 0 }, systemClock)
    await answers.next()
    const next = answers.next()
    await server.stop()
    await expect(next).rejects.toMatchObject({ code: 'CONTROL_UNANSWERED' })
  })
})

describe('a slow reader', () => {
  test('holds the node back: a million blocks are read only as they are taken', async () => {
    const block = node.add(Array.from({ length: 50 }, () => ({ measure: 'bpm', value: 72 })))
    let readCount = 0
    const endless: NodeService = Object.assign(Object.create(node), {
      *blocks() {
        for (; readCount < 1_000_000; readCount++) yield block
      },
    })
    await server.stop()
    path = await serve(endless)
    const socket = await connected()
    socket.pause()
    socket.write(`${formatRequest({ command: 'blocks', from: 0, to: 1_000_000 })}\n`)
    // A turn of the event loop at a time, until nothing more is read for a while.
    let before = -1
    for (let still = 0; still < 50; still = readCount === before ? still + 1 : 0) {
      before = readCount
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(readCount).toBeGreaterThan(1)
    expect(readCount).toBeLessThan(1_000)
    const stopped = readCount
    socket.resume()
    await eventually(() => readCount).toBeGreaterThan(stopped + 100)
    socket.destroy()
  })
})

describe('refuses', () => {
  const bad: [string, string][] = [
    ['nothing', '\n'],
    ['text', 'status\n'],
    ['another protocol', 'GET / HTTP/1.1\n'],
    ['JSON that is no object', '[1,2]\n'],
    ['null', 'null\n'],
    ['half an object', '{"control":1,"command"\n'],
    ['no version', '{"command":"status"}\n'],
    ['another version', '{"control":2,"command":"status"}\n'],
    ['an unknown command', '{"control":1,"command":"format-disk"}\n'],
    ['a command of Object', '{"control":1,"command":"constructor"}\n'],
    ['a command that is no text', '{"control":1,"command":["status"]}\n'],
    ['an unknown field', '{"control":1,"command":"status","verbose":true}\n'],
    ['__proto__', '{"control":1,"command":"status","__proto__":{}}\n'],
    ['a missing field', '{"control":1,"command":"blocks","from":1}\n'],
    ['a negative height', '{"control":1,"command":"follow","from":-1}\n'],
    ['half a height', '{"control":1,"command":"follow","from":0.5}\n'],
    ['a height as text', '{"control":1,"command":"follow","from":"1"}\n'],
    ['an infinite height', '{"control":1,"command":"follow","from":1e999}\n'],
    ['a null height', '{"control":1,"command":"follow","from":null}\n'],
    ['a short hash', '{"control":1,"command":"block","hash":"abcd"}\n'],
    ['an upper-case hash', `{"control":1,"command":"block","hash":"${'AB'.repeat(32)}"}\n`],
    ['an entry without its hash', '{"control":1,"command":"entry"}\n'],
    ['an entry by its number', '{"control":1,"command":"entry","hash":7}\n'],
    ['peers of something', '{"control":1,"command":"peers","hash":"x"}\n'],
    ['deep nesting', `${'['.repeat(500)}${']'.repeat(500)}\n`],
    ['invalid UTF-8', '\xff\xfe\n'],
    ['a line that is too long', `${' '.repeat(NODE_LIMITS.controlRequestBytesMax + 1)}\n`],
    ['an endless line', 'x'.repeat(100_000)],
    [
      'a second request',
      `${formatRequest({ command: 'status' })}\n${formatRequest({ command: 'status' })}\n`,
    ],
  ]
  test.each(bad)('%s', async (_, line) => {
    const text = await raw(Buffer.from(line, 'latin1'))
    const [answer, rest] = text.split('\n')
    expect(rest).toBe('')
    expect(JSON.parse(answer as string)).toMatchObject({
      kind: 'error',
      error: { code: 'CONTROL_REQUEST_INVALID' },
    })
    expect(await ask({ command: 'status' })).toHaveLength(1)
  })

  test('a request that does not end in time', async () => {
    const text = raw('{"control":1,')
    await eventually(() => clock.timerCount).toBe(1)
    clock.advance(NODE_LIMITS.controlRequestTimeoutMs)
    expect(await text).toContain('was not complete within 5000 ms')
  })

  test('more connections than it allows, and takes them again when others have ended', async () => {
    const sockets = await Promise.all(
      Array.from({ length: NODE_LIMITS.controlConnectionsMax }, () => connected()),
    )
    await expect(ask({ command: 'status' })).rejects.toMatchObject({ code: 'CONTROL_BUSY' })
    for (const socket of sockets) socket.destroy()
    await eventually(() => ask({ command: 'status' }).catch(() => [])).toHaveLength(1)
  })
})

test('the same request cut at every point gets the same answer', async () => {
  grow(2)
  const line = `${formatRequest({ command: 'blocks', from: 1, to: 2 })}\n`
  const whole = await raw(line)
  expect(whole).toMatch(/^\{"kind":"accepted"\}\n(\{"kind":"block".*\}\n){2}\{"kind":"end"\}\n$/)
  for (let cut = 1; cut < line.length; cut++) {
    expect(await raw(line.slice(0, cut), line.slice(cut))).toBe(whole)
  }
  expect(await raw(...line)).toBe(whole)
})

describe('the socket', () => {
  test('is for its owner alone', () => {
    expect(path).toBe(join(directory, 'control.sock'))
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('is gone after stop, which may be called again', async () => {
    await server.stop()
    await server.stop()
    expect(readdirSync(directory)).toEqual([])
    await expect(ask({ command: 'status' })).rejects.toMatchObject({ code: 'CONTROL_UNANSWERED' })
  })

  test('of a killed node is replaced', async () => {
    await server.stop()
    writeFileSync(join(directory, 'control.sock'), '')
    path = await serve(node)
    expect(await ask({ command: 'status' })).toHaveLength(1)
  })

  test('of a data directory with a long path is in a private directory elsewhere', async () => {
    await server.stop()
    const long = join(directory, 'd'.repeat(100))
    mkdirSync(long)
    path = await serve(node, long)
    expect(path.startsWith(long)).toBe(false)
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103)
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
    expect(await ask({ command: 'status' })).toHaveLength(1)
    await server.stop()
    expect(() => statSync(dirname(path))).toThrow('ENOENT')
  })

  test('that cannot be made is a failure with a code', async () => {
    await server.stop()
    await expect(serve(node, join(directory, 'missing'))).rejects.toMatchObject({ code: 'STORE_PERMISSION' })
  })
})

describe('the client says so', () => {
  /** A server that is none of ours. */
  async function answering(lines: string): Promise<void> {
    await server.stop()
    const other = createServer((socket) => {
      socket.on('error', () => {})
      socket.resume().end(lines)
    })
    await new Promise<void>((resolve) => other.listen(path, resolve))
    try {
      await ask({ command: 'status' })
    } finally {
      await new Promise((resolve) => other.close(resolve))
    }
  }

  const cases: [string, string, string][] = [
    ['an answer that breaks off', '{"kind":"accepted"}\n', 'in the middle of its answer'],
    ['an answer that breaks off within a line', '{"kind":"accepted"}\n{"kind":"en', 'in the middle'],
    ['no answer at all', '', 'in the middle of its answer'],
    ['an unknown answer', '{"kind":"accepted"}\n{"kind":"new"}\n', 'does not know'],
    ['something that is not JSON', 'SSH-2.0-OpenSSH\n', 'does not know'],
    ['a block that is none', '{"kind":"block","header":1}\n', 'does not know'],
    ['a status that is none', '{"kind":"status","status":{}}\n', 'does not know'],
    ['a peer that is none', '{"kind":"peers","peers":[{"id":"x"}]}\n', 'does not know'],
    ['an invite that is none', '{"kind":"invite","invite":7}\n', 'does not know'],
    ['an entry that is none', '{"kind":"entry","state":{"kind":"included","depth":1}}\n', 'does not know'],
    ['an error of an unknown code', '{"kind":"error","error":{"code":"x","message":"y"}}\n', 'does not know'],
  ]
  test.each(cases)('%s', async (_, lines, message) => {
    await expect(answering(lines)).rejects.toMatchObject({
      code: 'CONTROL_UNANSWERED',
      message: expect.stringContaining(message),
    })
  })

  test('a node that accepts but does not answer in time', async () => {
    await server.stop()
    const mute = createServer(() => {})
    await new Promise<void>((resolve) => mute.listen(path, resolve))
    const asked = ask({ command: 'status' }, clock)
    clock.advance(NODE_LIMITS.controlAnswerTimeoutMs)
    await expect(asked).rejects.toThrow('did not answer within 5000 ms')
    mute.close()
  })
})

import { Writable } from 'node:stream'
import { toHex } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import type { StartNote } from '../../src/options.ts'
import type { NetworkStatus, PeerConnection } from '../../src/ports.ts'
import { Printer } from '../../src/terminal/printer.ts'
import { FakeNode } from '../support/fake-node.ts'
import { keepingLogger } from '../support/log.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const NETWORK: NetworkStatus = {
  peerCount: 0,
  addresses: ['192.168.1.5:7400', '127.0.0.1:7400'],
  sync: { kind: 'synced' },
  mayProduce: true,
}
const PEER: PeerConnection = {
  id: '12D3KooWabcd1234',
  publicKey: new Uint8Array(32).fill(0x9a),
  address: '10.0.0.7:7400',
  direction: 'outbound',
  connectedAt: 0,
}
const NOTES: readonly StartNote[] = [
  { kind: 'directory-moved', from: '/w/pulseledger-data', to: '/w/pulseledger-data-2' },
  { kind: 'port-moved', service: 'nodes', from: 7400, to: 7401 },
  { kind: 'joined', addresses: ['10.0.0.7:7400'], isTrusted: true },
]

function printing({ json = false } = {}) {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  let text = ''
  const output = new Writable({
    write(chunk, _, done) {
      text += String(chunk)
      done()
    },
  })
  node.network = NETWORK
  node.inviteWord = 'pulse1abc'
  const printer = new Printer({ service: node, clock, logger: keepingLogger(), output, json, colour: false })
  let read = 0
  /** What was printed since the last call. */
  const printed = (): string[] => {
    const lines = text.slice(read).split('\n').slice(0, -1)
    read = text.length
    return lines
  }
  return { clock, node, printer, printed }
}

describe('the opening', () => {
  test('shows where others reach the node, what is not as usual, and what to type next', () => {
    const { node, printer, printed } = printing()
    const measure = node.document.measures[0]!
    const address = { host: '127.0.0.1', port: 9001, movedFrom: 9000, measure }
    printer.start([address], { invocation: 'npx pulseledger', notes: NOTES })
    expect(printed().slice(3, 14)).toEqual([
      '  terminal  127.0.0.1:9001  BPM  (port 9000 is taken)',
      '  nodes     192.168.1.5:7400, 127.0.0.1:7400',
      '  note      /w/pulseledger-data is in use, so this node keeps its ledger in /w/pulseledger-data-2',
      '  note      port 7400 is taken, so this node serves other nodes on 7401',
      '  note      this ledger was fetched from 10.0.0.7:7400: compare its id with theirs',
      '',
      'In another terminal, type:',
      '  nc localhost 9001',
      '',
      'To run a second node, there or on another machine:',
      '  npx pulseledger join pulse1abc',
    ])
  })

  test('is the same for programs, an event each', () => {
    const { node, printer, printed } = printing({ json: true })
    const measure = node.document.measures[0]!
    printer.start([{ host: '127.0.0.1', port: 9001, movedFrom: 9000, measure }], { notes: NOTES })
    const events = printed().map((line) => JSON.parse(line))
    expect(events[0]).toMatchObject({
      event: 'started',
      nodeAddresses: NETWORK.addresses,
      invite: 'pulse1abc',
    })
    expect(events.slice(1, 5)).toEqual([
      { event: 'directory-moved', from: '/w/pulseledger-data', to: '/w/pulseledger-data-2' },
      { event: 'port-moved', service: 'nodes', from: 7400, to: 7401 },
      { event: 'joined', addresses: ['10.0.0.7:7400'], isTrusted: true },
      { event: 'port-moved', service: 'terminals', from: 9000, to: 9001 },
    ])
  })
})

describe('peers', () => {
  test('are told as they come and go', () => {
    const { node, printer, printed } = printing()
    printer.start([])
    printed()
    node.emit({ kind: 'peer-connected', peer: PEER })
    node.emit({ kind: 'peer-connected', peer: { ...PEER, direction: 'inbound', address: '\u001b[2J' } })
    node.emit({ kind: 'peer-gone', id: PEER.id })
    expect(printed()).toEqual([
      'peer 9a9a9a9a (...abcd1234) connected: to 10.0.0.7:7400',
      'peer 9a9a9a9a (...abcd1234) connected: from \\u{1b}[2J',
      'peer ...abcd1234 gone',
    ])
  })

  test('of another ledger are told once, with both ids', () => {
    const { node, printer, printed } = printing()
    printer.start([])
    printed()
    const [ours, theirs] = [node.ledgerId, new Uint8Array(32).fill(1)]
    for (const address of ['10.0.0.7:7400', '10.0.0.7:51234']) {
      node.emit({ kind: 'foreign-met', meeting: { address, ours, theirs } })
    }
    const ids = `theirs is ${toHex(theirs)}, ours is ${toHex(ours)}`
    expect(printed()).toEqual([
      expect.stringContaining(`10.0.0.7:7400 keeps another ledger and was refused: ${ids}. Compare`),
    ])
  })

  test('of endless made-up ledgers do not fill the memory, only this output', () => {
    const { node, printer, printed } = printing()
    printer.start([])
    printed()
    for (let n = 0; n < NODE_LIMITS.foreignLedgersKept + 1; n++) {
      const theirs = new Uint8Array(32).fill(n + 1)
      node.emit({ kind: 'foreign-met', meeting: { address: 'a:1', ours: node.ledgerId, theirs } })
    }
    expect(printed()).toHaveLength(NODE_LIMITS.foreignLedgersKept + 1)
  })
})

describe('catching up', () => {
  const behind = (height: number) =>
    ({ kind: 'sync', progress: { kind: 'catching-up', height, target: 10_000 } }) as const
  const synced = { kind: 'sync', progress: { kind: 'synced' } } as const

  test('is a calm line every few seconds in the place of thousands of blocks', () => {
    const { clock, node, printer, printed } = printing()
    printer.start([])
    printed()
    for (let height = 0; height < 50; height++) {
      node.emit(behind(height))
      node.add([{ measure: 'bpm', value: 72 }])
      clock.advance(100)
    }
    node.emit(synced)
    node.add([{ measure: 'bpm', value: 80 }])
    const lines = printed()
    expect(lines.slice(0, -1)).toEqual([
      'catching up (0 of 10000)',
      'catching up (20 of 10000)',
      'catching up (40 of 10000)',
      'caught up',
    ])
    expect(lines.at(-1)).toContain('80 BPM')
  })

  test('of a few blocks is these blocks', () => {
    const { node, printer, printed } = printing()
    printer.start([])
    printed()
    node.emit({ kind: 'sync', progress: { kind: 'catching-up', height: 3, target: 5 } })
    node.add([{ measure: 'bpm', value: 72 }])
    node.emit(synced)
    const lines = printed()
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('72 BPM')
  })

  test('hides no block and no receipt from programs', () => {
    const { node, printer, printed } = printing({ json: true })
    printer.start([])
    printed()
    node.emit(behind(0))
    const block = node.add([{ measure: 'bpm', value: 72 }])
    const entryId = block.entries[0]!.id
    node.emit({ kind: 'receipt-withdrawn', entryId })
    node.emit({ kind: 'receipt-moved', receipt: { entryId, height: 2, blockHash: block.hash, index: 0 } })
    node.emit({ kind: 'peer-gone', id: PEER.id })
    node.emit({ kind: 'peer-connected', peer: PEER })
    node.emit(synced)
    expect(printed().map((line) => JSON.parse(line))).toMatchObject([
      { event: 'sync', state: 'catching-up', height: 0, target: 10_000 },
      { event: 'block', height: 1 },
      { event: 'receipt-withdrawn', entry: toHex(entryId) },
      { event: 'receipt-moved', entry: toHex(entryId), height: 2, hash: toHex(block.hash), index: 0 },
      { event: 'peer-gone', id: PEER.id },
      {
        event: 'peer-connected',
        publicKey: '9a'.repeat(32),
        address: '10.0.0.7:7400',
        direction: 'outbound',
      },
      { event: 'sync', state: 'synced' },
    ])
  })
})

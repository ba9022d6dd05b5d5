import type { Hash } from '@pulseledger/core'
import { expect, test } from 'vitest'
import { parseNodeLine } from '../../src/devnet/node-line.ts'
import type { Status } from '../../src/ports.ts'
import { startedEvent } from '../../src/views/event-json.ts'

const HASH = 'ab'.repeat(32)

test.each([
  'not JSON',
  '[]',
  '{}',
  '{"event":1}',
  '{"event":"block","height":-1,"hash":"ab","readings":[]}',
  '{"event":"block","height":1,"hash":"ab"}',
  '{"event":"started","ledger":{},"head":{"height":0,"hash":"ab"},"publicKey":"cd"}',
  '{"event":"disconnected","height":"1","hash":"ab"}',
])('%s is no line of a node', (line) => {
  expect(parseNodeLine(line)).toBe(undefined)
})

test('an event that is not known, and keys that are not, are passed over', () => {
  expect(parseNodeLine('{"event":"eclipse","where":1}')).toEqual({ kind: 'other', event: 'eclipse' })
  expect(parseNodeLine(`{"event":"disconnected","height":3,"hash":"${HASH}","parent":null,"new":1}`)).toEqual(
    {
      kind: 'disconnected',
      height: 3,
      hash: HASH,
    },
  )
})

test('erased readings are counted', () => {
  const line = {
    event: 'block',
    height: 1,
    hash: HASH,
    parent: HASH,
    producer: 'cd',
    readings: [{}, { value: 7 }],
  }
  expect(parseNodeLine(JSON.stringify(line))).toMatchObject({ kind: 'block', values: [7], readingCount: 2 })
})

test('the ports of a node are those of its first addresses, in either form', () => {
  const started = { event: 'started', ledger: { id: HASH }, head: { height: 0, hash: HASH }, publicKey: 'cd' }
  const ports = (addresses: string[], peers?: string[]) => {
    const line = { ...started, addresses, ...(peers && { nodeAddresses: peers }) }
    const parsed = parseNodeLine(JSON.stringify(line))
    return parsed?.kind === 'started' ? [parsed.terminalPort, parsed.peerPort] : undefined
  }
  expect(ports(['127.0.0.1:9000', '127.0.0.1:9001'], ['127.0.0.1:7400'])).toEqual([9000, 7400])
  expect(ports(['[::1]:9000'], ['/ip4/127.0.0.1/tcp/7400/p2p/12D3'])).toEqual([9000, 7400])
  expect(ports([])).toEqual([undefined, undefined])
})

test('what a node prints when it has started is understood', () => {
  const status: Status = {
    ledger: { name: 'devnet', id: new Uint8Array(32).fill(1) as Hash, engine: 'longest-chain' },
    head: { height: 7, hash: new Uint8Array(32).fill(2) as Hash, time: 0, size: 9 },
    finalHeight: 0,
    pendingCount: 0,
    publicKey: new Uint8Array(32).fill(3),
    startedAt: 0,
    network: {
      peerCount: 0,
      addresses: ['127.0.0.1:42001', '10.0.0.7:42001'],
      sync: { kind: 'synced' },
      mayProduce: true,
    },
    mining: undefined,
  }
  expect(parseNodeLine(startedEvent(status, ['127.0.0.1:41001'], undefined))).toEqual({
    kind: 'started',
    ledgerId: '01'.repeat(32),
    publicKey: '03'.repeat(32),
    head: { height: 7, hash: '02'.repeat(32) },
    terminalPort: 41_001,
    peerPort: 42_001,
  })
})

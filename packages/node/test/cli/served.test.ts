import { mkdirSync, writeFileSync } from 'node:fs'
import { type Block, toHex } from '@pulseledger/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { systemRandom } from '../../src/adapters/random.ts'
import { ControlServer } from '../../src/control/server.ts'
import {
  type NetworkStatus,
  type NodeEvent,
  NodeFailure,
  type NodeService,
  type PeerView,
  type VerifyOptions,
  type VerifyReport,
} from '../../src/ports.ts'
import { ledgerPath, writeHolder } from '../../src/store/level/data-directory.ts'
import { TestChain } from '../support/chain.ts'
import { eventually } from '../support/eventually.ts'
import { FakeNode } from '../support/fake-node.ts'
import { Workplace } from './support/harness.ts'

/** What the command line makes of what a node answers, with a service in place of the node. */

let place: Workplace
let chain: TestChain
let blocks: Block[]
let fake: FakeNode
let server: ControlServer
let verification: (options: VerifyOptions) => Promise<VerifyReport>

beforeEach(async () => {
  place = new Workplace()
  chain = new TestChain()
  const first = chain.block(chain.genesis, ['a'])
  const second = chain.block(first, ['a', 'b'])
  blocks = [chain.genesis, first, second].map(({ block }) => block)
  fake = new FakeNode(systemClock)
  const service: NodeService = Object.assign(Object.create(fake), {
    status: () => {
      const { header, hash } = blocks.at(-1) as Block
      return { ...fake.status(), head: { ...header, hash } }
    },
    *blocks(from: number, to: number) {
      yield* blocks.slice(from, to + 1)
    },
    blockByHash: (hash: Uint8Array) => blocks.find((block) => toHex(block.hash) === toHex(hash)),
    subscribe: (listener: (event: NodeEvent) => void) => fake.subscribe(listener),
    verify: (options: VerifyOptions) => verification(options),
  })

  const directory = place.path('pulseledger-data')
  mkdirSync(ledgerPath(directory), { recursive: true })
  writeFileSync(`${ledgerPath(directory)}/CURRENT`, '')
  server = new ControlServer({
    service,
    clock: systemClock,
    random: systemRandom,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    directory,
  })
  writeHolder(directory, { pid: process.pid, startedAt: 1, control: await server.start() })
})
afterEach(async () => {
  await server.stop()
  place.remove()
})

const PROBLEMS = [
  { height: 17, field: 'header.root', message: 'is not the root of its entries', remedy: 'Restore a copy' },
  { field: 'ledger/000005.ldb', message: 'a checksum is wrong\u001b[2J', remedy: 'Restore a copy' },
]

describe('verify', () => {
  beforeEach(() => {
    verification = async () => ({ ...fake.report(), ok: false, problems: PROBLEMS })
  })

  test('names the height, the field and the remedy of each problem, and ends with 8', async () => {
    const { exit, stdout, stderr } = await place.run(['verify'])
    expect(exit).toBe(8)
    expect(stdout).toBe(
      [
        'block #17, header.root: is not the root of its entries',
        '  remedy: Restore a copy',
        'ledger/000005.ldb: a checksum is wrong\\u{1b}[2J',
        '  remedy: Restore a copy',
        '',
      ].join('\n'),
    )
    expect(stderr).toMatch(/^error: 2 problems were found\. .* \[VERIFICATION_FAILED\]\n$/)
  })

  test('with --json gives the whole report, and the error as JSON', async () => {
    const { exit, stdout, stderr } = await place.run(['verify', '--json'])
    expect(exit).toBe(8)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: PROBLEMS })
    expect(stdout).toMatch(/^[\x20-\x7e]*\n$/)
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'VERIFICATION_FAILED', exit: 8 })
  })

  test('shows on a terminal how far it is, and nowhere else', async () => {
    verification = async ({ onProgress }) => {
      onProgress?.({ height: 3, headHeight: 40 })
      return fake.report()
    }
    const seen = await place.run(['verify'], { isTTY: true })
    expect(seen).toMatchObject({ exit: 0, stderr: '\rverifying block 3 of 40\u001b[K\r\u001b[K' })
    expect(await place.run(['verify'])).toMatchObject({ exit: 0, stderr: '' })
    expect(await place.run(['verify', '--json'], { isTTY: true })).toMatchObject({ exit: 0, stderr: '' })
  })

  test('passes on what keeps the node from verifying', async () => {
    verification = async () => {
      throw new NodeFailure('STORE_READ_FAILED', 'the disk does not answer')
    }
    const { exit, stderr } = await place.run(['verify'])
    expect(exit).toBe(6)
    expect(stderr).toContain('error: the disk does not answer. ')
  })
})

describe('log -f', () => {
  test.each([
    [
      [],
      /^#2 {6}.*\n#1 and what is above it left the chain; what replaces them follows\n#1 {6}.*\n#2 {6}.*\n$/,
    ],
    [
      ['--json'],
      /^\{.*"height":2.*\n\{"event":"rewound","height":1\}\n\{.*"height":1.*\n\{.*"height":2.*\n$/,
    ],
  ] as const)('%j says when blocks that it showed left the chain', async (words, shown) => {
    const follower = place.begin(['log', '-f', '-n', '1', ...words])
    await eventually(() => follower.stdout.text.split('\n').length).toBe(2)
    const gone = blocks.splice(1)
    const first = chain.block(chain.genesis, ['c'])
    blocks.push(first.block, chain.block(first, ['c']).block)
    for (const block of gone.reverse()) fake.emit({ kind: 'block-disconnected', block })
    await eventually(() => follower.stdout.text.split('\n').length).toBe(5)
    expect(follower.stdout.text).toMatch(shown)
    await server.stop()
    await follower.done
  })

  test('ends when nobody reads it any more', async () => {
    const follower = place.begin(['log', '-f'], { breakAfter: 1 })
    await eventually(() => follower.stdout.text).toContain('genesis')
    expect(await follower.done).toMatchObject({ exit: 0, stderr: '' })
    await eventually(() => fake.listenerCount).toBe(0)
  })
})

test('a block that is not what its bytes say is not shown', async () => {
  const [genesis, first, second] = blocks as [Block, Block, Block]
  blocks = [genesis, { ...first, bodyBytes: second.bodyBytes }, second]
  const { exit, stderr } = await place.run(['show', '1'])
  expect(exit).not.toBe(0)
  expect(stderr).toContain('the node gave a block that is none')
})

describe('of a node with peers', () => {
  const PEER: PeerView = {
    id: '12D3KooWpeer',
    publicKey: new Uint8Array(32).fill(0x9a),
    address: '10.0.0.7:7400',
    direction: 'outbound',
    connectedAt: Date.parse('2026-11-22T11:16:33Z'),
    head: { height: 12, hash: new Uint8Array(32) },
    state: 'ahead',
  }
  const NETWORK: NetworkStatus = {
    peerCount: 1,
    addresses: ['192.168.1.5:7400'],
    sync: { kind: 'catching-up', height: 2, target: 12 },
    mayProduce: false,
  }

  beforeEach(() => {
    fake.peerViews = [
      PEER,
      { ...PEER, direction: 'inbound', address: '\u001b[2J', head: undefined, state: 'unknown' },
    ]
    fake.network = NETWORK
    fake.inviteWord = 'pulse1abc'
  })

  test('peers lists them', async () => {
    const { stdout } = await place.run(['peers'])
    expect(stdout).toBe(
      [
        '9a9a9a9a  10.0.0.7:7400  out  #12  ahead     since 2026-11-22 11:16:33Z',
        '9a9a9a9a  \\u{1b}[2J      in   -    unknown   since 2026-11-22 11:16:33Z',
        '',
      ].join('\n'),
    )
    const { peers } = JSON.parse((await place.run(['peers', '--json'])).stdout)
    expect(peers[0]).toEqual({
      id: PEER.id,
      publicKey: '9a'.repeat(32),
      address: PEER.address,
      direction: 'outbound',
      connectedAt: '2026-11-22T11:16:33.000Z',
      head: { height: 12, hash: '00'.repeat(32) },
      state: 'ahead',
    })
    expect(peers[1]).toMatchObject({ head: null, state: 'unknown' })
  })

  test('peers says when there are none', async () => {
    fake.peerViews = []
    expect((await place.run(['peers'])).stdout).toBe('no peers: nobody is connected\n')
  })

  test('invite prints the word first, then the command to type', async () => {
    const { stdout } = await place.run(['invite'])
    expect(stdout.split('\n')).toEqual([
      'pulse1abc',
      '',
      'In another terminal, or on another machine, type:',
      '  pulseledger join pulse1abc',
      '',
    ])
    expect(JSON.parse((await place.run(['invite', '--json'])).stdout)).toEqual({
      invite: 'pulse1abc',
      command: 'pulseledger join pulse1abc',
    })
  })

  test('invite of a node without a network is an error', async () => {
    fake.inviteWord = undefined
    const { exit, stderr } = await place.run(['invite'])
    expect(exit).toBe(2)
    expect(stderr).toContain('[NETWORK_OFF]')
  })

  test('status says how many there are, how far it is and whether it produces', async () => {
    const { stdout } = await place.run(['status'])
    expect(stdout).toContain(
      [
        'network     1 peer, catching up (2 of 12)',
        'addresses   192.168.1.5:7400',
        'producing   no: its key is not among the producers of the ledger',
      ].join('\n'),
    )
    expect(JSON.parse((await place.run(['status', '--json'])).stdout).network).toEqual(NETWORK)
    fake.network = { ...NETWORK, peerCount: 3, sync: { kind: 'synced' }, mayProduce: true, addresses: [] }
    const text = (await place.run(['status'])).stdout
    expect(text).toContain('network     3 peers, synced\naddresses   none yet\nproducing   yes\n')
  })

  test('show says what became of an entry', async () => {
    const { id } = (blocks[1] as Block).entries[0] as Block['entries'][number]
    const { hash: blockHash } = blocks[1] as Block
    const text = toHex(id)
    const shown = async (name: string) => (await place.run(['show', name])).stdout.split('\n')
    fake.entryStates.set(text, {
      kind: 'included',
      receipt: { entryId: id, height: 1, blockHash, index: 0 },
      depth: 1,
    })
    const lines = await shown(text)
    expect(lines[0]).toBe(`entry ${text}`)
    expect(lines[1]).toBe('  state     included, 1 block deep')
    expect(lines[2]).toBe(`  block     #1 ${toHex(blockHash)}`)
    expect(lines[4]).toContain(`entry ${text.slice(0, 8)} by`)
    expect(await shown(text.slice(0, 12))).toEqual(lines)
    const json = JSON.parse((await place.run(['show', text, '--json'])).stdout)
    expect(json).toMatchObject({
      event: 'entry',
      entry: text,
      state: 'included',
      depth: 1,
      height: 1,
      index: 0,
    })

    fake.entryStates.set(text, { kind: 'pending' })
    expect((await shown(text))[1]).toBe('  state     pending: it waits for a block')
    fake.entryStates.set(text, { kind: 'rejected', error: { code: 'ENTRY_DISPLACED', message: 'taken' } })
    expect((await shown(text))[1]).toMatch(/^ {2}state {5}rejected: taken\. .* \[ENTRY_DISPLACED\]$/)
  })

  test('show finds a block by the digits of its hash, and says how deep it is', async () => {
    const { hash } = blocks[1] as Block
    const { stdout } = await place.run(['show', toHex(hash).slice(0, 10)])
    expect(stdout).toContain(`block #1  ${toHex(hash)}`)
    expect(stdout).toContain('  state     included, 1 block deep')
  })

  test('show says so when digits name nothing', async () => {
    expect(await place.run(['show', 'ffffffff00'])).toMatchObject({ exit: 12, stdout: '' })
    const { exit, stderr } = await place.run(['show', 'f'.repeat(64)])
    expect(exit).toBe(12)
    expect(stderr).toContain('[ENTRY_UNKNOWN]')
  })
})

test('without a node there are no peers and no invite', async () => {
  await server.stop()
  for (const command of ['peers', 'invite']) {
    const { exit, stderr } = await place.run([command, '-d', 'elsewhere'])
    expect(exit).toBe(12)
    expect(stderr).toContain('[NODE_NOT_RUNNING]')
  }
})

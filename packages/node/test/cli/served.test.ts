import { mkdirSync, writeFileSync } from 'node:fs'
import type { Block } from '@pulseledger/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { systemRandom } from '../../src/adapters/random.ts'
import { ControlServer } from '../../src/control/server.ts'
import {
  type NodeEvent,
  NodeFailure,
  type NodeService,
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

import {
  type Block,
  type Change,
  concatBytes,
  encodeHeader,
  type GenesisDocument,
  type Header,
  keyOf,
  readUint256,
  targetOf,
  uint64,
  uint256,
  type WeighedBlock,
  workPrefix,
} from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Violation } from '../../invariants/checker.ts'
import { Work } from '../../invariants/work.ts'
import { Chance } from '../../kernel/chance.ts'
import type { ObservedNode } from '../../node/observation.ts'
import { SimMiner } from '../../node/sim-miner.ts'
import type { World } from '../../world.ts'
import { seenAs } from '../support/group.ts'
import { quietWorld } from '../support/quiet-world.ts'

/** Two blocks have one target, so block 3 is the first of the second window. */
const WINDOW = 2
const INTERVAL_MS = 500

/** In all windows but the first, which has the difficulty of the document. */
const RETARGETED = [3, 4, 5, 6] as const

let world: World
let node: ObservedNode

beforeAll(async () => {
  const work = { intervalMs: INTERVAL_MS, window: WINDOW, power: [20] }
  ;({ world } = await quietWorld(1, { engine: 'proof-of-work', work }))
  const [miner] = world.nodes
  for (let i = 0; i < 100 && (miner?.disk.head?.height ?? 0) < 9; i++) {
    miner?.type({ measure: 'bpm', value: 60 + i })
    await world.pass(i % 7 === 0 ? 9_000 : 300)
  }
  node = miner as ObservedNode
})

/** What the checker says when the node stores these blocks, all of which are on that disk. */
function seenOn(disk: MemoryDisk, blocks: readonly WeighedBlock[], document = world.genesis.document) {
  const violations: Violation[] = []
  const { rules } = world.genesis
  const context = { ...world.checkerContext, rules: { ...rules, document } }
  const checker = new Work({ ...context, report: (violation) => violations.push(violation) })
  const change: Change = { blocks, disconnect: [], connect: [], pendingAdd: [], pendingRemove: [] }
  checker.observe({ kind: 'committed', node: seenAs(node, { disk }), change })
  return violations
}

function stored(height: number): WeighedBlock {
  return node.disk.blocks.get(keyOf(node.disk.canonical[height] as Uint8Array)) as WeighedBlock
}

/** A seal of these fields, each as it is in `seal` unless it is given. */
function sealWith(seal: Uint8Array, { target, windowTime }: { target?: bigint; windowTime?: number }) {
  const targetBytes = target === undefined ? seal.subarray(0, 32) : uint256(target)
  const timeBytes = windowTime === undefined ? seal.subarray(32, 40) : uint64(windowTime)
  return concatBytes(targetBytes, timeBytes, new Uint8Array(8))
}

/** The block with another header, for which the work was done. */
function mined({ block }: WeighedBlock, changed: Partial<Header>): Block {
  const header = { ...block.header, ...changed }
  const clock = { now: () => world.now, after: () => () => undefined }
  const miner = new SimMiner({ clock, crypto: world.crypto, chance: new Chance(1, 'nonces'), power: () => 1 })
  const prefix = workPrefix({ header, headerBytes: encodeHeader(header) })
  const { nonce } = miner.search({ prefix, target: header.seal.subarray(0, 32) })
  return withSeal(block, header, concatBytes(header.seal.subarray(0, 40), uint64(Number(nonce))))
}

function withSeal(block: Block, header: Header, seal: Uint8Array): Block {
  const sealed = { ...header, seal }
  const headerBytes = encodeHeader(sealed)
  return { ...block, header: sealed, headerBytes, hash: world.crypto.sha256(headerBytes) }
}

/** What is said of a block in the place of this one, which weighs what its target makes it weigh. */
function seenInstead(height: number, block: Block): readonly Violation[] {
  const parentWeight = stored(height - 1).weight
  const weight = parentWeight + (1n << 256n) / (readUint256(block.header.seal) + 1n)
  return seenOn(node.disk, [{ block, weight }])
}

function message(height: number, what: string): object[] {
  return [
    {
      invariant: 'work',
      node: node.name,
      message: expect.stringContaining(`block ${height} on its disk ${what}`),
    },
  ]
}

describe('a block that takes work', () => {
  test('is fine as the product makes it, over windows that were fast and slow', () => {
    const blocks = node.disk.canonical.slice(1).map((_, i) => stored(i + 1))
    expect(blocks.length).toBeGreaterThanOrEqual(9)
    expect(new Set(blocks.map(({ block }) => readUint256(block.header.seal))).size).toBeGreaterThan(2)
    expect(seenOn(node.disk, blocks)).toEqual([])
  })

  test.each([1, ...RETARGETED])('is fine when it was mined anew, at height %i', (height) => {
    expect(seenInstead(height, mined(stored(height), {}))).toEqual([])
  })

  test('is reported when its nonce does not do the work', () => {
    const { block } = stored(3)
    const seal = sealWith(block.header.seal, {})
    // A nonce does the work by chance, so the target is one that none meets.
    const unmet = withSeal(block, block.header, sealWith(seal, { target: targetOf(1n << 128n) }))
    expect(seenInstead(3, unmet)).toMatchObject(message(3, 'has the digest '))
  })

  test('is reported when its work is that of another header', () => {
    const { block } = stored(5)
    const hashes = 1n << 12n
    const hard = mined(stored(5), { seal: sealWith(block.header.seal, { target: targetOf(hashes) }) })
    const later = { ...hard.header, time: hard.header.time + 1 }
    expect(seenInstead(5, withSeal(hard, later, hard.header.seal))).toMatchObject(
      message(5, 'has the digest '),
    )
  })

  test.each([1, ...RETARGETED])('is reported when its target is one too easy or hard, at %i', (height) => {
    const { seal } = stored(height).block.header
    for (const step of [-1n, 1n]) {
      const other = mined(stored(height), { seal: sealWith(seal, { target: readUint256(seal) + step }) })
      expect(seenInstead(height, other)).toMatchObject(message(height, 'has the target '))
    }
  })

  test.each([1, ...RETARGETED])('is reported when its window begins a millisecond off, at %i', (height) => {
    const { seal } = stored(height).block.header
    const before =
      height <= WINDOW
        ? world.genesis.document.time
        : stored(height - ((height - 1) % WINDOW) - 1).block.header.time
    const other = mined(stored(height), { seal: sealWith(seal, { windowTime: before + 1 }) })
    const what = `has the window time ${before + 1}; ${before} is right`
    expect(seenInstead(height, other)).toMatchObject(message(height, what))
  })

  test('is reported when its seal is none', () => {
    const { block } = stored(1)
    const short = withSeal(block, block.header, new Uint8Array(40))
    expect(seenInstead(1, short)).toMatchObject(message(1, 'has a seal of 40 bytes'))
  })

  test('is reported when its chain weighs something else', () => {
    const { block, weight } = stored(4)
    const what = `ends a chain that is said to weigh ${weight + 1n}; it is ${weight}`
    expect(seenOn(node.disk, [{ block, weight: weight + 1n }])).toMatchObject(message(4, what))
  })

  test('is reported when what it stands on is not on the disk', () => {
    const disk = node.disk.copy()
    disk.blocks.delete(keyOf(stored(2).block.hash))
    expect(seenOn(disk, [stored(3)])).toMatchObject(message(3, 'stands on a block that is not there'))
  })
})

describe('the target of a window', () => {
  /** As if the ledger were that of another document. */
  function seenBy(change: Partial<GenesisDocument>): readonly Violation[] {
    const blocks = node.disk.canonical.slice(1).map((_, i) => stored(i + 1))
    return seenOn(node.disk, blocks, { ...world.genesis.document, ...change })
  }

  test.each([
    ['window', WINDOW + 1],
    ['intervalMs', INTERVAL_MS + 1],
    ['difficulty', 11],
    ['difficultyMinimum', 9],
  ])('follows from the %s of the document', (name, value) => {
    const { engine } = world.genesis.document
    expect(seenBy({ engine }).length).toBe(0)
    expect(seenBy({ engine: { ...engine, [name]: value } }).length).toBeGreaterThan(0)
  })

  test('follows from the time of genesis', () => {
    const [first] = seenBy({ time: world.genesis.document.time + 1 })
    expect([first]).toMatchObject(message(1, 'has the window time '))
  })

  // Two blocks in a second are what there should be.
  test.each([
    [-5_000, 250n],
    [1, 250n],
    [250, 250n],
    [251, 251n],
    [1_000, 1_000n],
    [3_999, 3_999n],
    [4_000, 4_000n],
    [90_000, 4_000n],
  ])('is, after %i ms, the one before times %i thousandths', (elapsedMs, thousandths) => {
    const edge = mined(stored(2), { time: world.genesis.document.time + elapsedMs })
    const disk = node.disk.copy()
    disk.blocks.set(keyOf(edge.hash), { block: edge, weight: stored(2).weight })
    for (const step of [0n, 1n]) {
      const target = ((readUint256(edge.header.seal) + 1n) * thousandths) / 1_000n - 1n + step
      const seal = sealWith(edge.header.seal, { target, windowTime: edge.header.time })
      const block = mined(stored(3), { parent: edge.hash, seal })
      const weight = stored(2).weight + (1n << 256n) / (target + 1n)
      expect(seenOn(disk, [{ block, weight }]).length).toBe(Number(step))
    }
  })
})

test('nothing is asked where blocks take no work', async () => {
  const { document } = world.genesis
  const free: GenesisDocument = { ...document, engine: { name: 'longest-chain', finalDepth: 400 } }
  const { block } = stored(1)
  expect(seenOn(node.disk, [{ block, weight: 7n }], free)).toEqual([])
})

import { describe, expect, test } from 'vitest'
import type { Header } from '../../src/block/header.ts'
import { encodeHeader } from '../../src/block/header.ts'
import { concatBytes, fromHex, toHex } from '../../src/bytes.ts'
import { engineKind } from '../../src/consensus/engines.ts'
import { proofOfWork } from '../../src/consensus/proof-of-work/proof-of-work.ts'
import { decodeSeal, encodeSeal } from '../../src/consensus/proof-of-work/seal.ts'
import { expectedHashes, targetOf, withNonce, workPrefix } from '../../src/consensus/work.ts'
import type { Signer } from '../../src/crypto.ts'
import {
  type Built,
  buildNext,
  builtGenesis,
  crypto,
  producers,
  START,
  testRules,
} from '../support/block-builder.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'
import { searchNonce } from '../support/search.ts'
import { engineConformance } from './conformance.ts'

const parameters = { finalDepth: 5, intervalMs: 500, window: 4, difficulty: 8, difficultyMinimum: 2 }
engineConformance('proof-of-work', { kind: proofOfWork, parameters })

const rules = testRules({ engine: { name: 'proof-of-work', ...parameters } })
const { engine } = rules
const genesis = builtGenesis(rules)
const FIRST = { target: targetOf(8n), windowTime: START }

function chain(count: number, delayMs = 499): Built[] {
  const built: Built[] = []
  for (let at = genesis; built.length < count; built.push(at)) {
    // A block is a millisecond after the median at the earliest: only the distance of one window is exact.
    at = buildNext(rules, at, [0], { delayMs: at.block.header.time - medianOf(at) + delayMs })
  }
  return built
}

function medianOf({ times }: Built): number {
  const last = times.slice(-11).sort((a, b) => a - b)
  return last[last.length >> 1] as number
}

function code(parent: Built, spoil: (header: Header) => Partial<Header>): string | undefined {
  const { block } = buildNext(rules, parent, [0], { spoil })
  const verified = engine.verify(block, { parent: parent.block.header, entryCount: 1 })
  return verified.ok ? undefined : verified.error.code
}

describe('the work of a block', () => {
  test('is a digest over its header without the nonce, filled up, and then the nonce', () => {
    const { header, headerBytes } = (chain(1)[0] as Built).block
    const nonce = header.seal.subarray(40)
    const at = toHex(headerBytes).indexOf(toHex(header.seal)) / 2 + 40
    const plain = new Uint8Array(headerBytes)
    plain.fill(0, at, at + 8)
    const filled = new Uint8Array(Math.ceil(plain.length / 64) * 64)
    filled.set(plain)
    expect(toHex(workPrefix({ header, headerBytes }))).toBe(toHex(filled))
    const digest = BigInt(`0x${toHex(crypto.sha256(concatBytes(filled, nonce)))}`)
    expect(digest).toBeLessThanOrEqual(targetOf(8n))
    expect(proofOfWork.explain({ header, headerBytes }, crypto)).toEqual([
      { name: 'difficulty', value: '8' },
      { name: 'nonce', value: String(BigInt(`0x${toHex(nonce)}`)) },
      { name: 'work', value: digest.toString(16).padStart(64, '0') },
    ])
  })

  test('its prefix ends on a block of SHA-256 whatever the header says, so a nonce costs one block', () => {
    const { header } = (chain(1)[0] as Built).block
    for (const [height, size, time] of [
      [1, 1, 1],
      [2 ** 53 - 1, 2 ** 53 - 1, 253_402_300_799_999],
      [70_000, 300, 1_767_225_600_000],
    ] as const) {
      const other: Header = { ...header, height, size, time }
      const prefix = workPrefix({ header: other, headerBytes: encodeHeader(other) })
      expect(prefix.length % 64).toBe(0)
      const sealed = { ...other, seal: withNonce(other.seal, 77n) }
      expect(workPrefix({ header: sealed, headerBytes: encodeHeader(sealed) })).toEqual(prefix)
    }
  })

  test('weighs the hashes that its target takes on average, summed over the chain', () => {
    const harness = new LedgerHarness(rules)
    for (const { block } of chain(6)) harness.receive(block)
    harness.settle()
    expect(harness.ledger.head.weight).toBe(1n + 6n * 8n)
  })

  test.each([1n, 2n, 3n, 100n, 50_000_000n, 2n ** 53n - 1n, 2n ** 128n])(
    'a difficulty of %d hashes is the target that takes as many',
    (hashes) => {
      expect(expectedHashes(targetOf(hashes))).toBe(hashes)
      if (hashes > 1n) expect(expectedHashes(targetOf(hashes) + 1n)).toBeLessThan(hashes)
    },
  )
})

describe('a hostile header is refused for', () => {
  const parents = chain(4)
  const inWindow = parents[1] as Built
  const atEdge = parents[3] as Built
  const solved = (state: { target: bigint; windowTime: number }) => (header: Header) => {
    const seal = encodeSeal(state)
    const unsolved = { ...header, seal }
    const prefix = workPrefix({ header: unsolved, headerBytes: encodeHeader(unsolved) })
    return { seal: withNonce(seal, searchNonce({ prefix, target: seal.subarray(0, 32) }, crypto)) }
  }

  test('an easier target, a harder one and one of no block, though the work for it is done', () => {
    for (const hashes of [7n, 9n, 1n, 16n]) {
      const state = { ...FIRST, target: targetOf(hashes) }
      expect(code(inWindow, solved(state))).toBe('BLOCK_TARGET_WRONG')
    }
    expect(code(inWindow, solved(FIRST))).toBeUndefined()
  })

  test('another window time, by which the next window would be measured wrong', () => {
    for (const by of [-1, 1, 500]) {
      expect(code(inWindow, solved({ ...FIRST, windowTime: START + by }))).toBe('BLOCK_TARGET_WRONG')
    }
  })

  test('the target of the window before, at the first block of a window', () => {
    const windowTime = atEdge.block.header.time
    expect(code(atEdge, solved(FIRST))).toBe('BLOCK_TARGET_WRONG')
    expect(code(atEdge, solved({ ...FIRST, windowTime }))).toBeUndefined()
  })

  test('a nonce that does not do the work', () => {
    const { header } = buildNext(rules, inWindow, [0]).block
    let refused = 0
    for (let nonce = 0n; nonce < 64n; nonce++) {
      const seal = withNonce(header.seal, nonce)
      if (code(inWindow, () => ({ seal })) === 'BLOCK_WORK_INSUFFICIENT') refused += 1
    }
    // Seven of eight, on average.
    expect(refused).toBeGreaterThan(40)
    expect(refused).toBeLessThan(64)
  })

  test('work that was done for another header', () => {
    const { header } = buildNext(rules, inWindow, [0]).block
    const codes = Array.from({ length: 32 }, (_, i) =>
      code(inWindow, () => ({ time: header.time + 1 + i, seal: header.seal })),
    )
    expect(codes.filter((found) => found === 'BLOCK_WORK_INSUFFICIENT').length).toBeGreaterThan(20)
  })

  test('no entries', () => {
    const { block } = buildNext(rules, inWindow, [0])
    expect(engine.verify(block, { parent: inWindow.block.header, entryCount: 0 })).toMatchObject({
      ok: false,
      error: { code: 'BLOCK_EMPTY' },
    })
  })

  test('a target that is too easy for this ledger, before its parent is known: it takes no place', () => {
    const { block: unknown } = buildNext(rules, parents[2] as Built, [0], {
      spoil: solved({ ...FIRST, target: targetOf(1n) }),
    })
    const lazy = buildNext(rules, parents[2] as Built, [0], {
      spoil: () => ({ seal: encodeSeal({ ...FIRST, target: targetOf(1n << 100n) }) }),
    }).block
    const harness = new LedgerHarness(rules)
    for (const [block, expected] of [
      [unknown, 'BLOCK_TARGET_WRONG'],
      [lazy, 'BLOCK_WORK_INSUFFICIENT'],
    ] as const) {
      harness.receive(block)
      expect(harness.told.at(-1)).toMatchObject({ kind: 'block-refused', error: { code: expected } })
      expect(harness.ledger.waitingCount).toBe(0)
    }
    harness.receive((parents[2] as Built).block)
    expect(harness.ledger.waitingCount).toBe(1)
  })
})

describe('the seal', () => {
  test('is target, window time and nonce, as the sample shows', () => {
    const seal = fromHex(
      '00000055e63b88c230e77e7ee106959b5d3e1e9ea69ebac0b0b4be383479da350000019b76daa80000000000004c4b40',
    ) as Uint8Array
    expect(decodeSeal(seal)).toMatchObject({ ok: true, value: { windowTime: START, nonce: 5_000_000n } })
    const state = { target: targetOf(50_000_000n), windowTime: START }
    expect(toHex(withNonce(encodeSeal(state), 5_000_000n))).toBe(toHex(seal))
  })

  test('of the first block follows from the genesis document', () => {
    const { publicKey } = producers[0] as Signer
    const parent = genesis.block.header
    const prepared = engine.prepare({ parent, producer: publicKey, entryCount: 1, time: START + 1 })
    expect(prepared).toEqual({
      kind: 'work',
      seal: encodeSeal(FIRST),
      target: encodeSeal(FIRST).subarray(0, 32),
    })
  })
})

describe('the parameters of proof of work', () => {
  const faultOf = (change: object) => {
    const found = engineKind({ engine: { name: 'proof-of-work', ...parameters, ...change } })
    return found.ok ? undefined : found.error.message
  }

  test.each([
    ['intervalMs', 0],
    ['intervalMs', 86_400_001],
    ['window', 0],
    ['window', 10_001],
    ['difficulty', 0],
    ['difficulty', 1],
    ['difficultyMinimum', 0],
    ['difficultyMinimum', 9],
    ['finalDepth', 0],
  ])('%s of %d is refused by name', (name, value) => {
    expect(faultOf({ [name]: value })).toContain(name)
  })

  test('have defaults that aim at five seconds of one core', () => {
    expect(proofOfWork.complete({ name: 'proof-of-work' })).toEqual({
      name: 'proof-of-work',
      finalDepth: 1_000,
      intervalMs: 5_000,
      window: 16,
      difficulty: 50_000_000,
      difficultyMinimum: 1_000_000,
    })
    const chosen = proofOfWork.complete({ name: 'proof-of-work', difficulty: 120 })
    expect(chosen).toMatchObject({ difficulty: 120, difficultyMinimum: 3 })
    expect(proofOfWork.fault(chosen)).toBeUndefined()
  })
})

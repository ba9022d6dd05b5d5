import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Hash, toHex } from '../../src/bytes.ts'
import {
  appendLeaves,
  completedNodes,
  EMPTY_RANGE,
  peakCoordinates,
  rangeFromNodes,
  rangeRoot,
} from '../../src/log/compact-range.ts'
import { EMPTY_ROOT, nodeHash } from '../../src/log/hash.ts'
import { sha256Only as crypto, numberedLeaf, TwinLog } from './twin.ts'

const SIZE_MAX = 130
const leaves = Array.from({ length: SIZE_MAX }, (_, number) => numberedLeaf(number))
const twin = new TwinLog(leaves)
const sizes = Array.from({ length: SIZE_MAX + 1 }, (_, size) => size)

interface Reported {
  level: number
  index: number
  hash: string
}

function collect(range: typeof EMPTY_RANGE, added: readonly Hash[]) {
  const reported: Reported[] = []
  const grown = appendLeaves(range, added, crypto, (level, index, hash) => {
    reported.push({ level, index, hash: toHex(hash) })
  })
  return { grown, reported }
}

describe('compact range', () => {
  test('has the root of RFC 6962 at every size, leaf by leaf', () => {
    let range = EMPTY_RANGE
    for (const size of sizes) {
      expect(range.size).toBe(size)
      expect(toHex(rangeRoot(range, crypto))).toBe(toHex(twin.root(size)))
      if (size < SIZE_MAX) range = appendLeaves(range, [leaves[size] as Hash], crypto)
    }
  })

  test('is the same however the leaves are cut into batches', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 12 }), (batches) => {
        let range = EMPTY_RANGE
        let reported: Reported[] = []
        for (const count of batches) {
          const step = collect(range, leaves.slice(range.size, range.size + count))
          range = step.grown
          reported = reported.concat(step.reported)
        }
        const whole = collect(EMPTY_RANGE, leaves.slice(0, range.size))
        expect(range).toEqual(whole.grown)
        expect(reported).toEqual(whole.reported)
      }),
    )
  })

  test('reports every complete node once, a leaf before the nodes that it completes', () => {
    const { reported } = collect(EMPTY_RANGE, leaves)
    const expected = new Set<string>()
    for (let level = 0; 2 ** level <= SIZE_MAX; level++) {
      for (let index = 0; (index + 1) * 2 ** level <= SIZE_MAX; index++) {
        expected.add(`${level},${index},${toHex(twin.root((index + 1) * 2 ** level, index * 2 ** level))}`)
      }
    }
    expect(reported).toHaveLength(expected.size)
    expect(new Set(reported.map((it) => `${it.level},${it.index},${it.hash}`))).toEqual(expected)
    expect(reported.slice(0, 7).map((it) => [it.level, it.index])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [0, 2],
      [0, 3],
      [1, 1],
      [2, 0],
    ])
  })

  test('does not change the range that it grew from', () => {
    const before = appendLeaves(EMPTY_RANGE, leaves.slice(0, 7), crypto)
    const peaks = before.peaks.map(toHex)
    appendLeaves(before, leaves.slice(7, 20), crypto)
    expect(before.size).toBe(7)
    expect(before.peaks.map(toHex)).toEqual(peaks)
    expect(EMPTY_RANGE).toEqual({ size: 0, peaks: [] })
  })

  test('is rebuilt from complete nodes at every size', () => {
    for (const size of sizes) {
      const grown = appendLeaves(EMPTY_RANGE, leaves.slice(0, size), crypto)
      expect(rangeFromNodes(size, twin.reader(size))).toEqual(grown)
    }
  })

  test('throws what the reader throws when a node is absent', () => {
    const absent = () => {
      throw new Error('node 1,2 is absent')
    }
    expect(() => rangeFromNodes(6, absent)).toThrow('node 1,2 is absent')
  })

  test('refuses a leaf or a node that is not 32 bytes', () => {
    expect(() => appendLeaves(EMPTY_RANGE, [new Uint8Array(31)], crypto)).toThrow('32 bytes')
    expect(() => nodeHash(new Uint8Array(32), new Uint8Array(33), crypto)).toThrow('32 bytes')
  })

  test('has another root when the last leaf is doubled (CVE-2012-2459)', () => {
    for (const size of sizes.slice(1)) {
      const range = appendLeaves(EMPTY_RANGE, leaves.slice(0, size), crypto)
      const doubled = appendLeaves(range, [leaves[size - 1] as Hash], crypto)
      expect(toHex(rangeRoot(doubled, crypto))).not.toBe(toHex(rangeRoot(range, crypto)))
    }
  })

  test('the empty log has the hash of nothing as its root', () => {
    expect(rangeRoot(EMPTY_RANGE, crypto)).toEqual(EMPTY_ROOT)
    expect(toHex(crypto.sha256(new Uint8Array()))).toBe(toHex(EMPTY_ROOT))
  })
})

describe('completed nodes', () => {
  test('are those that appending reports, in its order, between all pairs of sizes', () => {
    for (const from of sizes) {
      const range = appendLeaves(EMPTY_RANGE, leaves.slice(0, from), crypto)
      for (let to = from; to <= Math.min(from + 20, SIZE_MAX); to++) {
        const reported = collect(range, leaves.slice(from, to)).reported
        const coordinates = reported.map(({ level, index }) => ({ level, index }))
        expect([...completedNodes(from, to)]).toEqual(coordinates)
      }
    }
  })

  test('are right above 2^32 and up to 2^53 - 1', () => {
    expect([...completedNodes(2 ** 33 - 1, 2 ** 33)]).toEqual(
      Array.from({ length: 34 }, (_, level) => ({ level, index: 2 ** (33 - level) - 1 })),
    )
    const last = Number.MAX_SAFE_INTEGER
    expect([...completedNodes(last - 1, last)]).toEqual([{ level: 0, index: last - 1 }])
  })

  test('a log does not shrink', () => {
    expect(() => [...completedNodes(5, 4)]).toThrow('does not shrink')
    expect(() => [...completedNodes(-1, 4)]).toThrow('does not shrink')
  })
})

describe('peaks', () => {
  test('follow the bits of the size, compared with bigint arithmetic, up to 2^53 - 1', () => {
    const size = fc.oneof(
      fc.maxSafeNat(),
      fc.integer({ min: 1, max: 53 }).map((bits) => 2 ** bits - 1),
    )
    fc.assert(
      fc.property(size, (leafCount) => {
        const expected: { level: number; index: number }[] = []
        let start = 0n
        for (let level = 52n; level >= 0n; level--) {
          if (((BigInt(leafCount) >> level) & 1n) === 0n) continue
          expected.push({ level: Number(level), index: Number(start >> level) })
          start += 1n << level
        }
        expect(peakCoordinates(0, leafCount)).toEqual(expected)
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Hash, toHex } from '../../src/bytes.ts'
import { EMPTY_ROOT } from '../../src/log/hash.ts'
import {
  type ConsistencyClaim,
  consistencyProof,
  type InclusionClaim,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
} from '../../src/log/proofs.ts'
import { bigintConsistency, bigintInclusion, sparseConsistency, sparseInclusion } from './bigint-twin.ts'
import { sha256Only as crypto, numberedLeaf, TwinLog } from './twin.ts'

const SIZE_MAX = 130
const leaves = Array.from({ length: SIZE_MAX }, (_, number) => numberedLeaf(number))
const twin = new TwinLog(leaves)

function inclusionClaim(index: number, size: number): InclusionClaim {
  const proof = twin.path(index, size)
  return { leaf: leaves[index] as Hash, index, size, proof, root: twin.root(size) }
}

function consistencyClaim(from: number, to: number): ConsistencyClaim {
  const proof = from === 0 ? [] : twin.proof(from, to)
  return { from, to, fromRoot: twin.root(from), toRoot: twin.root(to), proof }
}

/** A pair of a size and a smaller number, small enough for the twin. */
const pair = fc
  .integer({ min: 1, max: SIZE_MAX })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat({ max: size - 1 }) }))

interface Damage {
  kind: 'flip' | 'drop' | 'add' | 'swap' | 'shorten'
  at: number
  other: number
  bit: number
}

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom<Damage['kind'][]>('flip', 'drop', 'add', 'swap', 'shorten'),
  at: fc.nat(),
  other: fc.nat(),
  bit: fc.nat({ max: 255 }),
})

/** The list damaged in one way; undefined when that way does not apply or changes nothing. */
function damaged(proof: readonly Hash[], how: Damage): Hash[] | undefined {
  const list: Hash[] = proof.map((hash) => hash.slice())
  const at = how.at % Math.max(1, list.length)
  const other = how.other % Math.max(1, list.length)
  const chosen = list[at]
  if (how.kind === 'add') return list.toSpliced(how.at % (list.length + 1), 0, numberedLeaf(how.other))
  if (chosen === undefined) return undefined
  if (how.kind === 'drop') return list.toSpliced(at, 1)
  if (how.kind === 'shorten') return list.with(at, chosen.slice(0, 31))
  if (how.kind === 'flip') {
    flip(chosen, how.bit)
    return list
  }
  if (at === other) return undefined
  return list.with(at, list[other] as Hash).with(other, chosen)
}

function flip(hash: Hash, bit: number): Hash {
  hash[bit >> 3] = (hash[bit >> 3] as number) ^ (1 << (bit & 7))
  return hash
}

describe('inclusion', () => {
  test('proofs are the path of RFC 6962 and verify, for every leaf of every size', () => {
    for (let size = 1; size <= SIZE_MAX; size++) {
      const reader = twin.reader(size)
      for (let index = 0; index < size; index++) {
        const made = inclusionProof(index, size, reader, crypto)
        const claim = inclusionClaim(index, size)
        if (!made.ok || made.value.map(toHex).join() !== claim.proof.map(toHex).join()) {
          expect.fail(`another path for leaf ${index} of ${size}`)
        }
        if (!verifyInclusion(claim, crypto)) expect.fail(`leaf ${index} of ${size} does not verify`)
      }
    }
  })

  test('a damaged proof is refused', () => {
    let tried = 0
    fc.assert(
      fc.property(pair, damage, ({ index, size }, how) => {
        const claim = inclusionClaim(index, size)
        const proof = damaged(claim.proof, how)
        if (proof === undefined) return
        tried += 1
        expect(verifyInclusion({ ...claim, proof }, crypto)).toBe(false)
      }),
      { numRuns: 2_000 },
    )
    expect(tried).toBeGreaterThan(1_000)
  })

  test('another leaf or root is refused', () => {
    fc.assert(
      fc.property(pair, fc.nat({ max: 255 }), ({ index, size }, bit) => {
        const claim = inclusionClaim(index, size)
        expect(verifyInclusion({ ...claim, leaf: flip(claim.leaf.slice(), bit) }, crypto)).toBe(false)
        expect(verifyInclusion({ ...claim, root: flip(claim.root.slice(), bit) }, crypto)).toBe(false)
        expect(verifyInclusion({ ...claim, leaf: claim.leaf.slice(1) }, crypto)).toBe(false)
      }),
    )
  })

  test('no other index is accepted, for every leaf of the sizes up to 33', () => {
    for (let size = 1; size <= 33; size++) {
      for (let index = 0; index < size; index++) {
        const claim = inclusionClaim(index, size)
        for (let other = 0; other < size + 3; other++) {
          if (other === index) continue
          if (verifyInclusion({ ...claim, index: other }, crypto))
            expect.fail(`${index} as ${other} of ${size}`)
        }
      }
    }
  })

  test('another size is accepted only where the path to the leaf has the same turns', () => {
    for (let size = 1; size <= 40; size++) {
      for (let index = 0; index < size; index++) {
        const claim = inclusionClaim(index, size)
        for (let other = 1; other <= 64; other++) {
          const accepted = verifyInclusion({ ...claim, size: other }, crypto)
          const sameTurns = other > index && turns(index, other) === turns(index, size)
          if (accepted !== sameTurns) expect.fail(`leaf ${index} of ${size} as of ${other}: ${accepted}`)
        }
      }
    }
  })

  test('an inner node does not pass as a leaf', () => {
    const claim = inclusionClaim(0, 8)
    const inner = twin.root(2)
    expect(verifyInclusion({ ...claim, leaf: inner, proof: claim.proof.slice(1) }, crypto)).toBe(false)
  })

  test.each([
    { index: 8, size: 8 },
    { index: 9, size: 8 },
    { index: -1, size: 8 },
    { index: 0.5, size: 8 },
    { index: Number.NaN, size: 8 },
    { index: 0, size: 0 },
    { index: 0, size: -1 },
    { index: 0, size: 2 ** 53 },
    { index: 0, size: Number.POSITIVE_INFINITY },
  ])('leaf $index of $size is refused: made and verified', ({ index, size }) => {
    const made = inclusionProof(index, size, twin.reader(SIZE_MAX), crypto)
    expect(made.ok ? 'made' : made.error.code).toBe('LOG_RANGE_INVALID')
    expect(verifyInclusion({ ...inclusionClaim(0, 8), index, size }, crypto)).toBe(false)
  })

  test('a proof of a million hashes is refused without hashing them all', () => {
    let hashed = 0
    const sha256 = (data: Uint8Array): Hash => {
      hashed += 1
      return crypto.sha256(data)
    }
    const counting = { ...crypto, sha256 }
    const claim = inclusionClaim(3, 100)
    const proof = Array.from({ length: 1_000_000 }, () => claim.root)
    expect(verifyInclusion({ ...claim, proof }, counting)).toBe(false)
    expect(hashed).toBeLessThan(54)
  })
})

describe('consistency', () => {
  test('proofs are those of RFC 6962 and verify, for all pairs of sizes', () => {
    for (let to = 0; to <= SIZE_MAX; to++) {
      const reader = twin.reader(to)
      for (let from = 0; from <= to; from++) {
        const made = consistencyProof(from, to, reader, crypto)
        const claim = consistencyClaim(from, to)
        if (!made.ok || made.value.map(toHex).join() !== claim.proof.map(toHex).join()) {
          expect.fail(`another proof from ${from} to ${to}`)
        }
        if (!verifyConsistency(claim, crypto)) expect.fail(`${from} to ${to} does not verify`)
      }
    }
  })

  test('a damaged proof is refused', () => {
    let tried = 0
    fc.assert(
      fc.property(pair, damage, ({ index: from, size: to }, how) => {
        const claim = consistencyClaim(from, to)
        const proof = damaged(claim.proof, how)
        if (proof === undefined) return
        tried += 1
        expect(verifyConsistency({ ...claim, proof }, crypto)).toBe(false)
      }),
      { numRuns: 2_000 },
    )
    expect(tried).toBeGreaterThan(1_000)
  })

  test('another root is refused, except the new one of a proof that starts at nothing', () => {
    fc.assert(
      fc.property(pair, fc.nat({ max: 255 }), ({ index: from, size: to }, bit) => {
        const claim = consistencyClaim(from, to)
        const fromRoot = flip(claim.fromRoot.slice(), bit)
        const toRoot = flip(claim.toRoot.slice(), bit)
        expect(verifyConsistency({ ...claim, fromRoot }, crypto)).toBe(false)
        expect(verifyConsistency({ ...claim, toRoot }, crypto)).toBe(from === 0)
        expect(verifyConsistency({ ...claim, toRoot: toRoot.slice(1) }, crypto)).toBe(false)
      }),
    )
  })

  test('a log whose past was changed is refused', () => {
    fc.assert(
      fc.property(pair, fc.nat(), ({ index, size }, which) => {
        const from = index + 1
        const changed = leaves.with(which % from, numberedLeaf(-1))
        const forged = new TwinLog(changed.slice(0, size))
        const claim = { ...consistencyClaim(from, size), toRoot: forged.root(size) }
        expect(verifyConsistency({ ...claim, proof: forged.proof(from, size) }, crypto)).toBe(false)
        expect(verifyConsistency(claim, crypto)).toBe(false)
      }),
    )
  })

  test('equal sizes need equal roots and no proof', () => {
    const claim = consistencyClaim(7, 7)
    expect(verifyConsistency(claim, crypto)).toBe(true)
    expect(verifyConsistency({ ...claim, proof: [claim.toRoot] }, crypto)).toBe(false)
    expect(verifyConsistency({ ...claim, toRoot: twin.root(8) }, crypto)).toBe(false)
    const empty = { from: 0, to: 0, fromRoot: EMPTY_ROOT, toRoot: EMPTY_ROOT, proof: [] }
    expect(verifyConsistency(empty, crypto)).toBe(true)
    expect(verifyConsistency({ ...empty, toRoot: claim.toRoot }, crypto)).toBe(false)
    expect(verifyConsistency({ ...empty, fromRoot: claim.toRoot, toRoot: claim.toRoot }, crypto)).toBe(false)
  })

  test('an empty proof between two sizes is refused', () => {
    for (const [from, to] of [
      [3, 8],
      [4, 8],
      [1, 2],
      [8, 9],
    ] as const) {
      expect(verifyConsistency({ ...consistencyClaim(from, to), proof: [] }, crypto)).toBe(false)
    }
  })

  test.each([
    { from: 9, to: 8 },
    { from: -1, to: 8 },
    { from: 1.5, to: 8 },
    { from: 4, to: Number.NaN },
    { from: 4, to: 2 ** 53 },
  ])('$from to $to is refused: made and verified', ({ from, to }) => {
    const made = consistencyProof(from, to, twin.reader(SIZE_MAX), crypto)
    expect(made.ok ? 'made' : made.error.code).toBe('LOG_RANGE_INVALID')
    expect(verifyConsistency({ ...consistencyClaim(4, 8), from, to }, crypto)).toBe(false)
  })
})

describe('logs larger than 2^32', () => {
  const huge = fc.oneof(
    fc.maxSafeNat(),
    fc
      .integer({ min: 31, max: 53 })
      .chain((bits) =>
        fc
          .integer({ min: -3, max: 3 })
          .map((offset) => Math.min(2 ** bits + offset, Number.MAX_SAFE_INTEGER)),
      ),
  )
  const hugePair = fc.tuple(huge, huge).map(([a, b]) => (a < b ? [a, b] : [b, a]) as [number, number])

  test('inclusion verifies like its bigint twin up to 2^53 - 1, and so do its neighbours', () => {
    fc.assert(
      fc.property(hugePair, fc.integer({ min: -2, max: 2 }), ([index, last], offset) => {
        const size = Math.min(last + 1, Number.MAX_SAFE_INTEGER)
        fc.pre(index < size)
        const claim = sparseInclusion(index, size)
        expect(verifyInclusion(claim, crypto)).toBe(true)
        expect(bigintInclusion(claim)).toBe(true)
        for (const other of [
          { ...claim, index: index + offset },
          { ...claim, size: size + offset },
          { ...claim, index: index % 2 ** 32 },
          { ...claim, proof: claim.proof.slice(1) },
        ]) {
          expect(verifyInclusion(other, crypto)).toBe(bigintInclusion(other))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('consistency verifies like its bigint twin up to 2^53 - 1, and so do its neighbours', () => {
    fc.assert(
      fc.property(hugePair, fc.integer({ min: -2, max: 2 }), ([from, to], offset) => {
        fc.pre(from > 0)
        const claim = sparseConsistency(from, to)
        expect(verifyConsistency(claim, crypto)).toBe(true)
        expect(bigintConsistency(claim)).toBe(true)
        for (const other of [
          { ...claim, from: from + offset },
          { ...claim, to: to + offset },
          { ...claim, from: from % 2 ** 32 },
          { ...claim, proof: claim.proof.slice(1) },
        ]) {
          expect(verifyConsistency(other, crypto)).toBe(bigintConsistency(other))
        }
      }),
      { numRuns: 500 },
    )
  })
})

/** The way from the root to leaf `index` of `size` leaves, as turns: L and R. */
function turns(index: number, size: number): string {
  let way = ''
  let at = index
  let width = size
  while (width > 1) {
    let left = 1
    while (left * 2 < width) left *= 2
    way += at < left ? 'L' : 'R'
    width = at < left ? left : width - left
    if (way.endsWith('R')) at -= left
  }
  return way
}

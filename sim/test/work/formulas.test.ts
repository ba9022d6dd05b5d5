import { describe, expect, test } from 'vitest'
import {
  bestLowest,
  choosySelfishShare,
  nakamoto,
  rosenfeld,
  rosenfeldByHash,
  selfishShare,
} from '../../work/formulas.ts'

describe('the share of a selfish miner', () => {
  test.each([
    [1 / 3, 0],
    [1 / 4, 1 / 2],
  ])('is its power at the threshold of Eyal and Sirer: %d where gamma is %d', (alpha, gamma) => {
    expect(selfishShare(alpha, gamma)).toBeCloseTo(alpha, 12)
    expect(selfishShare(alpha - 0.01, gamma)).toBeLessThan(alpha - 0.01)
    expect(selfishShare(alpha + 0.01, gamma)).toBeGreaterThan(alpha + 0.01)
  })

  test('is more than half from a power of 0.4 on, where ties go by chance', () => {
    expect(selfishShare(0.4, 1 / 2)).toBeCloseTo(0.5256, 4)
  })

  test('comes out the same when the blocks of each round are counted', () => {
    for (const alpha of [0.05, 0.2, 0.35, 0.45]) {
      expect(choosySelfishShare(alpha, 1)).toBeCloseTo(selfishShare(alpha, 1 / 2), 12)
      expect(choosySelfishShare(alpha, 0)).toBeCloseTo(alpha, 12)
    }
  })

  test('is above any power when only the lowest hashes are withheld', () => {
    for (const alpha of [0.05, 0.1, 0.2]) {
      expect(choosySelfishShare(alpha, bestLowest(alpha))).toBeGreaterThan(alpha)
    }
    expect(bestLowest(0.45)).toBe(1)
  })
})

describe('the probability of a double spend', () => {
  // Nakamoto 2008, section 11: the results of its program.
  test.each([
    [0.1, 0, 1],
    [0.1, 1, 0.2045873],
    [0.1, 5, 0.0009137],
    [0.1, 10, 0.0000012],
    [0.3, 5, 0.1773523],
    [0.3, 10, 0.0416605],
  ])('is as in the table of Nakamoto: q = %d, z = %i: %d', (q, z, probability) => {
    expect(nakamoto(q, z)).toBeCloseTo(probability, 7)
  })

  // For one and two confirmations by hand: 2q, and 2q^2 (3 - 2q).
  test.each([0.1, 0.2, 0.3, 0.4])('is as counted by hand for few confirmations: q = %d', (q) => {
    expect(rosenfeld(q, 1)).toBeCloseTo(2 * q, 12)
    expect(rosenfeld(q, 2)).toBeCloseTo(2 * q ** 2 * (3 - 2 * q), 12)
  })

  // Rosenfeld's theorem 1, as it is written there.
  test.each([0.1, 0.2, 0.3, 0.4])('is as in the theorem of Rosenfeld: q = %d', (q) => {
    for (const z of [1, 2, 4, 6, 10]) {
      let fails = 0
      let choose = 1
      for (let m = 0; m <= z; m++) {
        fails += choose * ((1 - q) ** z * q ** m - (1 - q) ** m * q ** z)
        choose *= (m + z) / (m + 1)
      }
      expect(rosenfeld(q, z)).toBeCloseTo(1 - fails, 12)
    }
  })

  test('is 1 from half of the power on', () => {
    for (const q of [0.5, 0.51, 0.9]) {
      expect([rosenfeld(q, 6), rosenfeldByHash(q, 6), nakamoto(q, 6)]).toEqual([1, 1, 1])
    }
  })

  test('is greater where a tie can be won, and the greater the fewer confirmations', () => {
    for (const q of [0.1, 0.3]) {
      for (const z of [1, 2, 6]) {
        expect(rosenfeldByHash(q, z)).toBeGreaterThan(rosenfeld(q, z))
        expect(rosenfeldByHash(q, z)).toBeGreaterThan(rosenfeldByHash(q, z + 1))
      }
    }
    // With one confirmation its head start makes a tie: half of them are won at once.
    expect(rosenfeldByHash(1e-9, 1)).toBeCloseTo(0.5, 6)
  })
})

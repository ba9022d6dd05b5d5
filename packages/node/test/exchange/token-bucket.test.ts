import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TokenBucket } from '../../src/exchange/token-bucket.ts'

describe('a token bucket', () => {
  test('lets a burst pass, then as much as it gains', () => {
    const bucket = new TokenBucket({ burst: 3, perSecond: 2 }, 0)
    expect([1, 2, 3, 4].map(() => bucket.take(1, 0))).toEqual([true, true, true, false])
    expect(bucket.take(1, 499)).toBe(false)
    expect(bucket.take(1, 500)).toBe(true)
    expect(bucket.take(1, 500)).toBe(false)
  })

  test('is never fuller than its burst', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 1 }, 0)
    expect([1, 2, 3].map(() => bucket.take(1, 1_000_000))).toEqual([true, true, false])
  })

  test('lets what is larger than itself pass when it is full, and is paid off afterwards', () => {
    const bucket = new TokenBucket({ burst: 10, perSecond: 10 }, 0)
    expect(bucket.take(25, 0)).toBe(true)
    expect(bucket.take(1, 1_500)).toBe(false)
    expect(bucket.take(1, 1_600)).toBe(true)
  })

  test('gains nothing from a clock that is set back', () => {
    const bucket = new TokenBucket({ burst: 1, perSecond: 1 }, 10_000)
    expect(bucket.take(1, 10_000)).toBe(true)
    expect(bucket.take(1, 0)).toBe(false)
    expect(bucket.take(1, 999)).toBe(false)
    expect(bucket.take(1, 1_000)).toBe(true)
  })

  test('never lets more pass than its burst and what it gained', () => {
    const steps = fc.array(fc.tuple(fc.nat(2_000), fc.integer({ min: 1, max: 5 })), { maxLength: 200 })
    fc.assert(
      fc.property(steps, (pairs) => {
        const bucket = new TokenBucket({ burst: 5, perSecond: 3 }, 0)
        let now = 0
        let passed = 0
        for (const [delayMs, count] of pairs) {
          now += delayMs
          if (bucket.take(count, now)) passed += count
        }
        expect(passed).toBeLessThanOrEqual(5 + (now * 3) / 1_000 + 1e-6)
      }),
    )
  })
})

import { describe, expect, test } from 'vitest'
import { agrees, agreesCount, estimateBy, estimateOf, wilson } from '../../work/statistics.ts'

describe('what was measured', () => {
  test('has a mean, and a standard error of it', () => {
    const { mean, error } = estimateOf([1, 2, 3, 4])
    expect(mean).toBe(2.5)
    expect(error).toBeCloseTo(Math.sqrt(5 / 3 / 4), 12)
  })

  test('has the error of a model where the values are few', () => {
    const outcomes = [0, 2, 0, 2, 0, 2, 0, 2]
    const { mean, error } = estimateBy([1, 3], outcomes)
    expect(mean).toBe(2)
    expect(error).toBeCloseTo(Math.sqrt(8 / 7 / 2), 12)
  })

  test('agrees with a theory up to three standard errors away', () => {
    expect(agrees({ mean: 1, error: 0.1 }, 1.29)).toBe(true)
    expect(agrees({ mean: 1, error: 0.1 }, 1.31)).toBe(false)
    expect(agrees({ mean: 1, error: 0.1 }, 0.69)).toBe(false)
  })
})

describe('a count of successes', () => {
  test('agrees with a probability when it is not too rare', () => {
    expect(agreesCount(50, 100, 0.5)).toBe(true)
    expect(agreesCount(66, 100, 0.5)).toBe(false)
    expect(agreesCount(34, 100, 0.5)).toBe(false)
    expect(agreesCount(0, 400, 0.0006)).toBe(true)
    expect(agreesCount(5, 400, 0.0006)).toBe(false)
  })

  test('of a certain success is all of them', () => {
    expect(agreesCount(100, 100, 1)).toBe(true)
    expect(agreesCount(99, 100, 1)).toBe(false)
  })

  // Wilson's interval for 10 of 100, as published for instance by Newcombe 1998.
  test('has the interval of Wilson', () => {
    const [low, high] = wilson(10, 100)
    expect(low).toBeCloseTo(0.0552, 4)
    expect(high).toBeCloseTo(0.1744, 4)
    expect(wilson(0, 60)[0]).toBe(0)
    expect(wilson(60, 60)[1]).toBeCloseTo(1, 12)
  })
})

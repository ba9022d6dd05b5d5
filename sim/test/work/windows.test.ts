import { describe, expect, test } from 'vitest'
import { Chance } from '../../kernel/chance.ts'
import { modelWindows } from '../../work/model.ts'
import { measureWindows, WINDOW } from '../../work/windows.ts'

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

describe('the model', () => {
  const chance = () => Chance.of(1, 'test of the model')

  test('has the mean of the F distribution when nothing happens', () => {
    const course = { intervalMs: 5_000, windows: 4_000, powerAt: () => 1 }
    const mean = meanOf(modelWindows(course, { sharesEdges: true }, chance()))
    expect(Math.abs(mean - WINDOW / (WINDOW - 1))).toBeLessThan(0.02)
  })

  test('is fast for one window after a step up, and for longer where a step is above the clamp', () => {
    const course = { intervalMs: 1_000, windows: 2_000, powerAt: (window: number) => 16 ** (window >> 2) }
    const steps = Array.from({ length: 200 }, () =>
      modelWindows({ ...course, windows: 8 }, { sharesEdges: true }, chance()),
    )
    const after = [4, 5, 6].map((window) => meanOf(steps.map((windows) => windows[window] ?? 0)))
    expect(after[0]).toBeLessThan(0.1)
    expect(after[1]).toBeLessThan(0.4)
    expect(after[2]).toBeGreaterThan(0.6)
  })

  test('makes blocks ever faster where false ends of windows are not made good', () => {
    const liar = { share: 0.5, skewMs: (height: number) => (height % WINDOW === 0 ? 119_000 : 0) }
    const course = { intervalMs: 5_000, windows: 400, powerAt: () => 1, liar }
    const own = modelWindows(course, { sharesEdges: false }, chance())
    const shared = modelWindows(course, { sharesEdges: true }, chance())
    expect(meanOf(own)).toBeLessThan(0.75)
    expect(meanOf(shared)).toBeGreaterThan(1)
  })
})

describe('the product', () => {
  test('finds its interval again after four times the power came', async () => {
    const course = { intervalMs: 1_000, windows: 12, powerAt: (window: number) => (window < 4 ? 1 : 4) }
    const windows = await measureWindows(course, 1)
    expect(windows[4]?.interval).toBeLessThan(0.6)
    expect(meanOf(windows.slice(6).map(({ interval }) => interval))).toBeGreaterThan(0.7)
    expect(windows.at(-1)?.difficulty).toBeGreaterThan(2)
  })

  test('is not made faster by a clock that is ahead', async () => {
    const liar = { share: 1 / 3, skewMs: () => 119_000 }
    const course = { intervalMs: 5_000, windows: 24, powerAt: () => 1, liar }
    const windows = await measureWindows(course, 1)
    expect(meanOf(windows.map(({ interval }) => interval))).toBeGreaterThan(0.9)
  })
})

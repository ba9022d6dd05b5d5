import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextWindowState, type RetargetRule, retarget } from '../../src/consensus/proof-of-work/retarget.ts'
import { DIGEST_END, expectedHashes, targetOf } from '../../src/consensus/work.ts'
import { runs } from '../support/runs.ts'

const START = 1_767_225_600_000

function ruleOf(window: number, intervalMs: number, difficultyMinimum = 1n): RetargetRule {
  return { window, intervalMs, greatestTarget: targetOf(difficultyMinimum) }
}

/** A chain whose blocks take as long as `msOf` says of their height and their difficulty. */
function grow(
  rule: RetargetRule,
  first: bigint,
  count: number,
  msOf: (height: number, hashes: number) => number,
) {
  let state = { target: targetOf(first), windowTime: START }
  let time = START
  const blocks: { height: number; hashes: bigint; ms: number; target: bigint }[] = []
  for (let height = 1; height <= count; height++) {
    if (height > 1) state = nextWindowState({ height: height - 1, time }, state, rule)
    const hashes = expectedHashes(state.target)
    const ms = msOf(height, Number(hashes))
    time += ms
    blocks.push({ height, hashes, ms, target: state.target })
  }
  return blocks
}

describe('the target', () => {
  test.each([1, 2, 4, 16, 2_016])(
    'stays as it is, to the last bit, when blocks of windows of %d come exactly in time',
    (window) => {
      const blocks = grow(ruleOf(window, 5_000), 50_000_000n, 5 * window + 1, () => 5_000)
      expect(new Set(blocks.map(({ target }) => target)).size).toBe(1)
    },
  )

  test('changes at the blocks after 4, 8, 12 and at no others, when windows have 4', () => {
    // Each block is a tenth slower than the one before.
    const blocks = grow(ruleOf(4, 1_000), 1_000_000n, 16, (height) => Math.round(1_500 * 1.1 ** height))
    const changed = blocks.filter(({ target }, i) => i > 0 && target !== blocks[i - 1]?.target)
    expect(changed.map(({ height }) => height)).toEqual([5, 9, 13])
  })

  test('is measured over all intervals of a window, also over the one across its edge', () => {
    // Only the first block of each window is slow: it takes 3 s more than it should.
    const blocks = grow(ruleOf(4, 1_000), 1_000_000n, 5, (height) => (height % 4 === 1 ? 4_000 : 1_000))
    // 7 s where 4 are due, so 4/7 of the difficulty. Without that interval nothing would have changed.
    expect(blocks[4]?.hashes).toBe(571_428n)
  })

  test.each([
    ['half as long', 2_000, 2n],
    ['a quarter', 1_000, 4n],
    ['a tenth', 400, 4n],
    ['no time at all', 0, 4n],
    ['less than no time, by a clock that ran backwards', -100_000, 4n],
  ])('is harder after a window that took %s', (_, elapsedMs, factor) => {
    expect(expectedHashes(retarget(targetOf(1_000n), elapsedMs, ruleOf(4, 1_000)))).toBe(1_000n * factor)
  })

  test.each([
    ['twice as long', 8_000, 500n],
    ['four times', 16_000, 250n],
    ['a day', 86_400_000, 250n],
    ['the longest that times can be apart', 253_402_300_799_999, 250n],
  ])('is easier after a window that took %s', (_, elapsedMs, hashes) => {
    expect(expectedHashes(retarget(targetOf(1_000n), elapsedMs, ruleOf(4, 1_000)))).toBe(hashes)
  })

  test('is never easier than the genesis document allows', () => {
    const rule = ruleOf(4, 1_000, 300n)
    expect(expectedHashes(retarget(targetOf(1_000n), 16_000, rule))).toBe(300n)
    expect(expectedHashes(retarget(targetOf(300n), 86_400_000, rule))).toBe(300n)
  })

  test('with windows of one block of a millisecond still has a quarter and a fourfold', () => {
    const rule = ruleOf(1, 1)
    expect(expectedHashes(retarget(targetOf(1_000n), 0, rule))).toBe(4_000n)
    expect(expectedHashes(retarget(targetOf(1_000n), 1, rule))).toBe(1_000n)
    expect(expectedHashes(retarget(targetOf(1_000n), 9, rule))).toBe(250n)
  })

  test('is what exact fractions say, rounded down', () => {
    const any = fc.record({
      hashes: fc.bigInt({ min: 1n, max: 1n << 100n }),
      window: fc.integer({ min: 1, max: 10_000 }),
      intervalMs: fc.integer({ min: 1, max: 86_400_000 }),
      factor: fc.double({ min: -1, max: 8, noNaN: true }),
    })
    fc.assert(
      fc.property(any, ({ hashes, window, intervalMs, factor }) => {
        const due = window * intervalMs
        const elapsedMs = Math.round(due * factor)
        // Quarters, since a quarter of a window need not be whole milliseconds.
        const quarters = Math.min(16 * due, Math.max(due, 4 * elapsedMs))
        const exact = ((DIGEST_END / hashes) * BigInt(quarters)) / (4n * BigInt(due)) - 1n
        const next = retarget(targetOf(hashes), elapsedMs, ruleOf(window, intervalMs))
        expect(next).toBe(exact > DIGEST_END - 1n ? DIGEST_END - 1n : exact)
      }),
      runs(500),
    )
  })

  test('of a chain whose blocks take no time ends where nobody can follow, and can be weighed', () => {
    const blocks = grow(ruleOf(1, 5_000), 1_000n, 500, () => 0)
    const last = blocks.at(-1)
    expect(last?.hashes).toBe(1n << 128n)
    // Whatever the height, a chain of such blocks can be weighed.
    expect((last?.hashes as bigint) * (1n << 53n)).toBeLessThan(1n << 256n)
  })
})

describe('when hash power changes', () => {
  /** Blocks take the time that the difficulty takes at this rate. */
  const powered = (rateAt: (height: number) => number) => (height: number, hashes: number) =>
    Math.round((hashes * 1_000) / rateAt(height))

  test.each([
    ['doubles', 2, 1],
    ['halves', 1 / 2, 1],
    ['grows tenfold', 10, 2],
    ['falls to a tenth', 1 / 10, 2],
    ['grows a hundredfold', 100, 4],
    ['falls to a hundredth', 1 / 100, 4],
  ])('and %s, blocks are in time again after as many windows as fours', (_, factor, windows) => {
    const rate = (height: number) => (height <= 32 ? 10_000_000 : 10_000_000 * factor)
    const blocks = grow(ruleOf(16, 5_000), 50_000_000n, 32 + 16 * (windows + 2), powered(rate))
    const settled = blocks.slice(32 + 16 * windows)
    for (const { ms } of settled) expect(Math.abs(ms - 5_000)).toBeLessThanOrEqual(1)
    expect(Math.abs((blocks[32]?.ms as number) - 5_000)).toBeGreaterThan(2_000)
  })

  test('by chance alone, blocks come every five seconds on average', () => {
    let seed = 7
    const random = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return seed / 2 ** 32
    }
    const blocks = grow(ruleOf(16, 5_000), 50_000_000n, 20_000, (_, hashes) =>
      Math.round((-Math.log(1 - random()) * hashes * 1_000) / 10_000_000),
    )
    const mean = blocks.reduce((sum, { ms }) => sum + ms, 0) / blocks.length
    // A fifteenth slow: of 16 intervals by chance the mean of the inverse is 16/15 of the inverse of the
    // mean.
    expect(mean).toBeGreaterThan(4_800)
    expect(mean).toBeLessThan(5_600)
  })

  test('somebody who warps the clock at every edge gains nothing from it', () => {
    // 120 s ahead at the end of each other window, which is as far as others accept.
    const honest = grow(
      ruleOf(16, 5_000),
      50_000_000n,
      1_600,
      powered(() => 10_000_000),
    )
    let state = { target: targetOf(50_000_000n), windowTime: START }
    let clock = START
    let shown = START
    let sum = 0n
    for (let height = 1; height <= 1_600; height++) {
      if (height > 1) state = nextWindowState({ height: height - 1, time: shown }, state, ruleOf(16, 5_000))
      const hashes = expectedHashes(state.target)
      sum += hashes
      clock += Number(hashes) / 10_000
      shown = Math.round(clock) + (height % 32 === 0 ? 120_000 : 0)
    }
    const work = honest.reduce((total, { hashes }) => total + hashes, 0n)
    // Blocks for less work than the honest chain of as many.
    expect(sum).toBeGreaterThan(work)
  })
})

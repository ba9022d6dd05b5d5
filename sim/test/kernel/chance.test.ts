import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Chance } from '../../kernel/chance.ts'

function numbers(chance: Chance, count = 50): number[] {
  return Array.from({ length: count }, () => chance.uint32())
}

/** Of `counts` things that should be equally frequent; with 64 of them above 120 once in 10,000 times. */
function chiSquared(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

describe('a stream of chance', () => {
  test('is the same for the same seed and name, whatever was drawn elsewhere', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string(), fc.nat(200), (seed, name, drawnCount) => {
        const expected = numbers(new Chance(seed, name))
        const others = [new Chance(seed, `${name}!`), new Chance(seed + 1, name), new Chance(seed, name)]
        for (const other of others) numbers(other, drawnCount)
        expect(numbers(new Chance(seed, name))).toEqual(expected)
      }),
      { numRuns: 50 },
    )
  })

  test('gives the numbers that it always gave, so that a seed of last year still replays', () => {
    expect(numbers(new Chance(1, 'network'), 3)).toEqual(numbers(Chance.of(1, 'network'), 3))
    expect(numbers(new Chance(1, 'network'), 3)).toMatchInlineSnapshot(`
      [
        1074946947,
        2757328162,
        824227121,
      ]
    `)
  })

  test('differs by name, by seed and by each part of the name', () => {
    const streams = [
      Chance.of(1, 'a'),
      Chance.of(2, 'a'),
      Chance.of(1, 'b'),
      Chance.of(1, 'a', 0),
      Chance.of(1, 'a', 1),
      Chance.of(1, 'a', 1, 1),
      Chance.of(11, 'a'),
    ]
    const seen = streams.map((stream) => numbers(stream, 4).join())
    expect(new Set(seen).size).toBe(streams.length)
    expect(Chance.of(1, 'a', 2).name).toBe('a/2')
  })

  test('of a neighbouring seed or name has nothing to do with it: half of all bits differ', () => {
    const pairs = Array.from({ length: 500 }, (_, i) => [Chance.of(i, 'a'), Chance.of(i + 1, 'a')] as const)
    const names = Array.from({ length: 500 }, (_, i) => [Chance.of(7, i), Chance.of(7, i + 1)] as const)
    for (const group of [pairs, names]) {
      const differing = group.reduce((sum, [a, b]) => sum + bitCount((a.uint32() ^ b.uint32()) >>> 0), 0)
      // 16,000 bits: the standard deviation is 63.
      expect(Math.abs(differing - 8_000)).toBeLessThan(320)
    }
  })
})

function bitCount(value: number): number {
  return value.toString(2).replaceAll('0', '').length
}

describe('what is drawn', () => {
  test('from one stream is spread evenly, and so are the first numbers of many streams', () => {
    const stream = new Chance(3, 'even')
    const within = new Array<number>(64).fill(0)
    const across = new Array<number>(64).fill(0)
    for (let i = 0; i < 32_000; i++) count(within, stream.below(64))
    for (let seed = 0; seed < 32_000; seed++) count(across, new Chance(seed, 'even').below(64))
    expect(chiSquared(within)).toBeLessThan(120)
    expect(chiSquared(across)).toBeLessThan(120)
  })

  test('is within its bounds, both of which occur', () => {
    const chance = new Chance(4, 'bounds')
    const drawn = Array.from({ length: 2_000 }, () => chance.between(-3, 4))
    expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([-3, 4])
    expect(drawn.every(Number.isInteger)).toBe(true)
    expect(new Set(Array.from({ length: 2_000 }, () => chance.below(5)))).toEqual(new Set([0, 1, 2, 3, 4]))
    expect(chance.between(6, 6)).toBe(6)
    expect(chance.below(1)).toBe(0)
    const shares = Array.from({ length: 2_000 }, () => chance.share())
    expect(shares.every((share) => share >= 0 && share < 1)).toBe(true)
  })

  test('as often as its probability says', () => {
    const chance = new Chance(5, 'happens')
    const times = (probability: number): number =>
      Array.from({ length: 10_000 }, () => chance.happens(probability)).filter(Boolean).length
    expect([times(0), times(1)]).toEqual([0, 10_000])
    // The standard deviation is 40.
    expect(Math.abs(times(0.2) - 2_000)).toBeLessThan(200)
  })

  test('as gaps are whole, at least 1, and as long on average as they should be', () => {
    const chance = new Chance(6, 'gaps')
    const gaps = Array.from({ length: 20_000 }, () => chance.gap(1_000))
    expect(gaps.every((gap) => Number.isInteger(gap) && gap >= 1)).toBe(true)
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    // The standard deviation of the mean is 7.
    expect(Math.abs(mean - 1_000)).toBeLessThan(35)
    // Of an exponential distribution 37 % are above the mean, and 5 % above three times as much.
    expect(gaps.filter((gap) => gap > 1_000).length / gaps.length).toBeCloseTo(0.368, 1)
    expect(gaps.filter((gap) => gap > 3_000).length / gaps.length).toBeCloseTo(0.05, 1)
    expect(Array.from({ length: 100 }, () => chance.gap(0.001))).toEqual(new Array(100).fill(1))
  })

  test('as bytes has their number, and every value', () => {
    const bytes = new Chance(7, 'bytes').bytes(5_000)
    expect(bytes).toHaveLength(5_000)
    expect(new Set(bytes).size).toBe(256)
  })
})

describe('a choice', () => {
  test('of some is so many of them or all, none twice, in their order', () => {
    const chance = new Chance(8, 'some')
    const distinct = fc.uniqueArray(fc.integer(), { maxLength: 20 })
    fc.assert(
      fc.property(distinct, fc.nat(25), (items, count) => {
        const chosen = chance.some(items, count)
        expect(chosen).toHaveLength(Math.min(count, items.length))
        expect(items.filter((item) => chosen.includes(item))).toEqual(chosen)
      }),
      { numRuns: 200 },
    )
  })

  test('of some takes each of them equally often', () => {
    const chance = new Chance(9, 'fair')
    const counts = new Array<number>(64).fill(0)
    const items = [...counts.keys()]
    for (let i = 0; i < 2_000; i++) for (const item of chance.some(items, 16)) count(counts, item)
    expect(chiSquared(counts)).toBeLessThan(120)
  })

  test('by shuffling keeps every item, leaves what was given, and makes each order equally likely', () => {
    const chance = new Chance(10, 'shuffle')
    const items = Object.freeze(['a', 'b', 'c', 'd'])
    const orders = new Map<string, number>()
    for (let i = 0; i < 12_000; i++) {
      const order = chance.shuffled(items).join('')
      orders.set(order, (orders.get(order) ?? 0) + 1)
    }
    expect(orders.size).toBe(24)
    // With 23 degrees of freedom above 60 once in 30,000 times.
    expect(chiSquared([...orders.values()])).toBeLessThan(60)
  })
})

function count(counts: number[], i: number): void {
  counts[i] = (counts[i] ?? 0) + 1
}

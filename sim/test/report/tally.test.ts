import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { table } from '../../report/table.ts'
import { Tally } from '../../report/tally.ts'
import { counted, duration, percent, plural } from '../../report/words.ts'

describe('a tally', () => {
  test('has the percentiles of the sorted list of its values, by the nearest rank', () => {
    const shares = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1 }), shares, (values, share) => {
        const sorted = values.toSorted((a, b) => a - b)
        const rank = Math.max(1, Math.ceil(share * values.length))
        expect(Tally.of(values).percentile(share)).toBe(sorted[rank - 1])
      }),
    )
  })

  test('is what two tallies are together', () => {
    const together = Tally.of([1, 2])
    together.addAll(Tally.of([2, 9]).counts())
    expect(together.counts()).toEqual(Tally.of([9, 2, 1, 2]).counts())
    expect(together.count).toBe(4)
    expect(together.max).toBe(9)
  })

  test('has no percentile when nothing was counted', () => {
    expect(new Tally().percentile(0.5)).toBeUndefined()
    expect(new Tally().max).toBeUndefined()
  })
})

describe('a table', () => {
  test('has its first column at the left and numbers at the right', () => {
    expect(
      table([
        ['', 'count'],
        ['reorg depth', '7'],
        ['x', '1,000'],
      ]),
    ).toEqual(['             count', 'reorg depth      7', 'x            1,000'])
  })
})

describe('numbers in words', () => {
  test('are in the unit that reads best', () => {
    expect([0, 999, 1_234, 45_678, 300_000, 7_200_000].map(duration)).toEqual([
      ...['0 ms', '999 ms', '1.23 s', '45.7 s', '5 min', '2 h'],
    ])
    expect(percent(0.1234)).toBe('12.3 %')
    expect([plural(1, 'seed'), plural(2_000, 'seed')]).toEqual(['1 seed', '2,000 seeds'])
  })

  test('of counts begin with the greatest', () => {
    expect(
      counted(
        new Map([
          ['loss', 3],
          ['crash', 1_200],
          ['delay', 3],
        ]),
      ),
    ).toBe('1,200 crash, 3 delay, 3 loss')
    expect(counted(new Map())).toBe('none')
  })
})

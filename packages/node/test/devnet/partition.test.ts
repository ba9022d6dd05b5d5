import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Partition } from '../../src/devnet/partition.ts'

test('a whole network is one group', () => {
  const whole = Partition.whole(3)
  expect(whole.isWhole).toBe(true)
  expect(whole.groups()).toEqual([[1, 2, 3]])
  expect(String(whole)).toBe('whole')
})

test('split silences every pair across groups, and those in no group stay together', () => {
  const cut = Partition.whole(5).split([[1, 2], [3]])
  expect(cut.groups()).toEqual([[1, 2], [3], [4, 5]])
  expect(String(cut)).toBe('1,2 | 3 | 4,5')
  expect(cut.isSilenced(1, 3)).toBe(true)
  expect(cut.isSilenced(3, 1)).toBe(true)
  expect(cut.isSilenced(1, 2)).toBe(false)
})

test('split replaces what was cut before; isolating and muting add to it', () => {
  const cut = Partition.whole(4).split([[1], [2, 3, 4]])
  expect(
    String(
      cut.split([
        [1, 2],
        [3, 4],
      ]),
    ),
  ).toBe('1,2 | 3,4')
  expect(String(cut.isolate(4))).toBe('1 | 2,3 | 4')
  expect(String(cut.with([{ from: 2, to: 3 }]))).toBe('1 | 2,3,4 without 2->3')
})

test('its pairs make it again', () => {
  const pair = fc.record({ from: fc.integer({ min: 1, max: 6 }), to: fc.integer({ min: 1, max: 6 }) })
  fc.assert(
    fc.property(fc.array(pair), (pairs) => {
      const given = pairs.filter(({ from, to }) => from !== to)
      const cut = Partition.of(6, given)
      expect(Partition.of(6, cut.pairs()).pairs()).toEqual(cut.pairs())
      for (const { from, to } of given) expect(cut.isSilenced(from, to)).toBe(true)
      expect(cut.groups().flat().sort()).toEqual([1, 2, 3, 4, 5, 6])
    }),
  )
})

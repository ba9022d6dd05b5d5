import { expect, test } from 'vitest'
import { Tally } from '../../src/terminal/tally.ts'

test('counts each key, and keeps nothing of one that is gone', () => {
  const tally = new Tally()
  for (const key of ['a', 'b', 'a']) tally.add(key)
  expect([tally.of('a'), tally.of('b'), tally.of('c'), tally.keyCount]).toEqual([2, 1, 0, 2])
  tally.remove('a')
  tally.remove('b')
  expect([tally.of('a'), tally.of('b'), tally.keyCount]).toEqual([1, 0, 1])
  tally.remove('a')
  expect(tally.keyCount).toBe(0)
})

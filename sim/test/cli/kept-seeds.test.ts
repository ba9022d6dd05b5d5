/** Runs that failed once, because of bugs that are fixed: testdata/seeds. */
import { expect, test } from 'vitest'
import { scenarioOf } from '../../scenario/scenario.ts'
import { attempt, DETERMINISTIC } from '../../shrink/attempt.ts'
import { keptSeeds } from '../../shrink/kept-seed.ts'

const seeds = [...keptSeeds()]

test('there are kept seeds', () => {
  expect(seeds.length).toBeGreaterThan(0)
})

test.each(seeds)('%s does not fail again', async (_name, { choice, invariant, fixed }) => {
  const isTwice = invariant === DETERMINISTIC
  const { finding } = await attempt(scenarioOf(choice.seed, choice), { isTwice })
  expect(finding).toBeUndefined()
  expect(fixed, 'says what fixed it').not.toBe('')
})

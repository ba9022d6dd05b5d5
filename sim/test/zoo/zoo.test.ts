import { describe, expect, test } from 'vitest'
import { BUGS, bugNamed } from '../../zoo/bugs.ts'
import { huntBug, huntNothing, SEEDS_MAX } from '../../zoo/hunt.ts'

/** Of all seeds, on a machine that does much else. */
const HUNT_MS_MAX = 600_000

/** Seeds of the product as it is: most bugs need fewer. */
const CONTROL_SEEDS = 40

describe('the bug zoo', () => {
  test.each(BUGS)(
    'finds: $name',
    async (bug) => {
      const { seeds, invariant, others, message } = await huntBug(bug)
      expect(bug.foundBy, `in ${SEEDS_MAX} seeds, but for ${JSON.stringify(others)}`).toContain(invariant)
      // The same seed shows nothing when the bug is not there, so it is the bug that was found.
      const control = await huntNothing(seeds as number, seeds as number, bug.choice)
      expect(control.found, `without the bug; with it: ${message}`).toBeUndefined()
    },
    HUNT_MS_MAX,
  )

  test(
    'finds nothing in the product as it is',
    async () => {
      const { found } = await huntNothing(1, CONTROL_SEEDS)
      expect(found).toBeUndefined()
    },
    HUNT_MS_MAX,
  )

  test('has bugs with names of their own', () => {
    expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length)
    expect(BUGS.length).toBeGreaterThanOrEqual(18)
  })

  test('refuses a name that it does not have', () => {
    expect(() => bugNamed('no-such-bug')).toThrow('no bug in the zoo is named "no-such-bug"')
  })
})

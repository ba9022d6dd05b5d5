/**
 * How long a claim about a network may take to come true before it counts as false. A node that was cut off
 * tries again after up to half a minute, and a busy machine is slow at all of it: nobody waits so long for
 * something that happens.
 */
const PATIENCE_MS = 180_000
/** Of a whole test: what it waits for fails first, and says what it was. */
export const TEST_MS = 600_000
const PAUSE_MS = 25

/** What can never come true any more: nobody waits for it. */
export class Hopeless extends Error {}

/**
 * Asks again and again until `find` gives something else than undefined. One that throws, as a question to a
 * node that is not up does, has not found anything yet; a failure says why. `describe` says what there is
 * instead.
 */
export async function found<T>(
  what: string,
  find: () => Promise<T | undefined> | T | undefined,
  describe: () => string = () => '',
): Promise<T> {
  const endAt = performance.now() + PATIENCE_MS
  for (let reason = ''; ; ) {
    try {
      const value = await find()
      if (value !== undefined) return value
      reason = describe()
    } catch (error) {
      if (error instanceof Hopeless) throw error
      reason = (error as Error).message
    }
    if (performance.now() > endAt) throw new Error(`waited ${PATIENCE_MS} ms for ${what}: ${reason}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

/** The same for a condition. */
export async function holds(
  what: string,
  is: () => Promise<boolean> | boolean,
  describe?: () => string,
): Promise<void> {
  await found(what, async () => ((await is()) ? true : undefined), describe)
}

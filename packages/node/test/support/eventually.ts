import { expect } from 'vitest'

/** Waits for what will come, however slow the machine: a test that depends on it must not depend on time. */
export function eventually<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: 20_000, interval: 10 })
}

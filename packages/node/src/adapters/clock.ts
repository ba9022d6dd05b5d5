import { invariant } from '@pulseledger/core'
import type { Clock } from '../ports.ts'

/** setTimeout takes 31 bits; a longer delay would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

/**
 * The clock of the machine. Its timers keep the process alive on purpose: whoever sets one cancels it in
 * `stop()`, and one that was forgotten is then seen, instead of a piece of work that silently never runs.
 */
export const systemClock: Clock = {
  now: () => Date.now(),

  after(delayMs, task) {
    invariant(Number.isSafeInteger(delayMs) && delayMs >= 0, `a timer of ${delayMs} ms`)
    let timer: NodeJS.Timeout
    const wait = (leftMs: number): void => {
      const nowMs = Math.min(leftMs, TIMER_MS_MAX)
      timer = setTimeout(() => (leftMs > nowMs ? wait(leftMs - nowMs) : task()), nowMs)
    }
    wait(delayMs)
    return () => clearTimeout(timer)
  },
}

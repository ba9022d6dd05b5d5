import type { Clock } from '../../src/ports.ts'

interface Timer {
  readonly at: number
  readonly delayMs: number
  readonly order: number
  readonly task: () => void
}

/** Time that passes only when a test says so. Tasks run in the order of their times, then of their making. */
export class VirtualClock implements Clock {
  #now: number
  #order = 0
  #timers: Timer[] = []

  constructor(now = Date.parse('2026-11-22T11:16:33Z')) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, task: () => void): () => void {
    this.#order += 1
    const timer = { at: this.#now + delayMs, delayMs, order: this.#order, task }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Timers that are set and did not run. */
  get timerCount(): number {
    return this.#timers.length
  }

  /** Whether a timer waits that was set for so long. */
  isSet(delayMs: number): boolean {
    return this.#timers.some((timer) => timer.delayMs === delayMs)
  }

  /** Runs everything that is due within `byMs`, also what those tasks set, each at its own time. */
  advance(byMs: number): void {
    const until = this.#now + byMs
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.at - b.at || a.order - b.order)
      if (next === undefined || next.at > until) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = next.at
      next.task()
    }
    this.#now = until
  }
}

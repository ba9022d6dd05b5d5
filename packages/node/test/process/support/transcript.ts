/**
 * Figures in seconds are goals for a machine that does nothing else. They are asserted on demand only, so
 * that a busy machine fails no test; what never happens fails by the deadline anyway.
 */
export const asserts = { figures: process.env.PULSELEDGER_TEST_FIGURES === '1' }

/** Long enough for a busy machine of one core; whoever waits so long has found a defect. */
export const DEADLINE_MS = asserts.figures ? 120_000 : 20_000

const SHOWN_CHARACTERS = 2_000

interface Waiter {
  /** Whether what was waited for has come. */
  readonly look: () => boolean
  readonly giveUp: (why: string) => void
}

/**
 * Text that arrives piece by piece, and those who wait for something in it. Nobody sleeps: a waiter looks
 * whenever something arrives, and one whose text never comes fails with what it waited for and what it saw
 * instead.
 */
export class Transcript {
  readonly #name: string
  #text = ''
  #end: string | undefined
  readonly #waiters = new Set<Waiter>()
  readonly #listeners: (() => void)[] = []

  /** `name` is for failures: "client 3", "stdout". */
  constructor(name: string) {
    this.#name = name
  }

  get text(): string {
    return this.#text
  }

  append(piece: string): void {
    this.#text += piece
    for (const listener of this.#listeners) listener()
    this.#lookAgain()
  }

  /** Called after each piece. */
  onText(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Nothing more will come. Idempotent. */
  end(why: string): void {
    this.#end ??= why
    this.#lookAgain()
    for (const waiter of [...this.#waiters]) waiter.giveUp(why)
  }

  /** Resolves with the first value that `find` gives, at once or when more text has arrived. */
  waitFor<T>(what: string, find: (text: string) => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const giveUp = (why: string) => reject(new Error(`waited for ${what}, but ${why}. ${this.#seen()}`))
    const look = () => {
      const found = find(this.#text)
      if (found !== undefined) resolve(found)
      return found !== undefined
    }
    if (look()) return promise
    if (this.#end !== undefined) {
      giveUp(this.#end)
      return promise
    }
    const waiter = { look, giveUp }
    this.#waiters.add(waiter)
    const timer = setTimeout(() => giveUp(`${DEADLINE_MS} ms went by`), DEADLINE_MS)
    return promise.finally(() => {
      clearTimeout(timer)
      this.#waiters.delete(waiter)
    })
  }

  #lookAgain(): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.look()) this.#waiters.delete(waiter)
    }
  }

  #seen(): string {
    const from = Math.max(0, this.#text.length - SHOWN_CHARACTERS)
    return `Seen on ${this.#name}: ${from > 0 ? '...' : ''}${JSON.stringify(this.#text.slice(from))}`
  }
}

/**
 * For conditions that nobody tells about, such as a file that another process writes: looks again and
 * again.
 */
export async function until<T>(what: string, find: () => T | undefined): Promise<T> {
  const endAt = performance.now() + DEADLINE_MS
  for (;;) {
    const found = find()
    if (found !== undefined) return found
    if (performance.now() > endAt) throw new Error(`waited for ${what}, but ${DEADLINE_MS} ms went by`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The promise, or a failure that says what did not happen in time. */
export async function within<T>(what: string, promise: Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${deadlineMs} ms`)), deadlineMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

import { NODE_LIMITS } from '../limits.ts'
import type { Clock, Logger } from '../ports.ts'

interface Kind {
  loggedAt: number
  /** Events since then that were not logged. */
  silentCount: number
}

/**
 * Warnings that strangers can cause: each kind at most once in `logIntervalMs`, with how many there were in
 * between, so that nobody fills a disk through the log. Kinds are the messages; callers have a handful.
 */
export class CalmLog {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #kinds = new Map<string, Kind>()

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  /** `message` must be one of a few constants: what varies goes into `fields`. */
  warn(fields: object, message: string): void {
    const now = this.#clock.now()
    const kind = this.#kinds.get(message)
    if (kind !== undefined && now - kind.loggedAt < NODE_LIMITS.logIntervalMs) {
      kind.silentCount += 1
      return
    }
    const silentCount = kind?.silentCount ?? 0
    this.#kinds.set(message, { loggedAt: now, silentCount: 0 })
    this.#logger.warn(silentCount === 0 ? fields : { ...fields, alsoCount: silentCount }, message)
  }
}

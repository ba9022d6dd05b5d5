import { NODE_LIMITS } from '../limits.ts'

/** Set the time after which `expired` is to be asked, or (null) take it away. */
export interface PatienceEffect {
  readonly kind: 'patience'
  readonly afterMs: number | null
}

/** How long the first reading waits until its writer is told why, and until that is told again, if ever. */
export interface PatienceTimes {
  readonly firstMs: number
  readonly againMs?: number
}

const USUAL: PatienceTimes = { firstMs: NODE_LIMITS.answerPatienceMs }

/** Where blocks take work a reading always waits, and there is news of it. */
export const MINED: PatienceTimes = {
  firstMs: NODE_LIMITS.miningPatienceMs,
  againMs: NODE_LIMITS.miningPatienceAgainMs,
}

/**
 * When somebody whose readings wait for a block is told why: once, after one and the same reading has
 * waited for `firstMs`, and not again before all of them are answered, or after `againMs`. Under load there
 * is always one that waits, but never the same for so long. The time is set once for as long as readings
 * wait, not for each of them, so that it costs nothing; a reading is therefore explained after once to
 * twice that time.
 */
export class Patience {
  /** Tickets of readings without an answer, in the order in which they were typed. */
  readonly #waiting = new Set<number>()
  /** The one for which the time is set; 0: it is not set. */
  #ticket = 0
  #isExplained = false
  readonly #times: PatienceTimes

  constructor(times = USUAL) {
    this.#times = times
  }

  begin(ticket: number): void {
    this.#waiting.add(ticket)
  }

  end(ticket: number): void {
    this.#waiting.delete(ticket)
    if (this.#waiting.size === 0) this.#isExplained = false
  }

  /** The time has passed: whether it must be said now why readings wait. */
  expired(): boolean {
    const isSame = this.#ticket !== 0 && this.#waiting.has(this.#ticket)
    this.#ticket = 0
    if (!isSame || (this.#isExplained && this.#times.againMs === undefined)) return false
    this.#isExplained = true
    return true
  }

  /** After every event. Undefined: the time stays as it is set. */
  steer(isOpen: boolean): PatienceEffect | undefined {
    const [first] = this.#waiting
    const { firstMs, againMs } = this.#times
    const afterMs = this.#isExplained ? againMs : firstMs
    const isWanted = isOpen && first !== undefined && afterMs !== undefined
    if (isWanted === (this.#ticket !== 0)) return undefined
    this.#ticket = isWanted ? first : 0
    return { kind: 'patience', afterMs: isWanted ? afterMs : null }
  }
}

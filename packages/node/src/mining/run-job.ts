import { NODE_LIMITS } from '../limits.ts'
import type { JobBoard } from './job-board.ts'
import type { NonceSearch } from './nonce-search.ts'
import type { SharedCount } from './shared-count.ts'

/** What a slice can change the size of the next by: one that the machine held up must not mislead it. */
const PACE_FACTOR_MAX = 2

/**
 * How many nonces a thread tries between two looks at whether it still should: as many as take
 * `miningSliceMs` on this machine, now. Kept from job to job.
 */
export class SlicePace {
  #count: number = NODE_LIMITS.miningSliceNoncesMin

  /** Nonces of the next slice, a multiple of 4, which is how many the search tries at once. */
  get count(): number {
    return this.#count
  }

  took(elapsedMs: number): void {
    const { miningSliceMs, miningSliceNoncesMin, miningSliceNoncesMax } = NODE_LIMITS
    const wanted = elapsedMs > 0 ? miningSliceMs / elapsedMs : PACE_FACTOR_MAX
    const factor = Math.min(PACE_FACTOR_MAX, Math.max(1 / PACE_FACTOR_MAX, wanted))
    const count = 4 * Math.round((this.#count * factor) / 4)
    this.#count = Math.min(miningSliceNoncesMax, Math.max(miningSliceNoncesMin, count))
  }
}

export interface JobRun {
  /** Has the job already. */
  readonly search: Pick<NonceSearch, 'find'>
  readonly board: JobBoard
  /** Nonces that were tried for any job. */
  readonly total: SharedCount
  readonly pace: SlicePace
  readonly nowMs: () => number
}

/**
 * Searches slice by slice until the board is closed. When it finds a nonce before anybody else does, it
 * closes the board itself and returns that one.
 */
export function runJob({ search, board, total, pace, nowMs }: JobRun): bigint | undefined {
  while (board.isOpen()) {
    const { count } = pace
    const from = board.take(count)
    const startedAtMs = nowMs()
    const nonce = search.find(from, count)
    const tried = nonce === undefined ? count : Number(BigInt.asUintN(64, nonce - from)) + 1
    board.tried(tried)
    total.add(tried)
    if (nonce !== undefined) return board.close() ? nonce : undefined
    pace.took(nowMs() - startedAtMs)
  }
  return undefined
}

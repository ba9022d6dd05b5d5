/**
 * The block that a miner searches a nonce for, where the engine asks for work.
 *
 * A search has no memory: however long it took so far, it takes as long again. So the draft can be exchanged
 * at any time without a loss: at once when the head moves, since a block on the old one would only make a
 * fork; when entries came, but not for each of them alone; and when the time in its header has become old.
 * Each draft is a job with a number of its own, and what is found for an earlier one is ignored.
 */
import { encodeHeader } from '../block/header.ts'
import { withNonce, workPrefix } from '../consensus/work.ts'
import { LIMITS } from '../limits.ts'
import type { WorkJob } from './events.ts'
import type { Draft } from './produce.ts'

interface Search {
  readonly job: WorkJob
  readonly draft: Draft
  readonly headKey: string
  /** What `Pending.changeCount` said. */
  readonly pendingCount: number
  startedAt: number
}

/** What a draft depends on. */
export interface WorkSituation {
  readonly headKey: string
  readonly pendingCount: number
  readonly now: number
}

export class Work {
  #search: Search | undefined
  #lastId = 0

  /** When the draft is to be exchanged, if nothing but time passes; undefined when there is none. */
  dueTime({ headKey, pendingCount, now }: WorkSituation): number | undefined {
    const search = this.#search
    if (search === undefined) return undefined
    if (search.headKey !== headKey) return now
    // The clock may have gone backwards.
    search.startedAt = Math.min(search.startedAt, now)
    const hasMore = search.pendingCount !== pendingCount
    return search.startedAt + (hasMore ? LIMITS.workRefreshMs : LIMITS.workAgeMs)
  }

  /**
   * What the miner is to do from now on; undefined: what it does. `draft` is asked for only when one is
   * needed.
   */
  update(
    situation: WorkSituation,
    isWanted: boolean,
    draft: () => Draft | undefined,
  ): WorkJob | 'none' | undefined {
    const due = this.dueTime(situation)
    if (isWanted && due !== undefined && due > situation.now) return undefined
    const drafted = isWanted ? draft() : undefined
    if (drafted?.prepared.kind === 'work') return this.#begin(drafted, drafted.prepared.target, situation)
    const wasOn = this.#search !== undefined
    this.#search = undefined
    return wasOn ? 'none' : undefined
  }

  /** The draft of this job and its seal with the nonce; undefined when it is not the one that is searched. */
  found(jobId: number, nonce: bigint): { readonly draft: Draft; readonly seal: Uint8Array } | undefined {
    const { job, draft } = this.#search ?? {}
    if (job?.id !== jobId || draft === undefined) return undefined
    return { draft, seal: withNonce(draft.header.seal, nonce) }
  }

  /** off or on -> on. */
  #begin(draft: Draft, target: Uint8Array, { headKey, pendingCount, now }: WorkSituation): WorkJob {
    this.#lastId += 1
    const { header } = draft
    const prefix = workPrefix({ header, headerBytes: encodeHeader(header) })
    const { height } = header
    const job: WorkJob = { id: this.#lastId, prefix, target, height, entryCount: draft.entries.length }
    this.#search = { job, draft, headKey, pendingCount, startedAt: now }
    return job
  }
}

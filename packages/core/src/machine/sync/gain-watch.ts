/**
 * Whether waiting for a better chain leads anywhere. A node that is behind makes no blocks, and a claim costs
 * nothing: so when somebody claims more and nothing of it comes, the node goes on without. Only what was
 * never had before counts: a body, or headers of a better chain than any before, so that the same headers
 * without their bodies do not hold it up again and again. Headers cost next to nothing too, and a chain of
 * them can grow for ever: so they count for a while, and then bodies alone do. Once the node has gone on,
 * only a body makes it wait again.
 */
import { equalBytes, type Hash } from '../../bytes.ts'
import { isPreferred } from '../../consensus/engine.ts'
import { claimed } from './header-fetch.ts'
import type { SyncState } from './sync-state.ts'

export class GainWatch {
  readonly #state: SyncState
  #bodyCount = 0
  #headersCount = 0
  #head: Hash
  /** Since when nothing was gained; undefined while nobody claims more. */
  #since: number | undefined
  /** Since when nothing but headers was. */
  #headersSince = 0
  #isStuck = false
  #hasClaim = false

  constructor(state: SyncState) {
    this.#state = state
    this.#head = state.chain.head.hash
  }

  get isStuck(): boolean {
    return this.#isStuck
  }

  /** When it will be stuck if nothing comes. */
  get dueAt(): number | undefined {
    if (this.#since === undefined || this.#isStuck) return undefined
    return this.#since + this.#state.limits.stuckMs
  }

  /** To be called after each step. */
  look(): void {
    const { now, limits } = this.#state
    const gain = this.#gain()
    if (gain === 'body') this.#isStuck = false
    if (!this.#wantsMore()) this.#since = undefined
    else if (this.#since === undefined || gain === 'body' || gain === 'move') {
      this.#since = now
      this.#headersSince = now
    } else if (gain === 'headers' && now - this.#headersSince < limits.headersAloneMs) this.#since = now
    // What moves the head of a node that is stuck may be its own blocks.
    if (this.#since !== undefined && now - this.#since >= limits.stuckMs) this.#isStuck = true
  }

  /** The most that came since the last look. The first claim of all counts as a move. */
  #gain(): 'body' | 'move' | 'headers' | undefined {
    const { bodyCount, headersCount, chain, peers } = this.#state
    const hasClaim = [...peers.values()].some(({ claim }) => claim !== undefined)
    const isFirstClaim = hasClaim && !this.#hasClaim
    const hasBody = bodyCount !== this.#bodyCount
    const hasHeaders = headersCount !== this.#headersCount
    const hasMoved = !equalBytes(chain.head.hash, this.#head)
    this.#hasClaim = hasClaim
    this.#bodyCount = bodyCount
    this.#headersCount = headersCount
    this.#head = chain.head.hash
    if (hasBody) return 'body'
    if (hasMoved || isFirstClaim) return 'move'
    return hasHeaders ? 'headers' : undefined
  }

  /** Whether somebody claims a better chain, or nobody has told anything. */
  #wantsMore(): boolean {
    const { peers, chain } = this.#state
    for (const { claim, diverged } of peers.values()) {
      if (claim && diverged === undefined && isPreferred(claimed(claim), chain.head)) return true
    }
    return !this.#hasClaim && peers.size > 0
  }
}

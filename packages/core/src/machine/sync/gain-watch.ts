/**
 * Whether waiting for a better chain leads anywhere. A node that is behind makes no blocks, and a claim
 * costs nothing: so when somebody claims more and nothing of it comes, the node goes on without. Only what
 * was never had before counts: a body, or headers of a better chain than any before, so that the same
 * headers without their bodies do not hold it up again and again. Headers cost next to nothing too, and a
 * chain of them can grow for ever: so they count for a while, and then bodies alone do. Once the node has
 * gone on, only a body makes it wait again. That the head moves says nothing of what was claimed: gossip
 * moves it every second while somebody claims the moon.
 */
import { isPreferred } from '../../consensus/engine.ts'
import { claimed } from './header-fetch.ts'
import type { SyncState } from './sync-state.ts'

export class GainWatch {
  readonly #state: SyncState
  #bodyCount = 0
  #headersCount = 0
  /** Since when nothing was gained; undefined while nobody claims more. */
  #since: number | undefined
  /** Since when nothing but headers was. */
  #headersSince = 0
  #isStuck = false
  #hasClaim = false

  constructor(state: SyncState) {
    this.#state = state
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
    else if (this.#since === undefined || gain === 'body' || gain === 'first-claim') {
      this.#since = now
      this.#headersSince = now
    } else if (gain === 'headers' && now - this.#headersSince < limits.headersAloneMs) this.#since = now
    if (this.#since !== undefined && now - this.#since >= limits.stuckMs) this.#isStuck = true
  }

  /** The most that came since the last look. */
  #gain(): 'body' | 'first-claim' | 'headers' | undefined {
    const { bodyCount, headersCount, peers } = this.#state
    const hasClaim = [...peers.values()].some(({ claim }) => claim !== undefined)
    const isFirstClaim = hasClaim && !this.#hasClaim
    const hasBody = bodyCount !== this.#bodyCount
    const hasHeaders = headersCount !== this.#headersCount
    this.#hasClaim = hasClaim
    this.#bodyCount = bodyCount
    this.#headersCount = headersCount
    if (hasBody) return 'body'
    if (isFirstClaim) return 'first-claim'
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

/**
 * Whether waiting for a better chain leads anywhere. A node that is behind makes no blocks, and a claim costs
 * nothing: so when somebody claims more and nothing of it comes, the node goes on without. Only what was
 * never had before counts: a body, or headers of a better chain than any before, so that the same headers
 * without their bodies do not hold it up again and again. Until then no further claim does either.
 */
import { equalBytes, type Hash } from '../../bytes.ts'
import { isPreferred } from '../../consensus/engine.ts'
import { claimed } from './header-fetch.ts'
import type { SyncState } from './sync-state.ts'

export class GainWatch {
  readonly #state: SyncState
  #gainCount = 0
  #head: Hash
  /** Since when nothing was gained; undefined while nobody claims more. */
  #since: number | undefined
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
    const { gainCount, chain, now, limits, peers } = this.#state
    const hasClaim = [...peers.values()].some(({ claim }) => claim !== undefined)
    const isFirstClaim = hasClaim && !this.#hasClaim
    this.#hasClaim = hasClaim
    const hasGained = gainCount !== this.#gainCount
    const hasMoved = !equalBytes(chain.head.hash, this.#head)
    this.#gainCount = gainCount
    this.#head = chain.head.hash
    if (hasGained) this.#isStuck = false
    if (!this.#wantsMore()) this.#since = undefined
    else if (this.#since === undefined || hasGained || hasMoved || isFirstClaim) this.#since = now
    // What moves the head of a node that is stuck may be its own blocks.
    if (this.#since !== undefined && now - this.#since >= limits.stuckMs) this.#isStuck = true
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

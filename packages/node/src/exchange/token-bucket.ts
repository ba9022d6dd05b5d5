/** How much somebody may do: at once, and again each second. */
export interface BucketSize {
  readonly burst: number
  readonly perSecond: number
}

/**
 * A token bucket: it holds `burst` tokens at most, gains `perSecond` and loses what is taken. Pure over the
 * time it is told, in ms; a clock that was set back gains nothing.
 */
export class TokenBucket {
  readonly #size: BucketSize
  #tokens: number
  #at: number

  constructor(size: BucketSize, now: number) {
    this.#size = size
    this.#tokens = size.burst
    this.#at = now
  }

  /**
   * Takes `count` tokens when there are as many: what is larger than the bucket passes when it is full, and
   * is paid off afterwards. False, and nothing is taken, when there are fewer.
   */
  take(count: number, now: number): boolean {
    this.#refill(now)
    if (this.#tokens < Math.min(count, this.#size.burst)) return false
    this.#tokens -= count
    return true
  }

  #refill(now: number): void {
    const gained = (Math.max(0, now - this.#at) * this.#size.perSecond) / 1_000
    this.#tokens = Math.min(this.#size.burst, this.#tokens + gained)
    this.#at = now
  }
}

/**
 * How often each value was seen. Millions of values of a long simulation are a few thousand different ones,
 * milliseconds and blocks, so percentiles are exact, and two tallies can be made one.
 */
export type Counts = readonly (readonly [value: number, count: number])[]

export class Tally {
  readonly #counts = new Map<number, number>()
  #count = 0

  static of(values: Iterable<number>): Tally {
    const tally = new Tally()
    for (const value of values) tally.add(value)
    return tally
  }

  get count(): number {
    return this.#count
  }

  add(value: number, count = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count)
    this.#count += count
  }

  addAll(counts: Counts): void {
    for (const [value, count] of counts) this.add(value, count)
  }

  /** By value, the least first. */
  counts(): Counts {
    return [...this.#counts].sort(([a], [b]) => a - b)
  }

  /** The least value that a `share` of all are not above, 0 <= share <= 1; undefined when there is none. */
  percentile(share: number): number | undefined {
    let left = Math.max(1, Math.ceil(share * this.#count))
    for (const [value, count] of this.counts()) {
      left -= count
      if (left <= 0) return value
    }
    return undefined
  }

  get max(): number | undefined {
    return this.percentile(1)
  }
}

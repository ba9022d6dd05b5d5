import { expect } from 'vitest'
import type { ChainReading } from './chain-of.ts'
import type { Confirmation } from './serials.ts'

/**
 * The ledger outside of the ledger: what clients typed and what they were told. Whatever happens to a node,
 * each confirmed reading must be on its chain exactly once, where it was said to be.
 */
export class Confirmed {
  readonly #typed = new Set<number>()
  readonly #confirmations = new Map<number, Confirmation>()

  typed(value: number): void {
    this.#typed.add(value)
  }

  add(confirmation: Confirmation): void {
    const earlier = this.#confirmations.get(confirmation.value)
    if (earlier !== undefined) throw new Error(`${confirmation.value} was confirmed twice`)
    this.#confirmations.set(confirmation.value, confirmation)
  }

  get count(): number {
    return this.#confirmations.size
  }

  /** `from`: the height from which on `readings` were read. */
  check(readings: readonly ChainReading[], from = 0): void {
    const heights = new Map<number, string>()
    for (const { value, height, hash } of readings) {
      if (heights.has(value))
        throw new Error(`${value} is on the chain twice: ${heights.get(value)}, ${height}`)
      if (!this.#typed.has(value)) throw new Error(`${value} is on the chain and was never typed`)
      heights.set(value, `${height} ${hash}`)
    }
    const wrong = [...this.#confirmations.values()]
      .filter(({ height }) => height >= from)
      .filter(({ value, height, hash }) => heights.get(value) !== `${height} ${hash}`)
      .map(({ value, height, hash }) => `${value} told #${height} ${hash}, is ${heights.get(value)}`)
    expect(wrong).toEqual([])
  }
}

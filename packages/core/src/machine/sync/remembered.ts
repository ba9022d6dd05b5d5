import type { Hash } from '../../bytes.ts'
import { keyOf } from '../../bytes.ts'

/** What is remembered of some hashes. Bounded; the oldest is forgotten first. */
export class Remembered<T> {
  readonly #byKey = new Map<string, T>()
  readonly #countMax: number

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  get(hash: Hash): T | undefined {
    return this.#byKey.get(keyOf(hash))
  }

  has(hash: Hash): boolean {
    return this.#byKey.has(keyOf(hash))
  }

  set(hash: Hash, value: T): void {
    this.#byKey.set(keyOf(hash), value)
    if (this.#byKey.size > this.#countMax) this.#byKey.delete(this.#byKey.keys().next().value as string)
  }
}

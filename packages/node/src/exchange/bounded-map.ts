/** A Map that forgets its oldest entry when it is full. Setting a key again makes it the youngest. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #countMax: number

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  has(key: K): boolean {
    return this.#entries.has(key)
  }

  set(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#countMax) this.#entries.delete(this.#entries.keys().next().value as K)
  }
}

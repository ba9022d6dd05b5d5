/**
 * Chance that a seed decides. One seed is split into streams by name, so that what one part of a simulation
 * draws does not change what another draws: a failure stays the same failure when a fault that has nothing to
 * do with it is switched off, which is what shrinking lives on.
 *
 * sfc32 by Chris Doty-Humphrey (PractRand): 128 bits of state, passes its tests, four additions a number.
 */
export class Chance {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** The stream `name` of the seed, an integer >= 0. */
  constructor(seed: number, name: string) {
    this.#name = name
    const mixed = mix(`${seed}/${name}`)
    this.#a = mixed[0]
    this.#b = mixed[1]
    this.#c = mixed[2]
    for (let i = 0; i < 12; i++) this.uint32()
  }

  /** A stream of its own. It is the same however much was drawn from this one. */
  static of(seed: number, ...names: readonly (string | number)[]): Chance {
    return new Chance(seed, names.join('/'))
  }

  get name(): string {
    return this.#name
  }

  /** Uniform in 0..2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** Uniform in [0, 1). */
  share(): number {
    return this.uint32() / 2 ** 32
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.share() < probability
  }

  /** An integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.share() * count)
  }

  /** An integer in [min, max]. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** So many of them, at most all, in their order. */
  some<T>(items: readonly T[], count: number): T[] {
    return this.shuffled(items)
      .slice(0, count)
      .sort((a, b) => items.indexOf(a) - items.indexOf(b))
  }

  shuffled<T>(items: readonly T[]): T[] {
    const shuffled = [...items]
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T]
    }
    return shuffled
  }

  /** How long until the next of events that come by chance, `mean` apart; an integer >= 1. */
  gap(mean: number): number {
    return Math.max(1, Math.round(-Math.log(1 - this.share()) * mean))
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count)
    for (let i = 0; i < count; i++) bytes[i] = this.uint32() & 0xff
    return bytes
  }
}

/** FNV-1a over the text with three offsets, each finished as in MurmurHash3. */
function mix(text: string): [number, number, number] {
  const finished = [0x811c9dc5, 0x01000193, 0x9e3779b9].map((offset) => {
    let hash = offset
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) | 0
  })
  return finished as [number, number, number]
}

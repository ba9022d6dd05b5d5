/**
 * What happened, as a number and, for people, in words. The number is a hash of every task in its order and
 * of what the nodes published and stored: two runs of one seed must have the same one, or something
 * in them is not decided by the seed.
 */
export class Trace {
  readonly #print: ((line: string) => void) | undefined
  readonly #startedAt: number
  #high = 0x243f6a88
  #low = 0x85a308d3
  #eventCount = 0

  /** `print` gets each line; without it nothing is put into words. */
  constructor(startedAt: number, print?: (line: string) => void) {
    this.#startedAt = startedAt
    this.#print = print
  }

  get eventCount(): number {
    return this.#eventCount
  }

  /** 16 hex characters. */
  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }

  /** A task runs. */
  task(at: number, order: number): void {
    this.#eventCount += 1
    this.mix(at)
    this.mix(order)
  }

  /** An integer below 2^53. */
  mix(value: number): void {
    this.#high = Math.imul(this.#high ^ (value | 0), 0x9e3779b1)
    this.#high ^= this.#high >>> 15
    this.#low = Math.imul(this.#low ^ ((value / 2 ** 32) | 0) ^ this.#high, 0x85ebca77)
    this.#low ^= this.#low >>> 13
  }

  bytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.mix(byte)
  }

  /** Something that a person would want to know. The words are made only when somebody reads them. */
  tell(at: number, who: string, what: () => string): void {
    if (this.#print === undefined) return
    const seconds = ((at - this.#startedAt) / 1_000).toFixed(3).padStart(10)
    this.#print(`${seconds} s  ${who.padEnd(8)} ${what()}`)
  }
}

/** A count that several threads add to. It holds more than hashing reaches: 2^53. */
export class SharedCount {
  readonly buffer: SharedArrayBuffer
  readonly #word: BigInt64Array<SharedArrayBuffer>

  /** A new one, or one that another thread made. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#word = new BigInt64Array(buffer)
  }

  /** Returns what it was before. */
  add(count: number): bigint {
    return Atomics.add(this.#word, 0, BigInt(count))
  }

  get value(): number {
    return Number(Atomics.load(this.#word, 0))
  }
}

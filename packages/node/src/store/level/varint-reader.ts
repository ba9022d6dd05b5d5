/**
 * Thrown when the bytes end too soon or hold an impossible number. Whoever parses LevelDB's files catches it.
 */
export class MalformedError extends Error {}

/** A cursor over LevelDB's encodings: varints have seven bits a byte, the lowest first. */
export class VarintReader {
  readonly #bytes: Uint8Array
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length
  }

  /** 0..2^64 - 1; above 2^53 it is not exact. */
  varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#bytes[this.#position]
      if (byte === undefined) throw new MalformedError('is cut off')
      this.#position += 1
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new MalformedError('holds an impossible number')
  }

  bytes(length: number): Uint8Array {
    const end = this.#position + length
    if (end > this.#bytes.length) throw new MalformedError('is cut off')
    const found = this.#bytes.subarray(this.#position, end)
    this.#position = end
    return found
  }
}

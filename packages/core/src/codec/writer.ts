/**
 * Writes canonical dag-cbor (ipld.io/specs/codecs/dag-cbor, a subset of RFC 8949) field by field: shortest
 * heads, definite lengths, 64-bit floats, tag 42 for links. The caller opens a map with the number of its
 * pairs and writes the keys in dag-cbor order, shorter keys first and then bytewise; a test reads every
 * format back.
 *
 * Sample: `new CborWriter().map(1).key('a').number(72).finish()` is `a1 61 61 18 48`, `{"a": 72}`.
 */
import { utf8 } from '../bytes.ts'
import { invariant } from '../result.ts'
import { isCid } from './cid.ts'

export class CborWriter {
  private bytes: Uint8Array
  private length = 0

  /** `capacity` in bytes: a guess of the final length, which saves growing. */
  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
  }

  /** Opens a map of `count` pairs; a key and a value of each must follow. */
  map(count: number): this {
    return this.head(5, count)
  }

  /** Opens an array of `count` items, which must follow. */
  array(count: number): this {
    return this.head(4, count)
  }

  /**
   * A key of a map. ASCII, and ours: it is written without the detour over an encoder, which costs the most
   * here.
   */
  key(name: string): this {
    this.head(3, name.length)
    this.reserve(name.length)
    for (let i = 0; i < name.length; i++) this.bytes[this.length++] = name.charCodeAt(i)
    return this
  }

  /** Well-formed Unicode: half a surrogate pair has no UTF-8 and would silently become another character. */
  text(text: string): this {
    invariant(text.isWellFormed(), 'text is well-formed Unicode')
    const bytes = utf8(text)
    return this.head(3, bytes.length).raw(bytes)
  }

  byteString(bytes: Uint8Array): this {
    return this.head(2, bytes.length).raw(bytes)
  }

  /** An integer of -(2^53 - 1)..2^53 - 1. */
  integer(value: number): this {
    invariant(Number.isSafeInteger(value), 'an integer is one that a double holds exactly')
    return value < 0 ? this.head(1, -1 - value) : this.head(0, value)
  }

  /** Finite: as an integer when it is one of -(2^53 - 1)..2^53 - 1, else as a float64. -0 becomes 0. */
  number(value: number): this {
    if (Number.isSafeInteger(value)) return this.integer(value)
    invariant(Number.isFinite(value), 'a number is finite')
    this.reserve(9)
    this.bytes[this.length] = 0xfb
    new DataView(this.bytes.buffer).setFloat64(this.length + 1, value)
    this.length += 9
    return this
  }

  boolean(value: boolean): this {
    return this.byte(value ? 0xf5 : 0xf4)
  }

  null(): this {
    return this.byte(0xf6)
  }

  /** Tag 42 around a byte string of a zero (the multibase "identity") and the 36 bytes of a CID. */
  link(cid: Uint8Array): this {
    invariant(isCid(cid), 'a link is a CID')
    return this.byte(0xd8)
      .byte(42)
      .head(2, cid.length + 1)
      .byte(0)
      .raw(cid)
  }

  /** Bytes that are dag-cbor already, as they are. */
  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
    return this
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }

  private byte(byte: number): this {
    this.reserve(1)
    this.bytes[this.length++] = byte
    return this
  }

  /** A major type and its argument, in the fewest bytes. RFC 8949 section 4.2.1. */
  private head(major: number, argument: number): this {
    this.reserve(9)
    const top = major << 5
    const bytes = this.bytes
    if (argument < 24) {
      bytes[this.length++] = top | argument
      return this
    }
    const width = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : argument < 0x100000000 ? 4 : 8
    bytes[this.length] = top | (width === 1 ? 24 : width === 2 ? 25 : width === 4 ? 26 : 27)
    let rest = argument
    for (let i = width; i > 0; i--) {
      bytes[this.length + i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    this.length += 1 + width
    return this
  }

  private reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

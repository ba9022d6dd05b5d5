/**
 * Reads dag-cbor strictly: only bytes that `CborWriter` would have written are accepted. General decoders
 * accept more (unsorted keys, half floats, lengths in too many bytes, invalid UTF-8), and then two different
 * byte strings, with two different hashes, mean the same; or they recurse as deep as a stranger asks.
 *
 * The reader is a cursor that is told what must come next: `openMap()`, `key('author')`,
 * `byteString(32, 32)`, ..., `closeMap()`. Keys are asked for in dag-cbor order, so that unsorted, repeated,
 * missing and unknown keys are one case: not the key that must come next. Byte strings are views of the
 * input, never copies.
 *
 * What is refused is thrown as a private error, because it can happen at every field; `decodeStrict` is the
 * one way in, and turns it into a value.
 */
import { compareBytes, type Hash, utf8 } from '../bytes.ts'
import type { ErrorCode } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { fail, ok, type Result } from '../result.ts'
import { CID_BYTES, hashOfCid, isCid } from './cid.ts'
import { printable } from './printable.ts'

/** What is being decoded, for messages and bounds. */
export interface Format {
  /** For messages: "entry". */
  readonly name: string
  /** Of what is canonical dag-cbor, but not of this format. */
  readonly code: ErrorCode
  readonly bytesMax: number
}

class CborError extends Error {
  /** Undefined: the format's own. */
  readonly code: ErrorCode | undefined

  constructor(message: string, code: ErrorCode | undefined) {
    super(message)
    this.code = code
  }
}

/**
 * Decodes all of `bytes` with `read`. Errors: CBOR_MALFORMED for what is not canonical dag-cbor, the format's
 * code for what is too long or has a missing, unknown or out-of-bounds field.
 */
export function decodeStrict<T>(
  bytes: Uint8Array,
  format: Format,
  read: (reader: CborReader) => T,
): Result<T> {
  if (bytes.length > format.bytesMax) {
    return fail(format.code, `${format.name}: ${bytes.length} bytes, at most ${format.bytesMax} are allowed`)
  }
  const reader = new CborReader(bytes)
  try {
    const value = read(reader)
    reader.end()
    return ok(value)
  } catch (error) {
    if (!(error instanceof CborError)) throw error
    return fail(error.code ?? format.code, `${format.name}: ${error.message}`)
  }
}

// Without ignoreBOM a leading U+FEFF would vanish, and two byte strings would mean the same.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const KINDS = [
  'an integer',
  'a negative integer',
  'bytes',
  'text',
  'a list',
  'a map',
  'a link',
  'a simple value',
]

export class CborReader {
  private readonly bytes: Uint8Array
  private at = 0
  /** Of each open map or list, outermost first: what is still to come, and where in it the cursor is. */
  private readonly left: number[] = []
  private readonly names: (string | number)[] = []

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Where the cursor is, in bytes from the start. */
  get offset(): number {
    return this.at
  }

  /** What was read since `start`, as a view. */
  since(start: number): Uint8Array {
    return this.bytes.subarray(start, this.at)
  }

  openMap(): void {
    this.open(this.head(5), '')
  }

  /** The next key must be `name` (ASCII). */
  key(name: string): void {
    if (!this.optionalKey(name)) this.refuseKey(name)
  }

  /** Whether the next key is `name`; when it is, it is read. */
  optionalKey(name: string): boolean {
    const depth = this.left.length - 1
    const left = this.left[depth] as number
    if (left === 0 || !this.isKey(name)) return false
    this.at += (name.length < 24 ? 1 : 2) + name.length
    this.left[depth] = left - 1
    this.names[depth] = name
    return true
  }

  /**
   * The next key, whichever it is, of any text that comes after the one before; undefined when none is
   * left.
   */
  anyKey(): string | undefined {
    const depth = this.left.length - 1
    const left = this.left[depth] as number
    if (left === 0) return undefined
    const name = this.orderedKey()
    this.left[depth] = left - 1
    this.names[depth] = name
    return name
  }

  closeMap(): void {
    if (this.left[this.left.length - 1] !== 0) this.refuseKey(undefined)
    this.close()
  }

  /** A list of at most `countMax` items, each read by `read`. */
  list<T>(countMax: number, read: (reader: CborReader) => T, tooManyCode?: ErrorCode): T[] {
    const count = this.head(4)
    if (count > countMax) this.refuse(`a list of ${count}, at most ${countMax} are allowed`, tooManyCode)
    this.open(count, 0)
    const depth = this.names.length - 1
    const items: T[] = []
    for (let i = 0; i < count; i++) {
      this.names[depth] = i
      items.push(read(this))
    }
    this.close()
    return items
  }

  /** An integer of 0 <= minimum..maximum <= 2^53 - 1. */
  uint(minimum = 0, maximum: number = LIMITS.integerMax): number {
    const value = this.head(0)
    if (value < minimum || value > maximum) this.refuse(`${value} is outside ${minimum}..${maximum}`)
    return value
  }

  /** A finite number, as `CborWriter.number` writes it. */
  number(): number {
    const first = this.peek()
    if (first >> 5 === 0) return this.head(0)
    if (first >> 5 === 1) return -1 - this.head(1)
    if (first === 0xf9 || first === 0xfa) this.malformed('a float of fewer than 64 bits')
    if (first !== 0xfb) this.refuse(`a number was expected, found ${this.kind()}`)
    const start = this.at + 1
    this.need(9)
    const value = new DataView(this.bytes.buffer, this.bytes.byteOffset + start, 8).getFloat64(0)
    if (!Number.isFinite(value)) this.malformed('a float that is not finite')
    if (Number.isSafeInteger(value)) this.malformed(`the float ${value}, which is an integer`)
    this.at = start + 8
    return value
  }

  /** A byte string of `minimum..maximum` bytes, as a view. */
  byteString(minimum: number, maximum: number): Uint8Array {
    const length = this.head(2)
    if (length < minimum || length > maximum) {
      const wanted = minimum === maximum ? `${minimum}` : `${minimum}..${maximum}`
      this.refuse(`${length} bytes, ${wanted} were expected`)
    }
    return this.take(length)
  }

  /** Text of `minimum..maximum` bytes of UTF-8. */
  text(maximum: number, minimum = 1): string {
    const length = this.head(3)
    if (length < minimum || length > maximum) {
      this.refuse(`a text of ${length} bytes, ${minimum}..${maximum} are allowed`)
    }
    return this.utf8(this.take(length))
  }

  boolean(): boolean {
    const first = this.peek()
    if (first !== 0xf4 && first !== 0xf5) this.refuse(`true or false was expected, found ${this.kind()}`)
    this.at += 1
    return first === 0xf5
  }

  /** Whether null comes next; when it does, it is read. */
  optionalNull(): boolean {
    if (this.peek() !== 0xf6) return false
    this.at += 1
    return true
  }

  /** A link: the 36 bytes of a CID that `isCid` accepts, as a view. */
  link(): Uint8Array {
    const tag = this.head(6)
    if (tag !== 42) this.malformed(`tag ${tag}: only 42, a link, exists in dag-cbor`)
    const length = this.head(2)
    if (length !== CID_BYTES + 1) this.refuse(`a link of ${length} bytes, ${CID_BYTES + 1} were expected`)
    const bytes = this.take(length)
    if (bytes[0] !== 0) this.malformed('a link that does not begin with a zero byte')
    const cid = bytes.subarray(1)
    if (!isCid(cid)) this.refuse('a link that is not a CIDv1 of raw, dag-pb or dag-cbor over SHA-256')
    return cid
  }

  /** A link to dag-cbor: its SHA-256, as a view. */
  linkHash(): Hash {
    return hashOfCid(this.link()) ?? this.refuse('a link to something other than dag-cbor')
  }

  /** Nothing may follow. */
  end(): void {
    const rest = this.bytes.length - this.at
    if (rest !== 0) this.malformed(`${rest} bytes follow the end`)
  }

  /** What comes next, for messages and for values of any form. */
  kind(): string {
    return KINDS[this.peek() >> 5] as string
  }

  /** Refuses what was read, with the format's code or another. */
  refuse(message: string, code?: ErrorCode): never {
    throw new CborError(`${this.place()}: ${message}`, code)
  }

  private malformed(message: string): never {
    this.refuse(message, 'CBOR_MALFORMED')
  }

  /** Such as "field measures[2].unit at byte 81". */
  private place(): string {
    let path = ''
    for (const name of this.names) {
      if (typeof name === 'number') path += `[${name}]`
      else if (name !== '') path += path === '' ? name : `.${name}`
    }
    return path === '' ? `at byte ${this.at}` : `field ${path} at byte ${this.at}`
  }

  private peek(): number {
    this.need(1)
    return this.bytes[this.at] as number
  }

  private need(count: number): void {
    if (this.at + count > this.bytes.length) {
      this.malformed(`${count} bytes are needed and ${this.bytes.length - this.at} are left`)
    }
  }

  private take(length: number): Uint8Array {
    this.need(length)
    const start = this.at
    this.at = start + length
    return this.bytes.subarray(start, this.at)
  }

  /** The argument of the head that comes next, which must be of `major` and in the fewest bytes. */
  private head(major: number): number {
    const first = this.peek()
    if (first >> 5 !== major) this.refuse(`${KINDS[major]} was expected, found ${this.kind()}`)
    const info = first & 31
    if (info < 24) {
      this.at += 1
      return info
    }
    if (info > 27) this.malformed(info === 31 ? 'an indefinite length' : `the reserved head ${first}`)
    const width = 1 << (info - 24)
    this.need(1 + width)
    let argument = 0
    for (let i = 1; i <= width; i++) argument = argument * 256 + (this.bytes[this.at + i] as number)
    if (argument < (width === 1 ? 24 : 256 ** (width / 2))) {
      this.malformed(`${argument} in ${width} bytes, where fewer are enough`)
    }
    // -1 - argument must be one that a double holds exactly too.
    if (argument > LIMITS.integerMax - (major === 1 ? 1 : 0)) this.refuse('an integer beyond 2^53 - 1')
    this.at += 1 + width
    return argument
  }

  private open(count: number, name: string | number): void {
    if (this.left.length === LIMITS.cborDepthMax) {
      this.malformed(`nested deeper than ${LIMITS.cborDepthMax} levels`)
    }
    this.left.push(count)
    this.names.push(name)
  }

  private close(): void {
    this.left.pop()
    this.names.pop()
  }

  /** Whether the text that comes next is `name`, in the fewest bytes. */
  private isKey(name: string): boolean {
    const { bytes, at } = this
    const length = name.length
    let start = at + 1
    if (length < 24) {
      if (bytes[at] !== (0x60 | length)) return false
    } else {
      if (bytes[at] !== 0x78 || bytes[at + 1] !== length) return false
      start += 1
    }
    for (let i = 0; i < length; i++) if (bytes[start + i] !== name.charCodeAt(i)) return false
    return true
  }

  /** Says why the next key is not `expected` (undefined: no key may follow). */
  private refuseKey(expected: string | undefined): never {
    if (this.left[this.left.length - 1] === 0) this.refuse(`the field ${expected} is missing after it`)
    const name = this.orderedKey()
    const wanted = expected === undefined ? 'no more keys' : `the key '${expected}'`
    this.refuse(`${wanted} expected, found '${printable(name)}'`)
  }

  /** Reads a key, which must come after the one before. */
  private orderedKey(): string {
    const before = this.names[this.names.length - 1] as string
    if (this.peek() >> 5 !== 3) this.malformed(`a key must be text, found ${this.kind()}`)
    const found = this.take(this.head(3))
    const name = this.utf8(found)
    if (before !== '' && !isAfter(found, utf8(before))) {
      this.malformed(`the key '${printable(name)}' follows '${printable(before)}', which is not its order`)
    }
    return name
  }

  private utf8(bytes: Uint8Array): string {
    try {
      return decoder.decode(bytes)
    } catch {
      return this.malformed('a text that is not UTF-8')
    }
  }
}

/** Whether key `a` comes after key `b` in dag-cbor: the longer one, else bytewise. */
function isAfter(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length ? compareBytes(a, b) > 0 : a.length > b.length
}

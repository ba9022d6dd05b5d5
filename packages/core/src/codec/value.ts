/**
 * Values whose form is not fixed here, such as the parameters that an engine gives a meaning: whole
 * numbers, text, bytes, and lists and maps of these, as canonical as everything else. Maps have their keys
 * in the order of dag-cbor, shorter ones first; in memory they are plain objects, in any order.
 *
 * Sample, `{"name": "x", "window": 16}`: `a2 64 6e616d65 61 78 66 77696e646f77 10`.
 */
import { compareBytes, utf8 } from '../bytes.ts'
import { LIMITS } from '../limits.ts'
import type { CborReader } from './reader.ts'
import type { CborWriter } from './writer.ts'

export type CborValue =
  | number
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue }

/** Keys must be ASCII. Nesting is the caller's to bound. */
export function writeValue(writer: CborWriter, value: CborValue): void {
  if (typeof value === 'number') writer.integer(value)
  else if (typeof value === 'string') writer.text(value)
  else if (value instanceof Uint8Array) writer.byteString(value)
  else if (isList(value)) {
    writer.array(value.length)
    for (const item of value) writeValue(writer, item)
  } else {
    const entries = Object.entries(value).sort(([a], [b]) => a.length - b.length || compareKeys(a, b))
    writer.map(entries.length)
    for (const [key, item] of entries) writeValue(writer.key(key), item)
  }
}

/** What stands at the cursor. Bytes are views. Bounded by the length of the input and the reader's depth. */
export function readValue(reader: CborReader): CborValue {
  switch (reader.kind()) {
    case 'an integer':
      return reader.uint()
    case 'text':
      return reader.text(LIMITS.genesisBytesMax, 0)
    case 'bytes':
      return reader.byteString(0, LIMITS.genesisBytesMax)
    case 'a list':
      return reader.list(LIMITS.genesisBytesMax, readValue)
    case 'a map': {
      // Without a prototype: a stranger chooses the keys.
      const map: Record<string, CborValue> = Object.create(null)
      reader.openMap()
      for (let key = reader.anyKey(); key !== undefined; key = reader.anyKey()) map[key] = readValue(reader)
      reader.closeMap()
      return map
    }
    default:
      return reader.refuse(
        `a whole number, text, bytes, a list or a map was expected, found ${reader.kind()}`,
      )
  }
}

function compareKeys(a: string, b: string): number {
  return compareBytes(utf8(a), utf8(b))
}

/** Array.isArray does not narrow lists that are readonly. */
function isList(value: object): value is readonly CborValue[] {
  return Array.isArray(value)
}

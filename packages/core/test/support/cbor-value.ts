import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { cidOfHash } from '../../src/codec/cid.ts'
import type { CborReader } from '../../src/codec/reader.ts'
import type { CborWriter } from '../../src/codec/writer.ts'

/** Any value that dag-cbor has, as our writer and the library's encoder see it. */
export type Value =
  | { kind: 'number'; value: number }
  | { kind: 'text'; value: string }
  | { kind: 'bytes'; value: Uint8Array }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'null' }
  | { kind: 'link'; cid: Uint8Array }
  | { kind: 'list'; items: Value[] }
  | { kind: 'map'; pairs: [string, Value][] }

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'z', 'A', '_', '0'), maxLength: 30 })

const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, -24, -25, -256, -257),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 53, -(2 ** 53), 1.5, -0),
)

/** Nested at most three levels deep. */
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    numbers.map((value): Value => ({ kind: 'number', value })),
    fc.string({ unit: 'binary', maxLength: 300 }).map((value): Value => ({ kind: 'text', value })),
    fc.uint8Array({ maxLength: 300 }).map((value): Value => ({ kind: 'bytes', value })),
    fc.boolean().map((value): Value => ({ kind: 'boolean', value })),
    fc.constant<Value>({ kind: 'null' }),
    fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((hash): Value => ({ kind: 'link', cid: cidOfHash(hash) })),
    fc.array(tie('value'), { maxLength: 30 }).map((items): Value => ({ kind: 'list', items })),
    fc
      .uniqueArray(fc.tuple(key, tie('value')), { selector: ([name]) => name, maxLength: 30 })
      .map((pairs): Value => ({ kind: 'map', pairs: pairs.toSorted(([a], [b]) => byDagCbor(a, b)) })),
  ),
})).value

/** dag-cbor's order of keys, for ASCII. */
function byDagCbor(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}

/** The value as @ipld/dag-cbor takes it. */
export function toLibrary(value: Value): unknown {
  switch (value.kind) {
    case 'null':
      return null
    case 'link':
      return CID.decode(value.cid)
    case 'list':
      return value.items.map(toLibrary)
    case 'map':
      return Object.fromEntries(value.pairs.map(([name, item]) => [name, toLibrary(item)]))
    default:
      return value.value
  }
}

export function writeValue(writer: CborWriter, value: Value): CborWriter {
  switch (value.kind) {
    case 'number':
      return writer.number(value.value)
    case 'text':
      return writer.text(value.value)
    case 'bytes':
      return writer.byteString(value.value)
    case 'boolean':
      return writer.boolean(value.value)
    case 'null':
      return writer.null()
    case 'link':
      return writer.link(value.cid)
    case 'list':
      writer.array(value.items.length)
      for (const item of value.items) writeValue(writer, item)
      return writer
    case 'map':
      writer.map(value.pairs.length)
      for (const [name, item] of value.pairs) writeValue(writer.key(name), item)
      return writer
  }
}

/** Reads a value of the same kinds and keys as `like`. A list may turn out shorter, or longer by nulls. */
export function readLike(reader: CborReader, like: Value): Value {
  switch (like.kind) {
    case 'number':
      return { kind: 'number', value: reader.number() }
    case 'text':
      return { kind: 'text', value: reader.text(10_000, 0) }
    case 'bytes':
      return { kind: 'bytes', value: reader.byteString(0, 10_000) }
    case 'boolean':
      return { kind: 'boolean', value: reader.boolean() }
    case 'null':
      return reader.optionalNull() ? { kind: 'null' } : reader.refuse('not null')
    case 'link':
      return { kind: 'link', cid: reader.link() }
    case 'list': {
      let index = 0
      const nothing: Value = { kind: 'null' }
      return {
        kind: 'list',
        items: reader.list(10_000, (item) => readLike(item, like.items[index++] ?? nothing)),
      }
    }
    case 'map': {
      reader.openMap()
      const pairs = like.pairs.map(([name, item]): [string, Value] => {
        reader.key(name)
        return [name, readLike(reader, item)]
      })
      reader.closeMap()
      return { kind: 'map', pairs }
    }
  }
}

import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { decodeStrict, type Format } from '../../src/codec/reader.ts'
import { CborWriter } from '../../src/codec/writer.ts'
import type { Result } from '../../src/result.ts'
import { anyValue, readLike, toLibrary, type Value, writeValue } from '../support/cbor-value.ts'

const FORMAT: Format = { name: 'value', code: 'PAYLOAD_INVALID', bytesMax: 1_000_000 }

function write(value: Value): Uint8Array {
  return writeValue(new CborWriter(1), value).finish()
}

function read(bytes: Uint8Array, like: Value): Result<Value> {
  return decodeStrict(bytes, FORMAT, (reader) => readLike(reader, like))
}

describe('against @ipld/dag-cbor', () => {
  test('every value is written as the library writes it', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(toHex(write(value))).toBe(toHex(dagCbor.encode(toLibrary(value))))
      }),
      { numRuns: 2_000 },
    )
  })

  test('what is written is read back', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = write(value)
        const result = read(bytes, value)
        expect(result.ok && toHex(write(result.value))).toBe(toHex(bytes))
      }),
      { numRuns: 2_000 },
    )
  })

  test('a changed, added or removed byte is refused or means what the library writes as these bytes', () => {
    let accepted = 0
    let refused = 0
    const edit = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), kind: fc.nat(2) })
    fc.assert(
      fc.property(anyValue, fc.array(edit, { minLength: 1, maxLength: 40 }), (value, edits) => {
        const original = write(value)
        for (const one of edits) {
          const bytes = edited(original, one)
          const result = read(bytes, value)
          if (result.ok) {
            expect(toHex(dagCbor.encode(toLibrary(result.value)))).toBe(toHex(bytes))
            accepted += 1
          } else {
            refused += 1
          }
        }
      }),
      { numRuns: 1_000 },
    )
    expect(accepted).toBeGreaterThan(100)
    expect(refused).toBeGreaterThan(100)
  })

  test('every cut of a value is refused', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = write(value)
        for (let end = 0; end < Math.min(bytes.length, 400); end++) {
          expect(read(bytes.subarray(0, end), value).ok).toBe(false)
        }
      }),
      { numRuns: 200 },
    )
  })
})

function edited(
  bytes: Uint8Array,
  { at, byte, kind }: { at: number; byte: number; kind: number },
): Uint8Array {
  const index = at % bytes.length
  const removed = kind === 1 ? 0 : 1
  const inserted = kind === 2 ? [] : [byte]
  return Uint8Array.from([...bytes.subarray(0, index), ...inserted, ...bytes.subarray(index + removed)])
}

import { describe, expect, test } from 'vitest'
import { fromHex } from '../../src/bytes.ts'
import { type CborReader, decodeStrict, type Format } from '../../src/codec/reader.ts'
import { LIMITS } from '../../src/limits.ts'

const FORMAT: Format = { name: 'thing', code: 'ENTRY_INVALID', bytesMax: 200 }

function decode<T>(hex: string, read: (reader: CborReader) => T) {
  return decodeStrict(fromHex(hex.replaceAll(' ', '')) as Uint8Array, FORMAT, read)
}

function refusal(hex: string, read: (reader: CborReader) => unknown): string {
  const result = decode(hex, read)
  return result.ok ? 'accepted' : `${result.error.code} ${result.error.message}`
}

const number = (reader: CborReader) => reader.number()
const text = (reader: CborReader) => reader.text(100, 0)
const bytes = (reader: CborReader) => reader.byteString(0, 100)
const link = (reader: CborReader) => reader.link()
const pair = (reader: CborReader) => {
  reader.openMap()
  reader.key('a')
  const a = reader.uint()
  const b = reader.optionalKey('b') ? reader.uint() : undefined
  reader.key('cc')
  const cc = reader.uint()
  reader.closeMap()
  return { a, b, cc }
}
const HASH = '00'.repeat(32)

describe('what is not canonical dag-cbor is CBOR_MALFORMED', () => {
  const cases: [claim: string, hex: string, read: (reader: CborReader) => unknown, message: string][] = [
    ['nothing at all', '', number, '1 bytes are needed and 0 are left'],
    ['23 in two bytes', '1817', number, '23 in 1 bytes, where fewer are enough'],
    ['255 in three bytes', '1900ff', number, '255 in 2 bytes'],
    ['65535 in five bytes', '1a0000ffff', number, '65535 in 4 bytes'],
    ['2^32 - 1 in nine bytes', '1b00000000ffffffff', number, '4294967295 in 8 bytes'],
    ['-24 in two bytes', '3817', number, '23 in 1 bytes'],
    ['a length in too many bytes', '580100', bytes, '1 in 1 bytes'],
    ['an integer that is cut off', '19ff', number, '3 bytes are needed and 2 are left'],
    ['bytes that are cut off', '42ff', bytes, '2 bytes are needed and 1 are left'],
    [
      'a length far beyond the end',
      '5b000fffffffffffff',
      (r) => r.byteString(0, 2 ** 53),
      'bytes are needed',
    ],
    ['a half float', 'f93e00', number, 'fewer than 64 bits'],
    ['a single float', 'fa3fc00000', number, 'fewer than 64 bits'],
    ['an integer as a float', 'fb4052000000000000', number, 'the float 72, which is an integer'],
    ['-0', 'fb8000000000000000', number, 'the float 0, which is an integer'],
    ['NaN', 'fb7ff8000000000000', number, 'not finite'],
    ['Infinity', 'fb7ff0000000000000', number, 'not finite'],
    ['-Infinity', 'fbfff0000000000000', number, 'not finite'],
    ['bytes of indefinite length', '5f4100ff', bytes, 'an indefinite length'],
    ['text of indefinite length', '7f6161ff', text, 'an indefinite length'],
    ['a list of indefinite length', '9f01ff', (r) => r.list(9, number), 'an indefinite length'],
    ['a map of indefinite length', 'bf616101ff', pair, 'an indefinite length'],
    ['a reserved head', '1c', number, 'the reserved head 28'],
    ['UTF-8 that ends early', '61c3', text, 'not UTF-8'],
    ['UTF-8 of half a surrogate pair', '63eda080', text, 'not UTF-8'],
    ['UTF-8 in more bytes than needed', '62c080', text, 'not UTF-8'],
    ['another tag than 42', `d82b582500 01711220${HASH}`, link, 'tag 43'],
    ['a link without its zero byte', `d82a582501 01711220${HASH}`, link, 'does not begin with a zero byte'],
    ['bytes that follow the end', '0100', number, '1 bytes follow the end'],
    ['a longer key before a shorter', 'a3 6161 01 626363 02 6162 03', pair, "'b' follows 'cc'"],
    ['a key twice', 'a3 6161 01 6161 02 626363 03', pair, "the key 'a' follows 'a'"],
    ['a key twice at the end', 'a3 6161 01 626363 02 626363 03', pair, "the key 'cc' follows 'cc'"],
    ['a key that is not text', 'a2 6161 01 02 03', pair, 'a key must be text, found an integer'],
    ['a key of invalid UTF-8', 'a2 6161 01 61ff 03', pair, 'not UTF-8'],
  ]
  test.each(cases)('%s', (_, hex, read, message) => {
    expect(refusal(hex, read)).toContain('CBOR_MALFORMED thing: ')
    expect(refusal(hex, read)).toContain(message)
  })

  test(`more than ${LIMITS.cborDepthMax} levels of nesting`, () => {
    const nested = (reader: CborReader): unknown[] => reader.list(1, nested)
    expect(decode(`${'81'.repeat(LIMITS.cborDepthMax - 1)}80`, nested).ok).toBe(true)
    expect(refusal(`${'81'.repeat(LIMITS.cborDepthMax)}80`, nested)).toContain('CBOR_MALFORMED')
    expect(refusal('81'.repeat(200), nested)).toContain('nested deeper than 8 levels')
  })
})

describe('canonical dag-cbor that is not what was asked for has the code of the format', () => {
  const cases: [claim: string, hex: string, read: (reader: CborReader) => unknown, message: string][] = [
    ['too many bytes', '00'.repeat(201), number, '201 bytes, at most 200 are allowed'],
    ['text for a number', '6161', number, 'a number was expected, found text'],
    ['a negative integer for one that is not', '20', (r) => r.uint(), 'an integer was expected, found a neg'],
    ['an integer beyond 2^53 - 1', '1b0020000000000000', number, 'beyond 2^53 - 1'],
    ['an integer below -(2^53 - 1)', '3b001fffffffffffff', number, 'beyond 2^53 - 1'],
    ['an integer above the bound', '18c9', (r) => r.uint(0, 200), '201 is outside 0..200'],
    ['an integer below the bound', '00', (r) => r.uint(1, 1), '0 is outside 1..1'],
    ['bytes of another length', '4100', (r) => r.byteString(2, 2), '1 bytes, 2 were expected'],
    ['an empty text', '60', (r) => r.text(3), 'a text of 0 bytes, 1..3 are allowed'],
    ['a text that is too long', '6461616161', (r) => r.text(3), 'a text of 4 bytes'],
    ['null for a boolean', 'f6', (r) => r.boolean(), 'true or false was expected'],
    ['a list that is too long', '820000', (r) => r.list(1, number), 'a list of 2, at most 1'],
    ['a link of another length', 'd82a4100', link, 'a link of 1 bytes'],
    ['a link of CID version 0', `d82a582500 00711220${HASH}`, link, 'not a CIDv1'],
    ['a link of another hash', `d82a582500 01711320${HASH}`, link, 'not a CIDv1'],
    ['a link to raw bytes', `d82a582500 01551220${HASH}`, (r) => r.linkHash(), 'other than dag-cbor'],
    ['a missing first key', 'a1 626363 02', pair, "the key 'a' expected, found 'cc'"],
    ['keys of which the first is not first', 'a3 6162 01 6161 02 626363 03', pair, "'a' expected, found 'b'"],
    ['a missing last key', 'a1 6161 01', pair, 'field a at byte 4: the field cc is missing after it'],
    ['no keys at all', 'a0', pair, 'the field a is missing'],
    ['an unknown key', 'a3 6161 01 6178 02 626363 03', pair, "the key 'cc' expected, found 'x'"],
    [
      'a key more than there are',
      'a3 6161 01 626363 02 627a7a 03',
      pair,
      "no more keys expected, found 'zz'",
    ],
  ]
  test.each(cases)('%s', (_, hex, read, message) => {
    expect(refusal(hex, read)).toContain('ENTRY_INVALID thing: ')
    expect(refusal(hex, read)).toContain(message)
  })

  test('a message names the field, inside lists and maps too, and the byte', () => {
    const inner = (reader: CborReader) => {
      reader.openMap()
      reader.key('unit')
      reader.text(10)
      reader.closeMap()
    }
    const outer = (reader: CborReader) => {
      reader.openMap()
      reader.key('list')
      reader.list(3, inner)
      reader.closeMap()
    }
    const hex = 'a1 646c697374 82 a1 64756e6974 6161 a1 64756e6974 07'
    expect(refusal(hex, outer)).toBe(
      'ENTRY_INVALID thing: field list[1].unit at byte 21: text was expected, found an integer',
    )
  })

  test("a stranger's key is escaped and cut", () => {
    expect(refusal('a1 627f0a 01', pair)).toContain("found '\\u{7f}\\u{a}'")
    expect(refusal(`a1 7832${'61'.repeat(50)} 01`, pair)).toContain(`found '${'a'.repeat(40)}...'`)
  })
})

describe('what is accepted', () => {
  test('an optional key may be there or not', () => {
    expect(decode('a3 6161 01 6162 02 626363 03', pair)).toEqual({ ok: true, value: { a: 1, b: 2, cc: 3 } })
    expect(decode('a2 6161 01 626363 03', pair)).toEqual({
      ok: true,
      value: { a: 1, b: undefined, cc: 3 },
    })
  })

  test('byte strings and links are views of the input, also of an input that is itself a view', () => {
    const whole = fromHex(`ffff 4401020304 ff`.replaceAll(' ', '')) as Uint8Array
    const result = decodeStrict(whole.subarray(2, 7), FORMAT, bytes)
    expect(result.ok && [...result.value]).toEqual([1, 2, 3, 4])
    expect(result.ok && result.value.buffer).toBe(whole.buffer)
    const float = fromHex('fffb3ff8000000000000') as Uint8Array
    expect(decodeStrict(float.subarray(1), FORMAT, number)).toEqual({ ok: true, value: 1.5 })
  })

  test('a byte order mark at the start of a text stays', () => {
    expect(decode('63efbbbf', text)).toEqual({ ok: true, value: '\ufeff' })
  })

  test('null is optional', () => {
    const read = (reader: CborReader) => (reader.optionalNull() ? null : reader.uint())
    expect(decode('f6', read)).toEqual({ ok: true, value: null })
    expect(decode('07', read)).toEqual({ ok: true, value: 7 })
  })

  test('an error of the reading function itself is not swallowed', () => {
    const broken = () => {
      throw new TypeError('ours')
    }
    expect(() => decode('00', broken)).toThrow(TypeError)
  })
})

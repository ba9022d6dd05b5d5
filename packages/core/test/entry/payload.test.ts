import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { cidOfHash } from '../../src/codec/cid.ts'
import { checkPayload, decodePayload, encodePayload, type Payload } from '../../src/entry/payload.ts'
import { LIMITS } from '../../src/limits.ts'
import { changedBytes, flippedBits, tally } from '../support/changed-bytes.ts'
import { fullPayload, fullPayloadBytes, payload, payloadBytes } from '../support/samples.ts'

const texts = (maxLength: number) => fc.string({ unit: 'binary', minLength: 1, maxLength: maxLength / 4 })
const anyPayload: fc.Arbitrary<Payload> = fc.record(
  {
    salt: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    measure: texts(32),
    value: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    time: fc.integer({ min: 0, max: LIMITS.timeMax }),
    subject: texts(128),
    device: texts(128),
    note: texts(1_024),
    file: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(cidOfHash),
  },
  { requiredKeys: ['salt', 'measure', 'value', 'time'] },
)

function forLibrary({ file, ...rest }: Payload): unknown {
  return file ? { ...rest, file: CID.decode(file) } : rest
}

describe('the reading payload', () => {
  test('is written as @ipld/dag-cbor writes it, and read back', () => {
    fc.assert(
      fc.property(anyPayload, (any) => {
        const bytes = encodePayload(any)
        expect(toHex(bytes)).toBe(toHex(dagCbor.encode(forLibrary(any))))
        expect(decodePayload(bytes)).toEqual({ ok: true, value: { ...any, value: any.value + 0 } })
      }),
    )
  })

  test('fits its bound with every text at its longest', () => {
    const longest: Payload = {
      salt: new Uint8Array(16),
      value: 0.1,
      time: LIMITS.timeMax,
      measure: 'm'.repeat(LIMITS.measureBytesMax),
      subject: 's'.repeat(LIMITS.subjectBytesMax),
      device: 'd'.repeat(LIMITS.deviceBytesMax),
      note: 'n'.repeat(LIMITS.noteBytesMax),
      file: cidOfHash(new Uint8Array(32)),
    }
    const bytes = encodePayload(longest)
    expect(bytes.length).toBeLessThanOrEqual(LIMITS.payloadBytesMax)
    expect(decodePayload(bytes)).toEqual({ ok: true, value: longest })
  })

  test('with any one byte or bit changed is refused or means what the library writes as these bytes', () => {
    for (const changed of [changedBytes(payloadBytes), flippedBits(fullPayloadBytes)]) {
      const { accepted, refused, ambiguous } = tally(changed, decodePayload)
      expect(ambiguous).toEqual([])
      expect(accepted).toBeGreaterThan(300)
      expect(refused).toBeGreaterThan(300)
    }
  })

  test('is read in place', () => {
    const decoded = decodePayload(fullPayloadBytes)
    expect(decoded.ok && decoded.value.salt.buffer).toBe(fullPayloadBytes.buffer)
    expect(decoded.ok && decoded.value.file?.buffer).toBe(fullPayloadBytes.buffer)
  })

  const outOfBounds: [field: keyof Payload, value: unknown][] = [
    ['salt', new Uint8Array(15)],
    ['salt', new Uint8Array(17)],
    ['measure', ''],
    ['measure', 'm'.repeat(33)],
    ['measure', '\u00e4'.repeat(17)],
    ['subject', ''],
    ['subject', 's'.repeat(129)],
    ['device', ''],
    ['device', 'd'.repeat(129)],
    ['note', ''],
    ['note', 'n'.repeat(1_025)],
    ['time', -1],
    ['time', 1.5],
    ['time', LIMITS.timeMax + 1],
  ]
  test.each(outOfBounds)('%s = %j is refused, on both sides, with the name of the field', (field, value) => {
    const bad = { ...fullPayload, [field]: value } as Payload
    for (const result of [checkPayload(bad), decodePayload(dagCbor.encode(forLibrary(bad)))]) {
      expect(!result.ok && result.error.code).toBe('PAYLOAD_INVALID')
      expect(!result.ok && result.error.message).toContain(field)
    }
    expect(() => encodePayload(bad)).toThrow('broken invariant')
  })

  const unwritable: [claim: string, change: Partial<Payload>][] = [
    ['NaN', { value: Number.NaN }],
    ['Infinity', { value: Number.POSITIVE_INFINITY }],
    ['half of a surrogate pair', { note: 'a\ud800' }],
    ['a file that is not a CID', { file: new Uint8Array(36) }],
  ]
  test.each(unwritable)('%s cannot be encoded', (_, change) => {
    const result = checkPayload({ ...payload, ...change })
    expect(!result.ok && result.error.code).toBe('PAYLOAD_INVALID')
  })

  test.each(['salt', 'time', 'value', 'measure'])('without %s it is refused', (field) => {
    const { [field as keyof Payload]: _, ...rest } = payload
    const result = decodePayload(dagCbor.encode(rest))
    expect(!result.ok && result.error.code).toBe('PAYLOAD_INVALID')
    expect(!result.ok && result.error.message).toContain(field)
  })

  test.each(['x', 'zzzz', 'measures', '__proto__', 'constructor'])('the unknown key %s is refused', (key) => {
    const entries = [...Object.entries(payload), [key, 1]]
    const result = decodePayload(dagCbor.encode(new Map(entries as [string, unknown][])))
    expect(!result.ok && result.error.code).toBe('PAYLOAD_INVALID')
    expect(!result.ok && result.error.message).toContain(`'${key}'`)
  })
})

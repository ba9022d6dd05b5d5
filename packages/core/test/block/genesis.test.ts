import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Block, parseBlock } from '../../src/block/block.ts'
import {
  checkGenesis,
  checkReading,
  DEFAULT_MEASURE,
  decodeGenesis,
  defaultGenesis,
  encodeGenesis,
  type GenesisDocument,
  genesisBlock,
  genesisOf,
  type Measure,
} from '../../src/block/genesis.ts'
import { encodeHeader, hashHeader } from '../../src/block/header.ts'
import { toHex } from '../../src/bytes.ts'
import type { CborValue } from '../../src/codec/value.ts'
import { LIMITS } from '../../src/limits.ts'
import { flippedBits, tally } from '../support/changed-bytes.ts'
import { testCrypto, testSigner } from '../support/crypto.ts'
import { document, fullDocument } from '../support/samples.ts'

const crypto = testCrypto()
const PRODUCERS = Array.from({ length: 20 }, (_, i) => testSigner(`producer ${i}`).publicKey)
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/)
const leaf = fc.oneof(fc.nat(2 ** 31), fc.string({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }))
const parameter: fc.Arbitrary<CborValue> = fc.oneof(
  leaf,
  fc.array(fc.oneof(leaf, fc.array(leaf, { maxLength: 2 })), { maxLength: 3 }),
  fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), leaf, { maxKeys: 3, noNullPrototype: true }),
)
const label = fc.stringMatching(/^[!-~\u00c0-\u00ff]{1,16}$/)
const anyMeasure: fc.Arbitrary<Measure> = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 1, max: 1e9 }), fc.nat(6))
  .chain(([low, span, decimals]) =>
    fc.record(
      {
        name,
        label,
        unit: fc.stringMatching(/^[!-~]{1,32}$/),
        loinc: fc.stringMatching(/^[0-9]{1,7}-[0-9]$/),
        minimum: fc.constant(low / 10 ** decimals),
        maximum: fc.constant((low + span) / 10 ** decimals),
        decimals: fc.constant(decimals),
      },
      { requiredKeys: ['name', 'label', 'unit', 'minimum', 'maximum', 'decimals'] },
    ),
  )
const anyDocument: fc.Arbitrary<GenesisDocument> = fc.record(
  {
    format: fc.constant(1 as const),
    name: label,
    time: fc.integer({ min: 0, max: LIMITS.timeMax }),
    salt: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    engine: fc
      .dictionary(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9]{0,8}$/), parameter, {
        maxKeys: 5,
        noNullPrototype: true,
      })
      .chain((parameters) => name.map((own) => ({ ...parameters, name: own }))),
    measures: fc.uniqueArray(anyMeasure, {
      selector: (measure) => measure.name,
      minLength: 1,
      maxLength: 64,
    }),
    limits: fc.record({
      blockEntries: fc.integer({ min: 1, max: LIMITS.blockEntriesCeiling }),
      blockBytes: fc.integer({ min: LIMITS.blockBytesFloor, max: LIMITS.blockBytesCeiling }),
      timeAhead: fc.integer({ min: 0, max: LIMITS.timeAheadMax }),
    }),
    producers: fc.subarray(PRODUCERS, { minLength: 1 }),
  },
  { requiredKeys: ['format', 'name', 'time', 'salt', 'engine', 'measures', 'limits'] },
)

describe('the genesis document', () => {
  test('is written as @ipld/dag-cbor writes it, and read back', () => {
    fc.assert(
      fc.property(anyDocument, (any) => {
        const bytes = encodeGenesis(any)
        expect(toHex(bytes)).toBe(toHex(dagCbor.encode(any)))
        const decoded = decodeGenesis(bytes)
        expect(decoded.ok && toHex(encodeGenesis(decoded.value))).toBe(toHex(bytes))
        expect(decoded.ok && decoded.value.measures.length).toBe(any.measures.length)
      }),
    )
  })

  test('with any one bit flipped is refused or means what the library writes as these bytes', () => {
    const { accepted, refused, ambiguous } = tally(flippedBits(encodeGenesis(fullDocument)), decodeGenesis)
    expect(ambiguous).toEqual([])
    expect(accepted).toBeGreaterThan(300)
    expect(refused).toBeGreaterThan(300)
  })

  test('at its largest fits its bound', () => {
    const measure = { ...DEFAULT_MEASURE, label: 'l'.repeat(32), unit: 'u'.repeat(32), loinc: '1234567-8' }
    const measures = Array.from({ length: LIMITS.measuresMax }, (_, i) => {
      const name = `m${'x'.repeat(28)}${String(i).padStart(3, '0')}`
      return { ...measure, name, minimum: 0.1, maximum: 99_999_999.123456, decimals: 6 }
    })
    const producers = Array.from({ length: LIMITS.producersMax }, (_, i) => testSigner(`p${i}`).publicKey)
    const bytes = encodeGenesis({ ...document, measures, producers })
    expect(decodeGenesis(bytes).ok).toBe(true)
    expect(bytes.length).toBeLessThanOrEqual(LIMITS.genesisBytesMax)
  })

  test("has the tutorial's measure and the published limits by default", () => {
    const made = defaultGenesis({ name: 'x', time: 0, salt: new Uint8Array(16) })
    expect(checkGenesis(made).ok).toBe(true)
    expect(made).toMatchObject({
      engine: { name: 'longest-chain', finalDepth: 2_000 },
      limits: { blockEntries: 2_000, blockBytes: 1_048_576, timeAhead: 120_000 },
      measures: [
        { name: 'bpm', label: 'BPM', unit: '/min', loinc: '8867-4', minimum: 0, maximum: 500, decimals: 0 },
      ],
    })
  })
})

describe('a document out of bounds is refused, as an object and as bytes, naming the field', () => {
  const engine = (change: object) => ({ engine: { ...document.engine, ...change } })
  const limits = (change: object) => ({ limits: { ...document.limits, ...change } })
  const measure = (change: object) => ({ measures: [{ ...DEFAULT_MEASURE, ...change }] })
  const key = testSigner('a producer').publicKey
  const tooMany = Array.from({ length: 65 }, (_, i) => ({ ...DEFAULT_MEASURE, name: `m${i}` }))
  const cases: [field: string, change: object][] = [
    ['name', { name: '' }],
    ['name', { name: 'n'.repeat(65) }],
    ['name', { name: 'line\nbreak' }],
    ['name', { name: 'right-to-left \u202e' }],
    ['time', { time: LIMITS.timeMax + 1 }],
    ['salt', { salt: new Uint8Array(15) }],
    ['engine.name', engine({ name: '' })],
    ['engine.name', engine({ name: 'Longest' })],
    ['engine.name', engine({ name: 'x'.repeat(33) })],
    ['engine.finalDepth', engine({ finalDepth: -1 })],
    ['engine.finalDepth', engine({ finalDepth: 0.5 })],
    ['engine', engine({ 'final-depth': 1 })],
    ['engine', engine({ '': 1 })],
    ['engine', engine({ ['x'.repeat(33)]: 1 })],
    ['engine.list[0][0][0]', engine({ list: [[[[1]]]] })],
    ['engine.map', engine({ map: { 'a key': 1 } })],
    ['limits.blockEntries', limits({ blockEntries: 0 })],
    ['limits.blockEntries', limits({ blockEntries: 10_001 })],
    ['limits.blockBytes', limits({ blockBytes: 4_095 })],
    ['limits.blockBytes', limits({ blockBytes: LIMITS.blockBytesCeiling + 1 })],
    ['limits.timeAhead', limits({ timeAhead: 86_400_001 })],
    ['measures', { measures: [] }],
    ['measures', { measures: tooMany }],
    ['measures[1].name', { measures: [DEFAULT_MEASURE, DEFAULT_MEASURE] }],
    ['measures[0].name', measure({ name: 'BPM' })],
    ['measures[0].name', measure({ name: '9lives' })],
    ['measures[0].name', measure({ name: 'm'.repeat(33) })],
    ['measures[0].name', measure({ name: 'bpm\n' })],
    ['measures[0].label', measure({ label: '' })],
    ['measures[0].label', measure({ label: '\u001b[31m' })],
    ['measures[0].unit', measure({ unit: '' })],
    ['measures[0].unit', measure({ unit: 'per min' })],
    ['measures[0].unit', measure({ unit: '\u00b0C' })],
    ['measures[0].loinc', measure({ loinc: '8867' })],
    ['measures[0].decimals', measure({ decimals: 7 })],
    ['measures[0].minimum', measure({ minimum: 500 })],
    ['measures[0].minimum', measure({ minimum: 0.5 })],
    ['measures[0].minimum', measure({ minimum: -1e15 })],
    ['measures[0].maximum', measure({ maximum: 500.5 })],
    ['measures[0].maximum', measure({ maximum: 1e15 })],
    ['measures[0].maximum', measure({ decimals: 6, maximum: 1e9 })],
    ['producers', { producers: [] }],
    ['producers[0]', { producers: [key.subarray(1)] }],
    ['producers[0]', { producers: [new Uint8Array(32)] }],
    ['producers[1]', { producers: [key, key] }],
  ]
  test.each(cases)('%s of %j', (field, change) => {
    const bad = { ...document, ...change } as GenesisDocument
    for (const result of [checkGenesis(bad), decodeGenesis(dagCbor.encode(bad))]) {
      expect(result).toMatchObject({ ok: false, error: { code: 'GENESIS_INVALID' } })
      expect(!result.ok && result.error.message).toContain(field)
      expect(!result.ok && result.error.message).toMatch(/^genesis: [ -~]*$/)
    }
    expect(() => encodeGenesis(bad)).toThrow('broken invariant')
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a maximum of %d', (maximum) => {
    expect(checkGenesis({ ...document, measures: [{ ...DEFAULT_MEASURE, maximum }] }).ok).toBe(false)
  })

  test.each(['format', 'extra', '__proto__'])('another format or an unknown key: %s', (key) => {
    const result = decodeGenesis(dagCbor.encode(new Map([...Object.entries(document), [key, 2]])))
    expect(result).toMatchObject({ ok: false, error: { code: 'GENESIS_INVALID' } })
    expect(!result.ok && result.error.message).toContain(key)
  })
})

describe('the genesis block', () => {
  test('is the same for all who have the document, and another for any other', () => {
    const one = genesisBlock(document, crypto)
    expect(genesisBlock({ ...document }, crypto)).toEqual(one)
    expect(toHex(genesisBlock(fullDocument, crypto).hash)).not.toBe(toHex(one.hash))
    expect(toHex(one.header.body)).toBe(toHex(crypto.sha256(encodeGenesis(document))))
  })

  test('gives its document back', () => {
    const parsed = parseBlock(genesisBlock(fullDocument, crypto), crypto)
    expect(parsed.ok && genesisOf(parsed.value, crypto)).toEqual({ ok: true, value: fullDocument })
  })

  test('whose header has another time than its document is refused', () => {
    const block = genesisBlock(document, crypto)
    const header = { ...block.header, time: document.time + 1 }
    const headerBytes = encodeHeader(header)
    const other: Block = { ...block, header, headerBytes, hash: hashHeader(headerBytes, crypto) }
    expect(parseBlock(other, crypto).ok).toBe(true)
    expect(genesisOf(other, crypto)).toMatchObject({ ok: false, error: { code: 'GENESIS_INVALID' } })
  })
})

describe('a reading', () => {
  const check = (measure: string, value: number) => {
    const result = checkReading(fullDocument, measure, value)
    return result.ok ? result.value.name : result.error.code
  }

  test.each([0, 72, 500])('of bpm %d is allowed', (value) => {
    expect(check('bpm', value)).toBe('bpm')
  })

  test.each([-1, 501, Number.NaN, Number.POSITIVE_INFINITY, -1e300])('of bpm %d is out of range', (value) => {
    expect(check('bpm', value)).toBe('READING_OUT_OF_RANGE')
  })

  test.each([72.5, 0.1, 499.999_999])('of bpm %d is too precise', (value) => {
    expect(check('bpm', value)).toBe('READING_TOO_PRECISE')
  })

  test('of one decimal may have one and not two', () => {
    for (const value of [36.6, -40.5, 0.1, 59.9, 60]) expect(check('temperature', value)).toBe('temperature')
    for (const value of [36.65, 0.1 + 0.2, 59.99])
      expect(check('temperature', value)).toBe('READING_TOO_PRECISE')
  })

  test.each(['BPM', '', 'pulse', '__proto__', 'constructor'])(
    'of the unknown measure %o is refused',
    (measure) => {
      expect(check(measure, 72)).toBe('MEASURE_UNKNOWN')
    },
  )

  test('messages say the value, the range and the measures there are', () => {
    const message = (measure: string, value: number) => {
      const result = checkReading(fullDocument, measure, value)
      return result.ok ? '' : result.error.message
    }
    expect(message('bpm', 501)).toBe('bpm 501 is outside 0..500 /min')
    expect(message('bpm', 7.5)).toBe('bpm 7.5 is not an integer')
    expect(message('temperature', 7.55)).toBe('temperature 7.55 has more than 1 decimals')
    expect(message('pul\u001bse', 7)).toBe("no measure 'pul\\u{1b}se'; there is bpm, temperature")
  })

  test('of as many decimals as allowed is allowed, of one more is not', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.integer({ min: -99_999_999, max: 99_999_999 }), (decimals, digits) => {
        const measure = { ...DEFAULT_MEASURE, minimum: -1e8, maximum: 1e8, decimals }
        const one = { ...document, measures: [measure] }
        const text = `${digits}e-${decimals}`
        expect(checkReading(one, 'bpm', Number(text)).ok).toBe(true)
        const finer = Number(`${digits}5e-${decimals + 1}`)
        if (Math.abs(finer) < 1e8) expect(checkReading(one, 'bpm', finer).ok).toBe(false)
      }),
    )
  })
})

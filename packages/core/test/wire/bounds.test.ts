import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeHeader } from '../../src/block/header.ts'
import { parseSignedHeader } from '../../src/block/signed-header.ts'
import { encodeEntry } from '../../src/entry/entry.ts'
import { LIMITS } from '../../src/limits.ts'
import type { Result } from '../../src/result.ts'
import { decodeAddresses, encodeAddresses } from '../../src/wire/addresses.ts'
import { decodeAnnouncement, encodeAnnouncement, fitsAnnouncement } from '../../src/wire/announcement.ts'
import {
  BodiesAnswer,
  decodeBodies,
  decodeBodiesRequest,
  encodeBodies,
  encodeBodiesRequest,
} from '../../src/wire/bodies.ts'
import { type BlockContents, contentsBytes } from '../../src/wire/contents.ts'
import { countEntriesThatFit, decodeEntries, encodeEntries } from '../../src/wire/entries.ts'
import {
  decodeHeaders,
  decodeHeadersRequest,
  encodeHeaders,
  encodeHeadersRequest,
} from '../../src/wire/headers.ts'
import { decodeHelloAnswer, encodeHelloAnswer } from '../../src/wire/hello.ts'
import { decodeStatus, encodeStatus } from '../../src/wire/status.ts'
import { runs } from '../support/runs.ts'
import { block, genesis, ledgerId } from '../support/samples.ts'
import { contents, crypto, header, item, MESSAGES, orThrow } from './samples.ts'

const refusal = (result: Result<unknown>) =>
  result.ok ? 'accepted' : `${result.error.code}: ${result.error.message}`
const hashes = (count: number) => Array.from({ length: count }, () => ledgerId)
const encode = (value: unknown): Uint8Array => dagCbor.encode(value)
const zeros = (length: number) => new Uint8Array(length)
const signed = { header: header.headerBytes, signature: header.signature }
const announced = (bytes: Uint8Array) => decodeAnnouncement(bytes, crypto)
const entriesOf = (bytes: Uint8Array) => decodeEntries(bytes, crypto)
const headersOf = (bytes: Uint8Array) => decodeHeaders(bytes, crypto)

/** The longest that there is of each. */
const longest = (() => {
  const integer = Number.MAX_SAFE_INTEGER
  const fields = { ...block.header, seal: zeros(256), height: integer, size: integer, time: LIMITS.timeMax }
  const entry = encodeEntry({ ...item.entry, sequence: integer }, crypto)
  return {
    header: orThrow(parseSignedHeader(encodeHeader(fields), header.signature, crypto)),
    item: { entry, payload: zeros(LIMITS.payloadBytesMax) },
  }
})()

describe('the bounds of each message have room for the longest:', () => {
  test('questions', () => {
    const locator = hashes(LIMITS.locatorHashesMax)
    const addresses = Array.from({ length: LIMITS.addressesMax }, () => 'a'.repeat(LIMITS.addressBytesMax))
    const head = { head: ledgerId, height: Number.MAX_SAFE_INTEGER, weight: 2n ** 256n - 1n }
    expect(decodeHeadersRequest(encodeHeadersRequest({ locator, countMax: 512 })).ok).toBe(true)
    expect(decodeBodiesRequest(encodeBodiesRequest(hashes(LIMITS.bodiesCountMax))).ok).toBe(true)
    expect(decodeAddresses(encodeAddresses(addresses))).toEqual({ ok: true, value: addresses })
    expect(decodeStatus(encodeStatus(head))).toEqual({ ok: true, value: head })
    expect(encodeStatus(head).length).toBeLessThanOrEqual(100)
  })

  test('headers', () => {
    const list = Array.from({ length: LIMITS.headersCountMax }, () => longest.header)
    expect(orThrow(headersOf(encodeHeaders(list))).length).toBe(LIMITS.headersCountMax)
    // A header of 640 bytes does not exist yet, but may.
    const frame = encodeHeaders([longest.header]).length - longest.header.headerBytes.length
    expect(LIMITS.headersCountMax * (frame + LIMITS.headerBytesMax)).toBeLessThan(LIMITS.headersBytesMax)
  })

  test('the contents of the longest block, and not of a longer one', () => {
    const payloads = Array.from({ length: 5_000 }, () => zeros(LIMITS.payloadBytesMax))
    const bodyBytes = zeros(LIMITS.blockBytesCeiling - 5_000 * LIMITS.payloadBytesMax)
    const decoded = orThrow(decodeBodies(encodeBodies([{ bodyBytes, payloads }])))
    expect(decoded[0]?.payloads.length).toBe(5_000)
    const tooLong = { body: zeros(LIMITS.blockBytesCeiling + 1), payloads: [] }
    expect(refusal(decodeBodies(encode([tooLong])))).toContain('field [0].body')
    // Three bytes before each of the most payloads.
    const most = zeros(LIMITS.blockEntriesCeiling * LIMITS.entryBytesMin)
    const small = Array.from({ length: LIMITS.blockEntriesCeiling }, () => zeros(256))
    const frame = contentsBytes({ bodyBytes: most, payloads: small }) - most.length - 10_000 * 256
    expect(LIMITS.blockBytesCeiling + frame).toBeLessThan(LIMITS.bodiesBytesMax)
  })

  test('an announcement with the longest contents', () => {
    const contents = { bodyBytes: zeros(LIMITS.inlineContentsBytesMax - 19), payloads: [] }
    expect(contentsBytes(contents)).toBe(LIMITS.inlineContentsBytesMax)
    expect(fitsAnnouncement(contents)).toBe(true)
    const bytes = encodeAnnouncement({ header: longest.header, contents })
    expect(announced(bytes).ok).toBe(true)
    expect(bytes.length + 128).toBeLessThan(LIMITS.announcementBytesMax)
  })

  test('a hello with the longest document', () => {
    const genesis = zeros(LIMITS.genesisBytesMax)
    expect(decodeHelloAnswer(encodeHelloAnswer({ ledger: ledgerId, genesis })).ok).toBe(true)
  })
})

const OUT_OF_BOUNDS: [what: string, result: () => Result<unknown>, place: string][] = [
  [
    'a status with a zero before its weight',
    () => decodeStatus(encode({ head: ledgerId, height: 1, weight: zeros(1) })),
    'field weight at',
  ],
  [
    'a weight of 257 bits',
    () => decodeStatus(encode({ head: ledgerId, height: 1, weight: zeros(33).fill(1) })),
    'field weight at',
  ],
  [
    'a height below 0',
    () => decodeStatus(encode({ head: ledgerId, height: -1, weight: zeros(0) })),
    'field height at',
  ],
  ['an empty locator', () => decodeHeadersRequest(encode({ locator: [], countMax: 1 })), 'field locator at'],
  [
    'a locator of 65',
    () => decodeHeadersRequest(encode({ locator: hashes(65), countMax: 1 })),
    'field locator at',
  ],
  [
    'a hash of 31 bytes',
    () => decodeHeadersRequest(encode({ locator: [zeros(31)], countMax: 1 })),
    'field locator[0] at',
  ],
  [
    'a question for 0 headers',
    () => decodeHeadersRequest(encode({ locator: hashes(1), countMax: 0 })),
    'field countMax at',
  ],
  [
    'a question for 513 headers',
    () => decodeHeadersRequest(encode({ locator: hashes(1), countMax: 513 })),
    'field countMax at',
  ],
  ['513 headers', () => headersOf(encode(Array.from({ length: 513 }, () => signed))), 'a list of 513'],
  [
    'a signature of 63 bytes',
    () => headersOf(encode([{ ...signed, signature: zeros(63) }])),
    'field [0].signature at',
  ],
  ['a question for no bodies', () => decodeBodiesRequest(encode([])), 'an empty list'],
  ['a question for 129 bodies', () => decodeBodiesRequest(encode(hashes(129))), 'a list of 129'],
  ['129 bodies', () => decodeBodies(encode(Array.from({ length: 129 }, () => null))), 'a list of 129'],
  ['an empty body', () => decodeBodies(encode([{ body: zeros(0), payloads: [] }])), 'field [0].body at'],
  [
    'more payloads than entries',
    () => decodeBodies(encode([{ body: zeros(345), payloads: [zeros(1), zeros(1)] }])),
    'field [0].payloads at',
  ],
  [
    'an erased payload',
    () => decodeBodies(encode([{ body: zeros(400), payloads: [null] }])),
    'field [0].payloads[0] at',
  ],
  [
    'a payload of 2,049 bytes',
    () => decodeBodies(encode([{ body: zeros(400), payloads: [zeros(2_049)] }])),
    'field [0].payloads[0] at',
  ],
  [
    'large contents along with a header',
    () => announced(encode({ ...signed, contents: { body: zeros(16_366), payloads: [] } })),
    'contents of 16385 bytes',
  ],
  ['no entries', () => entriesOf(encode([])), 'an empty list'],
  [
    'an entry that is none',
    () => entriesOf(encode([{ entry: { author: zeros(31) }, payload: zeros(1) }])),
    'field [0].entry.author at',
  ],
  [
    'an empty payload',
    () => entriesOf(encode([{ entry: dagCbor.decode(item.entry.bytes), payload: zeros(0) }])),
    'field [0].payload at',
  ],
  ['65 addresses', () => decodeAddresses(encode(Array.from({ length: 65 }, () => 'a'))), 'a list of 65'],
  ['an address of 129 bytes', () => decodeAddresses(encode(['a'.repeat(129)])), 'at byte'],
  ['an address with a blank', () => decodeAddresses(encode(['a b'])), 'not printable ASCII'],
  ['an address that moves the cursor', () => decodeAddresses(encode(['\u001b[2J'])), 'not printable ASCII'],
  ['an address that is not ASCII', () => decodeAddresses(encode(['\u202ea'])), 'not printable ASCII'],
  [
    'an empty document',
    () => decodeHelloAnswer(encode({ ledger: ledgerId, genesis: zeros(0) })),
    'field genesis at',
  ],
]

describe('is refused:', () => {
  test.each(Object.entries(MESSAGES))('%s of too many bytes, before they are looked at', (_, { decode }) => {
    const reason = refusal(decode(zeros(LIMITS.bodiesBytesMax + 1).fill(0xff)))
    expect(reason).toMatch(/^MESSAGE_INVALID: .* 16842753 bytes, at most [0-9]+ are allowed$/)
  })

  test.each(Object.entries(MESSAGES))('%s nested without end', (_, { decode }) => {
    for (const deep of [0x81, 0xa1]) expect(decode(zeros(10_000).fill(deep)).ok).toBe(false)
  })

  test.each(OUT_OF_BOUNDS)('%s', (_, result, place) => {
    expect(refusal(result())).toMatch(/^MESSAGE_INVALID: /)
    expect(refusal(result())).toContain(place)
  })

  test('a header in a message that is none, with its own code and its place', () => {
    const wrap = (bytes: Uint8Array) =>
      refusal(headersOf(encode([signed, { header: bytes, signature: zeros(64) }])))
    expect(wrap(genesis.headerBytes)).toContain('HEADER_INVALID: headers: field [1]')
    expect(wrap(genesis.headerBytes)).toContain('header: genesis is not sent as a block')
    expect(wrap(Uint8Array.of(0xff))).toContain('HEADER_INVALID: headers: field [1]')
    expect(wrap(header.headerBytes.subarray(0, -1))).toContain('CBOR_MALFORMED: headers: field [1]')
    const one = encode({ header: genesis.headerBytes, contents: null, signature: zeros(64) })
    expect(refusal(announced(one))).toContain('HEADER_INVALID: announcement: ')
  })
})

describe('what is not ours to send is not encoded:', () => {
  test.each([
    ['a locator of 65', () => encodeHeadersRequest({ locator: hashes(65), countMax: 1 })],
    ['a question for no bodies', () => encodeBodiesRequest([])],
    ['513 headers', () => encodeHeaders(Array.from({ length: 513 }, () => header))],
    ['129 bodies', () => encodeBodies(Array.from({ length: 129 }, () => null))],
    ['no entries', () => encodeEntries([])],
    [
      'large contents along with a header',
      () => encodeAnnouncement({ header, contents: { bodyBytes: zeros(16_366), payloads: [] } }),
    ],
    ['a weight of 257 bits', () => encodeStatus({ head: ledgerId, height: 1, weight: 2n ** 256n })],
  ])('%s', (_, encodeIt) => {
    expect(encodeIt).toThrow('broken invariant')
  })

  test('addresses that no decoder would take are left out, and those after the 64th', () => {
    const many = Array.from({ length: 70 }, (_, i) => `192.0.2.${i}:7400`)
    const sent = orThrow(decodeAddresses(encodeAddresses(['', 'a b', '\u001b[2J', 'x'.repeat(129), ...many])))
    expect(sent).toEqual(many.slice(0, 64))
  })
})

describe('an answer with bodies', () => {
  const anyContents: fc.Arbitrary<BlockContents | null> = fc.option(
    fc.integer({ min: 1, max: 70_000 }).map((length) => ({ bodyBytes: zeros(length), payloads: [] })),
  )

  test('takes the longest beginning that fits, and at least one', () => {
    fc.assert(
      fc.property(
        fc.array(anyContents, { minLength: 1, maxLength: 140 }),
        fc.nat(300_000),
        (items, bytesMax) => {
          const answer = new BodiesAnswer(bytesMax)
          const count = items.findIndex((one) => !answer.add(one))
          const taken = count < 0 ? items : items.slice(0, count)
          expect(decodeBodies(answer.encode())).toEqual({ ok: true, value: taken })
          expect(taken.length === 1 || answer.encode().length <= bytesMax).toBe(true)
          if (count < 0) return
          const more = encodeLength(items.slice(0, count + 1))
          expect(count === LIMITS.bodiesCountMax || more > bytesMax).toBe(true)
        },
      ),
      runs(100),
    )
  })

  function encodeLength(items: readonly (BlockContents | null)[]): number {
    return dagCbor.encode(items.map((one) => one && { body: one.bodyBytes, payloads: one.payloads })).length
  }

  test('is filled to the last byte', () => {
    const length = encodeBodies([contents, contents]).length
    for (const [bytesMax, fits] of [
      [length, true],
      [length - 1, false],
    ] as const) {
      const answer = new BodiesAnswer(bytesMax)
      expect([answer.add(contents), answer.add(contents)]).toEqual([true, fits])
    }
  })

  test('can be empty', () => {
    expect(decodeBodies(new BodiesAnswer().encode())).toEqual({ ok: true, value: [] })
  })
})

describe('a long list of entries', () => {
  test('is sent in as few messages as fit', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2_048 }), { maxLength: 60 })
    fc.assert(
      fc.property(sizes, fc.nat(8_000), (lengths, bytesMax) => {
        const items = lengths.map((length) => ({ ...item, payload: zeros(length) }))
        let from = 0
        while (from < items.length) {
          const count = countEntriesThatFit(items, from, bytesMax)
          expect(count).toBeGreaterThanOrEqual(1)
          const length = (end: number) => encodeEntries(items.slice(from, end)).length
          expect(count === 1 || length(from + count) <= bytesMax).toBe(true)
          expect(from + count === items.length || length(from + count + 1) > bytesMax).toBe(true)
          from += count
        }
        expect(countEntriesThatFit(items, from, bytesMax)).toBe(0)
      }),
      runs(50),
    )
  })

  test('fills a message to the last byte', () => {
    const length = encodeEntries([item, item]).length
    expect(countEntriesThatFit([item, item], 0, length)).toBe(2)
    expect(countEntriesThatFit([item, item], 0, length - 1)).toBe(1)
  })

  test('has at most 2,048 entries and 1 MiB in a message', () => {
    const short = Array.from({ length: 3_000 }, () => item)
    expect(countEntriesThatFit(short)).toBe(2_048)
    expect(countEntriesThatFit(short, 2_048)).toBe(952)
    const long = Array.from({ length: 3_000 }, () => longest.item)
    const count = countEntriesThatFit(long)
    const bytes = encodeEntries(long.slice(0, count))
    expect(bytes.length).toBeGreaterThan(LIMITS.gossipBytesMax - 4_096)
    expect(orThrow(entriesOf(bytes)).length).toBe(count)
    expect(() => encodeEntries(long.slice(0, count + 1))).toThrow('broken invariant')
  })
})

describe('what is kept of a message', () => {
  test('of many items is one item: each stands in bytes of its own', () => {
    const [first, second] = orThrow(entriesOf(encodeEntries([item, item])))
    const { bytes, author, commitment, signature } = first?.entry ?? item.entry
    for (const field of [bytes, author, commitment, signature, first?.payload]) {
      expect(field?.buffer).toBe(bytes.buffer)
    }
    expect(bytes.buffer.byteLength).toBe(encodeEntries([item]).length - 1)
    expect(second?.entry.bytes.buffer).not.toBe(bytes.buffer)

    const [one] = orThrow(headersOf(encodeHeaders([header, header])))
    expect(one?.headerBytes.buffer.byteLength).toBe(encodeHeaders([header]).length - 1)
    expect(one?.signature.buffer).toBe(one?.headerBytes.buffer)

    const [body] = orThrow(decodeBodies(encodeBodies([contents, contents])))
    expect(body?.bodyBytes.buffer.byteLength).toBe(contentsBytes(contents))
    for (const payload of body?.payloads ?? []) expect(payload.buffer).toBe(body?.bodyBytes.buffer)
  })

  test('of one item is a view of it, wherever it stands', () => {
    const bytes = encodeAnnouncement({ header, contents })
    const room = zeros(bytes.length + 7)
    room.set(bytes, 5)
    const decoded = orThrow(announced(room.subarray(5, 5 + bytes.length)))
    expect(decoded).toEqual({ header, contents })
    expect(decoded.header.headerBytes.buffer).toBe(room.buffer)
    expect(decoded.contents?.bodyBytes.buffer).toBe(room.buffer)
  })

  test('is right wherever in a larger buffer the message stands', () => {
    for (const [name, { bytes, decode }] of Object.entries(MESSAGES)) {
      const room = zeros(bytes.length + 7)
      room.set(bytes, 5)
      expect([name, decode(room.subarray(5, 5 + bytes.length))]).toEqual([name, decode(bytes)])
    }
  })
})

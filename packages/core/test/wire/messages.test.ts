import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSignedHeader, type SignedHeader } from '../../src/block/signed-header.ts'
import { equalBytes, toHex } from '../../src/bytes.ts'
import { type EntryWithPayload, encodeEntry } from '../../src/entry/entry.ts'
import { LIMITS } from '../../src/limits.ts'
import type { Result } from '../../src/result.ts'
import { decodeAddresses, encodeAddresses } from '../../src/wire/addresses.ts'
import { decodeAnnouncement, encodeAnnouncement } from '../../src/wire/announcement.ts'
import {
  decodeBodies,
  decodeBodiesRequest,
  encodeBodies,
  encodeBodiesRequest,
} from '../../src/wire/bodies.ts'
import { type BlockContents, contentsBytes } from '../../src/wire/contents.ts'
import { decodeEntries, encodeEntries } from '../../src/wire/entries.ts'
import {
  decodeHeaders,
  decodeHeadersRequest,
  encodeHeaders,
  encodeHeadersRequest,
} from '../../src/wire/headers.ts'
import {
  decodeHelloAnswer,
  decodeHelloRequest,
  encodeHelloAnswer,
  encodeHelloRequest,
} from '../../src/wire/hello.ts'
import { decodeStatus, encodeStatus } from '../../src/wire/status.ts'
import { changedBytes, flippedBits } from '../support/changed-bytes.ts'
import { runs } from '../support/runs.ts'
import { block } from '../support/samples.ts'
import { crypto, header, MESSAGES, orThrow } from './samples.ts'

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const hash = exactly(32)
const hashes = (countMax: number) => fc.array(hash, { minLength: 1, maxLength: countMax })
const height = fc.oneof(fc.nat(300), fc.maxSafeNat())
const weight = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }))

/** The sample header with other bytes in it, and any signature. */
const anyHeader: fc.Arbitrary<SignedHeader> = fc.tuple(exactly(32), exactly(64)).map(([root, signature]) => {
  const bytes = block.headerBytes.slice()
  bytes.set(root, block.header.root.byteOffset - block.headerBytes.byteOffset)
  return orThrow(parseSignedHeader(bytes, signature, crypto))
})

const anyContents: fc.Arbitrary<BlockContents> = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 })
  .chain((payloads) =>
    fc.record({
      bodyBytes: fc.uint8Array({ minLength: Math.max(1, 173 * payloads.length), maxLength: 1_200 }),
      payloads: fc.constant(payloads),
    }),
  )

const anyItem: fc.Arbitrary<EntryWithPayload> = fc
  .record({
    author: hash,
    sequence: height,
    commitment: hash,
    signature: exactly(64),
    payload: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  })
  .map(({ payload, ...fields }) => ({ entry: encodeEntry(fields, crypto), payload }))

/** Weights as the library takes them. */
function bigEndian(value: bigint): Uint8Array {
  const digits: number[] = []
  for (let rest = value; rest > 0n; rest /= 256n) digits.unshift(Number(rest % 256n))
  return Uint8Array.from(digits)
}
const signedOf = ({ headerBytes, signature }: SignedHeader) => ({ header: headerBytes, signature })
const contentsOf = (contents: BlockContents | null) =>
  contents && { body: contents.bodyBytes, payloads: contents.payloads }

function check<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => Result<unknown>,
  forLibrary: (value: T) => unknown,
): void {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = encode(value)
      expect(toHex(bytes)).toBe(toHex(dagCbor.encode(forLibrary(value))))
      expect(decode(bytes)).toEqual({ ok: true, value })
    }),
    runs(100),
  )
}

describe('is written as @ipld/dag-cbor writes it, and read back:', () => {
  test('a hello', () => {
    check(fc.option(hash), encodeHelloRequest, decodeHelloRequest, (ledger) => ({ ledger }))
    const answer = fc.record({
      ledger: hash,
      genesis: fc.option(fc.uint8Array({ minLength: 1, maxLength: 400 })),
    })
    check(answer, encodeHelloAnswer, decodeHelloAnswer, (value) => value)
  })

  test('a status', () => {
    check(fc.record({ head: hash, height, weight }), encodeStatus, decodeStatus, (status) => ({
      ...status,
      weight: bigEndian(status.weight),
    }))
  })

  test('a question for headers', () => {
    const request = fc.record({ locator: hashes(64), countMax: fc.integer({ min: 1, max: 512 }) })
    check(request, encodeHeadersRequest, decodeHeadersRequest, (value) => value)
  })

  test('headers', () => {
    const decode = (bytes: Uint8Array) => decodeHeaders(bytes, crypto)
    check(fc.array(anyHeader, { maxLength: 30 }), encodeHeaders, decode, (list) => list.map(signedOf))
  })

  test('a question for bodies', () => {
    check(hashes(128), encodeBodiesRequest, decodeBodiesRequest, (value) => value)
  })

  test('bodies', () => {
    const items = fc.array(fc.option(anyContents), { maxLength: 30 })
    check(items, encodeBodies, decodeBodies, (list) => list.map(contentsOf))
  })

  test('an announcement', () => {
    const decode = (bytes: Uint8Array) => decodeAnnouncement(bytes, crypto)
    const announcement = fc.record({ header: anyHeader, contents: fc.option(anyContents) })
    check(announcement, encodeAnnouncement, decode, (value) => ({
      ...signedOf(value.header),
      contents: contentsOf(value.contents),
    }))
  })

  test('entries', () => {
    const decode = (bytes: Uint8Array) => decodeEntries(bytes, crypto)
    check(fc.array(anyItem, { minLength: 1, maxLength: 30 }), encodeEntries, decode, (list) =>
      list.map(({ entry: { id: _, bytes: __, ...entry }, payload }) => ({ entry, payload })),
    )
  })

  test('addresses', () => {
    const unit = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code))
    const address = fc.string({ unit, minLength: 1, maxLength: LIMITS.addressBytesMax })
    check(fc.array(address, { maxLength: 64 }), encodeAddresses, decodeAddresses, (value) => value)
  })
})

test('the bytes of contents are counted exactly', () => {
  fc.assert(
    fc.property(fc.option(anyContents), (contents) => {
      expect(contentsBytes(contents)).toBe(dagCbor.encode(contentsOf(contents)).length)
    }),
    runs(200),
  )
  for (const length of [22, 23, 24, 255, 256, 65_535, 65_536]) {
    const contents = { bodyBytes: new Uint8Array(length), payloads: [] }
    expect(contentsBytes(contents)).toBe(dagCbor.encode(contentsOf(contents)).length)
  }
})

const libraryRecode = (bytes: Uint8Array): Uint8Array => dagCbor.encode(dagCbor.decode(bytes))

describe.each(Object.entries(MESSAGES))('%s', (_name, { bytes, decode, recode }) => {
  test('is refused when it is cut anywhere, or something follows it', () => {
    for (let end = 0; end < bytes.length; end++) expect(decode(bytes.subarray(0, end)).ok).toBe(false)
    expect(decode(Uint8Array.from([...bytes, 0])).ok).toBe(false)
  })

  test('with any one byte changed is refused or means what both encoders write as these bytes', () => {
    // All 255 changes of each byte of a long message take a minute: there each bit is flipped instead.
    const changes = bytes.length < 320 ? changedBytes(bytes) : flippedBits(bytes)
    let refused = 0
    for (const changed of changes) {
      const again = recode(changed)
      if (!again.ok) refused += 1
      else if (!equalBytes(again.value, changed) || !equalBytes(libraryRecode(changed), changed)) {
        throw new Error(`accepted, and written otherwise: ${toHex(changed)}`)
      }
    }
    expect(refused).toBeGreaterThan(60)
  })

  test('with any bytes in its place, or at its beginning or end, never throws', () => {
    let count = 0
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(bytes.length), (noise, at) => {
        decode(noise)
        decode(Uint8Array.from([...bytes.subarray(0, at), ...noise]))
        decode(Uint8Array.from([...noise, ...bytes.subarray(at)]))
        count += 1
      }),
      runs(300),
    )
    expect(count).toBeGreaterThanOrEqual(300)
  })

  test('with an unknown key, or without one of its own, is refused at every map', () => {
    let maps = 0
    for (const other of otherKeys(dagCbor.decode(bytes))) {
      maps += 1
      expect(decode(dagCbor.encode(other)).ok).toBe(false)
    }
    expect(maps > 0 || Array.isArray(dagCbor.decode(bytes))).toBe(true)
  })
})

/** The value with a key more, before or after the others, or a key fewer, at each of its maps. */
function* otherKeys(value: unknown): Generator<unknown> {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      for (const other of otherKeys(item)) yield value.with(i, other)
    }
    return
  }
  for (const key of ['a', 'zzzzzzzzzzzzzzzz']) yield { ...value, [key]: null }
  for (const [key, item] of Object.entries(value)) {
    yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
    for (const other of otherKeys(item)) yield { ...value, [key]: other }
  }
}

test('the sample header of these tests is signed', () => {
  expect(header.hash).toEqual(block.hash)
})

import { compareBytes, fromHex, toHex } from '@pulseledger/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as keys from '../../../src/store/level/keys.ts'
import * as records from '../../../src/store/level/records.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const count = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 300 }),
  fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
)

describe('keys', () => {
  test('are as docs/spec/store.md shows them', () => {
    const hash = new Uint8Array(32).fill(0xab)
    const ab = 'ab'.repeat(32)
    expect(toHex(keys.canonicalKey(7))).toBe('430000000000000007')
    expect(toHex(keys.siblingsKey(7))).toBe('570000000000000007')
    expect(toHex(keys.pendingKey(7))).toBe('510000000000000007')
    expect(toHex(keys.blockKey(7, hash))).toBe(`420000000000000007${ab}`)
    expect(toHex(keys.authorSequenceKey(hash, 7))).toBe(`53${ab}0000000000000007`)
    expect(toHex(keys.treeKey(7))).toBe('540000000000000007')
    expect(toHex(keys.authorKey(hash))).toBe(`41${ab}`)
    expect(toHex(keys.bodyKey(hash))).toBe(`44${ab}`)
    expect(toHex(keys.entryKey(hash))).toBe(`45${ab}`)
    expect(toHex(keys.heightKey(hash))).toBe(`48${ab}`)
    expect(toHex(keys.payloadKey(hash))).toBe(`50${ab}`)
    expect(toHex(keys.pendingIdKey(hash))).toBe(`52${ab}`)
    expect(Object.values(keys.META).map(toHex)).toEqual(['4d66', '4d6c', '4d73'])
  })

  test('sort as their numbers do', () => {
    fc.assert(
      fc.property(count, count, (a, b) => {
        expect(Math.sign(compareBytes(keys.canonicalKey(a), keys.canonicalKey(b)))).toBe(Math.sign(a - b))
        expect(keys.readUint64(keys.canonicalKey(a), 1)).toBe(a)
      }),
    )
  })

  test('of one kind lie in its range, and no others', () => {
    const hash = new Uint8Array(32).fill(0xff)
    const all = [
      keys.authorKey(hash),
      keys.blockKey(2 ** 53 - 1, hash),
      keys.canonicalKey(0),
      keys.treeKey(0),
    ]
    for (const key of all) {
      const { gte, lt } = keys.kindRange(key[0] as keys.Kind)
      const inside = all.filter((other) => compareBytes(other, gte) >= 0 && compareBytes(other, lt) < 0)
      expect(inside).toEqual([key])
    }
  })

  test('are described with the height or the hash that they hold', () => {
    const hash = new Uint8Array(32).fill(0xab)
    const ab = 'ab'.repeat(32)
    expect(keys.describeKey(keys.blockKey(7, hash))).toBe(`block ${ab} of height 7`)
    expect(keys.describeKey(keys.canonicalKey(7))).toBe('canonical block of height 7')
    expect(keys.describeKey(keys.authorSequenceKey(hash, 7))).toBe(`entry 7 of author ${ab}`)
    expect(keys.describeKey(keys.treeKey(7))).toBe('tree nodes from leaf 7')
    expect(keys.describeKey(keys.payloadKey(hash))).toBe(`payload of entry ${ab}`)
    expect(keys.describeKey(Uint8Array.of(0, 1))).toBe('record 0001')
  })
})

describe('records', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(count, count, bytes(32), fc.uint8Array(), fc.uint8Array(), (a, b, hash, long, other) => {
        expect(records.decodeNumber(records.encodeNumber(a))).toBe(a)
        expect(records.decodePosition(records.encodePosition(a, b))).toEqual({ height: a, index: b })
        expect(records.decodeHashes(records.encodeHashes([hash, hash]))).toEqual([hash, hash])
        const pending = { entryBytes: long, payload: other }
        expect(records.decodePending(records.encodePending(long, other))).toEqual(pending)
        const state = { commits: a, head: { height: b, hash } }
        expect(records.decodeState(records.encodeState(state))).toEqual(state)
      }),
    )
  })

  test('of blocks come back as they were written, with any weight below 2^256', () => {
    const weight = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
    fc.assert(
      fc.property(
        weight,
        fc.nat(),
        fc.uint8Array(),
        fc.uint8Array(),
        (w, entryCount, signature, headerBytes) => {
          const record = { weight: w, entryCount, signature, headerBytes }
          expect(records.decodeBlockRecord(records.encodeBlockRecord(record))).toEqual(record)
        },
      ),
    )
  })

  test('of another length are none', () => {
    const short = new Uint8Array(7)
    expect(records.decodeNumber(short)).toBeUndefined()
    expect(records.decodePosition(short)).toBeUndefined()
    expect(records.decodeHash(short)).toBeUndefined()
    expect(records.decodeHashes(short)).toBeUndefined()
    expect(records.decodeState(short)).toBeUndefined()
    expect(records.decodeBlockRecord(short)).toBeUndefined()
    expect(records.decodePending(new Uint8Array(1))).toBeUndefined()
    expect(records.decodePending(Uint8Array.of(0, 2, 0))).toBeUndefined()
  })

  test('are sealed as docs/spec/store.md shows', () => {
    const key = keys.canonicalKey(7)
    expect(toHex(records.seal(key, new Uint8Array(32).fill(0xab)))).toBe(`${'ab'.repeat(32)}${SAMPLE_SEAL}`)
    expect(records.unseal(key, fromHex(`${'ab'.repeat(32)}${SAMPLE_SEAL}`) as Uint8Array)?.length).toBe(32)
  })

  test('whose key or value has one bit flipped do not unseal', () => {
    fc.assert(
      fc.property(bytes(9), fc.uint8Array(), fc.nat(), (key, content, at) => {
        const value = records.seal(key, content)
        expect(records.unseal(key, value)).toEqual(content)
        expect(records.unseal(flipped(key, at), value)).toBeUndefined()
        expect(records.unseal(key, flipped(value, at))).toBeUndefined()
      }),
    )
  })

  test('too short for a seal do not unseal', () => {
    expect(records.unseal(keys.canonicalKey(0), new Uint8Array(3))).toBeUndefined()
  })
})

const SAMPLE_SEAL = '29d35906'

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice()
  const at = bit % (8 * copy.length)
  copy[at >> 3] = (copy[at >> 3] as number) ^ (1 << (at & 7))
  return copy
}

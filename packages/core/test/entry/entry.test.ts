import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, toHex, utf8 } from '../../src/bytes.ts'
import { decodeEntry, encodeEntry, entrySigningBytes, signEntry } from '../../src/entry/entry.ts'
import { LIMITS } from '../../src/limits.ts'
import { changedBytes, tally } from '../support/changed-bytes.ts'
import { testCrypto } from '../support/crypto.ts'
import { author, entry, ledgerId } from '../support/samples.ts'

const crypto = testCrypto()
const decode = (bytes: Uint8Array) => decodeEntry(bytes, crypto)
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const anyFields = fc.record({
  author: exactly(32),
  sequence: fc.oneof(fc.nat(300), fc.maxSafeNat()),
  commitment: exactly(32),
  signature: exactly(64),
})

describe('the entry', () => {
  test('is written as @ipld/dag-cbor writes it, and read back', () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        const made = encodeEntry(fields, crypto)
        expect(toHex(made.bytes)).toBe(toHex(dagCbor.encode(fields)))
        expect(made).toMatchObject(fields)
        expect(decode(made.bytes)).toEqual({ ok: true, value: made })
      }),
    )
  })

  test('has the leaf hash of RFC 6962 as its id, one after the other', () => {
    fc.assert(
      fc.property(fc.array(anyFields, { minLength: 2, maxLength: 5 }), (list) => {
        const made = list.map((fields) => encodeEntry(fields, crypto))
        for (const one of made) {
          expect(toHex(one.id)).toBe(toHex(crypto.sha256(concatBytes(Uint8Array.of(0), one.bytes))))
        }
      }),
    )
  })

  test('has 173 bytes at the least and 181 at the most', () => {
    const fields = {
      author: new Uint8Array(32),
      commitment: new Uint8Array(32),
      signature: new Uint8Array(64),
    }
    const length = (sequence: number) => encodeEntry({ ...fields, sequence }, crypto).bytes.length
    expect([0, 24, 256, 65_536, 2 ** 32, 2 ** 53 - 1].map(length)).toEqual([173, 174, 175, 177, 181, 181])
    expect(LIMITS.entryBytesMax).toBeGreaterThanOrEqual(181)
  })

  test('is read in place, in the middle of other bytes too', () => {
    const whole = concatBytes(Uint8Array.of(1, 2, 3), entry.bytes, Uint8Array.of(4))
    const decoded = decode(whole.subarray(3, whole.length - 1))
    expect(decoded).toEqual({ ok: true, value: entry })
    if (!decoded.ok) return
    for (const field of ['bytes', 'author', 'commitment', 'signature'] as const) {
      expect(decoded.value[field].buffer).toBe(whole.buffer)
    }
  })

  test('with any one byte changed is refused or means what the library writes as these bytes', () => {
    const { accepted, refused, ambiguous } = tally(changedBytes(entry.bytes), decode)
    expect(ambiguous).toEqual([])
    // Every change of the 128 bytes of keys and hashes, and of the sequence to 1..23.
    expect(accepted).toBe(128 * 255 + 23)
    expect(refused).toBe(173 * 255 - accepted)
  })

  const outOfBounds: [field: string, value: unknown][] = [
    ['author', new Uint8Array(31)],
    ['author', new Uint8Array(33)],
    ['author', 'a'.repeat(32)],
    ['sequence', -1],
    ['sequence', 0.5],
    ['sequence', 2 ** 53],
    ['signature', new Uint8Array(63)],
    ['signature', new Uint8Array(65)],
    ['commitment', new Uint8Array(31)],
    ['commitment', null],
  ]
  test.each(outOfBounds)('with %s = %j is refused with the name of the field', (field, value) => {
    const { author, sequence, commitment, signature } = entry
    const result = decode(dagCbor.encode({ author, sequence, commitment, signature, [field]: value }))
    expect(!result.ok && result.error.code).toBe('ENTRY_INVALID')
    expect(!result.ok && result.error.message).toContain(`field ${field}`)
  })

  test('of more bytes than any entry has is refused before it is looked at', () => {
    const result = decode(new Uint8Array(LIMITS.entryBytesMax + 1).fill(0xff))
    expect(!result.ok && result.error.message).toBe('entry: 193 bytes, at most 192 are allowed')
  })
})

describe('the signature of an entry', () => {
  test('covers domain tag, ledger id, author, sequence and commitment, in 125 bytes', () => {
    const bytes = entrySigningBytes(ledgerId, { ...entry, sequence: 0x0102030405 })
    expect(bytes.length).toBe(125)
    expect(toHex(bytes)).toBe(
      toHex(utf8('pulseledger/entry/v1\n')) +
        toHex(ledgerId) +
        toHex(entry.author) +
        '0000000102030405' +
        toHex(entry.commitment),
    )
  })

  test('verifies for its ledger and for no other', () => {
    const other = crypto.sha256(ledgerId)
    expect(crypto.verify(entry.author, entrySigningBytes(ledgerId, entry), entry.signature)).toBe(true)
    expect(crypto.verify(entry.author, entrySigningBytes(other, entry), entry.signature)).toBe(false)
  })

  test('does not verify when any signed field differs', () => {
    const changes = [{ sequence: 1 }, { commitment: crypto.sha256(entry.commitment) }, { author: ledgerId }]
    for (const change of changes) {
      const signed = entrySigningBytes(ledgerId, { ...entry, ...change })
      expect(crypto.verify(entry.author, signed, entry.signature)).toBe(false)
    }
  })

  test('is made by signEntry with the key that it names as author', () => {
    const made = signEntry({ ledgerId, sequence: 7, commitment: entry.commitment }, author, crypto)
    expect(made.author).toEqual(author.publicKey)
    expect(made.sequence).toBe(7)
    expect(crypto.verify(made.author, entrySigningBytes(ledgerId, made), made.signature)).toBe(true)
  })
})

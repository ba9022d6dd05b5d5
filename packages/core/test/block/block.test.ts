import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BlockParts, blockBytes, medianTime, parseBlock } from '../../src/block/block.ts'
import { decodeBody, encodeBody } from '../../src/block/body.ts'
import { encodeHeader } from '../../src/block/header.ts'
import { concatBytes, toHex } from '../../src/bytes.ts'
import { signEntry } from '../../src/entry/entry.ts'
import { LIMITS } from '../../src/limits.ts'
import { flippedBits, tally } from '../support/changed-bytes.ts'
import { testCrypto } from '../support/crypto.ts'
import { author, block, bodyBytes, entries, genesis, ledgerId, payloadBytes } from '../support/samples.ts'

const crypto = testCrypto()

describe('the body', () => {
  test('is the list of entries as @ipld/dag-cbor writes it, and read back', () => {
    for (const count of [0, 1, 2, 23, 24, 255, 256, 300]) {
      const list = Array.from({ length: count }, (_, sequence) =>
        signEntry({ ledgerId, sequence, commitment: entries[0]?.commitment as Uint8Array }, author, crypto),
      )
      const bytes = encodeBody(list)
      const plain = list.map(({ author, sequence, commitment, signature }) => {
        return { author, sequence, commitment, signature }
      })
      expect(toHex(bytes)).toBe(toHex(dagCbor.encode(plain)))
      expect(decodeBody(bytes, crypto)).toEqual({ ok: true, value: list })
    }
  })

  test('is read in place', () => {
    const decoded = decodeBody(bodyBytes, crypto)
    expect(decoded.ok && decoded.value.every((entry) => entry.bytes.buffer === bodyBytes.buffer)).toBe(true)
  })

  test('with any one bit flipped is refused or means what the library writes as these bytes', () => {
    const { accepted, ambiguous } = tally(flippedBits(bodyBytes), (bytes) => decodeBody(bytes, crypto))
    expect(ambiguous).toEqual([])
    // Every bit of keys and hashes, and the low five of the sequences 0 and 1.
    expect(accepted).toBe(2 * (128 * 8 + 5))
  })

  test('of more entries than any ledger allows is refused before they are read', () => {
    const count = LIMITS.blockEntriesCeiling + 1
    const result = decodeBody(Uint8Array.of(0x99, count >> 8, count & 0xff), crypto)
    expect(result).toMatchObject({ ok: false, error: { code: 'BLOCK_TOO_LARGE' } })
  })

  test('a message names the entry and its field', () => {
    const { author, sequence, commitment, signature } = entries[0] as (typeof entries)[0]
    const good = { author, sequence, commitment, signature }
    const result = decodeBody(dagCbor.encode([good, { ...good, author: 1 }]), crypto)
    expect(!result.ok && result.error.code).toBe('ENTRY_INVALID')
    expect(!result.ok && result.error.message).toContain('body: field [1].author at byte')
  })
})

describe('a block', () => {
  test('is parsed from its parts', () => {
    const { headerBytes, signature, payloads } = block
    expect(parseBlock({ headerBytes, signature, bodyBytes, payloads }, crypto)).toEqual({
      ok: true,
      value: block,
    })
    expect(block.entries).toEqual(entries)
    expect(block.header.height).toBe(1)
  })

  test('may have erased payloads', () => {
    expect(parseBlock({ ...block, payloads: [null, null] }, crypto).ok).toBe(true)
  })

  test('of height 0 has the genesis document as its body and is parsed too', () => {
    expect(parseBlock(genesis, crypto)).toEqual({ ok: true, value: genesis })
  })

  const withBody = (bytes: Uint8Array): Partial<BlockParts> => ({
    bodyBytes: bytes,
    headerBytes: encodeHeader({ ...block.header, body: crypto.sha256(bytes) }),
  })
  const otherBody = encodeBody(entries.toReversed())
  const longPayload = new Uint8Array(LIMITS.payloadBytesMax + 1)
  const faults: [claim: string, change: Partial<BlockParts>, code: string][] = [
    ['a header that is not one', { headerBytes: bodyBytes }, 'HEADER_INVALID'],
    ['a header that is cut off', { headerBytes: block.headerBytes.subarray(1) }, 'HEADER_INVALID'],
    ['an empty header', { headerBytes: new Uint8Array(0) }, 'CBOR_MALFORMED'],
    ['no signature', { signature: new Uint8Array(0) }, 'BLOCK_SIGNATURE_INVALID'],
    ['a long signature', { signature: new Uint8Array(65) }, 'BLOCK_SIGNATURE_INVALID'],
    ['entries in another order', { bodyBytes: otherBody }, 'BLOCK_BODY_MISMATCH'],
    ['a byte after the body', { bodyBytes: concatBytes(bodyBytes, Uint8Array.of(0)) }, 'BLOCK_BODY_MISMATCH'],
    ['a body that is not a list', withBody(block.headerBytes), 'ENTRY_INVALID'],
    ['a body with bytes after it', withBody(concatBytes(bodyBytes, Uint8Array.of(0))), 'CBOR_MALFORMED'],
    ['a huge body', { bodyBytes: new Uint8Array(LIMITS.blockBytesCeiling + 1) }, 'BLOCK_TOO_LARGE'],
    ['a payload too few', { payloads: [payloadBytes] }, 'BLOCK_PAYLOAD_MISSING'],
    ['a payload too many', { payloads: [null, null, null] }, 'BLOCK_PAYLOAD_MISSING'],
    ['a long payload', { payloads: [null, longPayload] }, 'PAYLOAD_INVALID'],
  ]
  test.each(faults)('with %s is refused', (_, change, code) => {
    expect(parseBlock({ ...block, ...change }, crypto)).toMatchObject({ ok: false, error: { code } })
  })

  test('of height 0 is refused with a signature, payloads or a document that is too long', () => {
    const code = (change: Partial<BlockParts>) => {
      const result = parseBlock({ ...genesis, ...change }, crypto)
      return !result.ok && result.error.code
    }
    expect(code({ signature: new Uint8Array(64) })).toBe('BLOCK_SIGNATURE_INVALID')
    expect(code({ payloads: [null] })).toBe('BLOCK_PAYLOAD_MISSING')
    expect(code({ bodyBytes: new Uint8Array(LIMITS.genesisBytesMax + 1) })).toBe('BLOCK_TOO_LARGE')
  })

  test('has the bytes of header, signature, body and the payloads that are not erased', () => {
    const parts = {
      headerBytes: new Uint8Array(100),
      signature: new Uint8Array(64),
      bodyBytes: new Uint8Array(7),
    }
    expect(blockBytes({ ...parts, payloads: [] })).toBe(171)
    expect(blockBytes({ ...parts, payloads: [new Uint8Array(5), null, new Uint8Array(6)] })).toBe(182)
  })
})

describe('the median of times', () => {
  test('is the middle one, whatever their order', () => {
    expect(medianTime([5])).toBe(5)
    expect(medianTime([9, 1])).toBe(9)
    expect(medianTime([10, 9, 100])).toBe(10)
    expect(medianTime([4, 3, 2, 1])).toBe(3)
  })

  test('has at most half of the times on either side, and does not reorder its input', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeNat(), { minLength: 1, maxLength: 11 }), (times) => {
        const before = [...times]
        const median = medianTime(times)
        expect(times).toEqual(before)
        expect(times).toContain(median)
        expect(times.filter((time) => time < median).length).toBeLessThanOrEqual(times.length / 2)
        expect(times.filter((time) => time > median).length).toBeLessThanOrEqual(times.length / 2)
      }),
    )
  })

  test('of no times breaks an invariant', () => {
    expect(() => medianTime([])).toThrow('broken invariant')
  })
})

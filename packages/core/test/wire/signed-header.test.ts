import { describe, expect, test } from 'vitest'
import { parseSignedHeader, verifySignedHeader } from '../../src/block/signed-header.ts'
import { flippedBits } from '../support/changed-bytes.ts'
import { block, genesis, ledgerId } from '../support/samples.ts'
import { crypto, header, orThrow } from './samples.ts'

const verify = (signed = header, id = ledgerId) => {
  const result = verifySignedHeader(signed, id, crypto)
  return result.ok ? 'verified' : `${result.error.code}: ${result.error.message}`
}
const REFUSED = 'BLOCK_SIGNATURE_INVALID: the signature of block 1 does not verify'

describe('a signed header', () => {
  test('has the hash and the fields of its block, in place', () => {
    expect(header.hash).toEqual(block.hash)
    expect(header.header).toEqual(block.header)
    expect(header.headerBytes).toBe(block.headerBytes)
    expect(header.header.root.buffer).toBe(block.headerBytes.buffer)
  })

  test('is never that of genesis', () => {
    expect(parseSignedHeader(genesis.headerBytes, new Uint8Array(64), crypto)).toEqual({
      ok: false,
      error: { code: 'HEADER_INVALID', message: 'header: genesis is not sent as a block' },
    })
  })

  test('is refused when its header is not canonical or not a header', () => {
    const refusal = (bytes: Uint8Array) => {
      const result = parseSignedHeader(bytes, header.signature, crypto)
      return result.ok ? 'accepted' : result.error.code
    }
    expect(refusal(header.headerBytes.subarray(1))).toBe('HEADER_INVALID')
    expect(refusal(header.headerBytes.subarray(0, -1))).toBe('CBOR_MALFORMED')
  })

  test('verifies for its ledger and for no other', () => {
    expect(verify()).toBe('verified')
    expect(verify(header, block.hash)).toBe(REFUSED)
  })

  test('does not verify with any bit of its signature changed', () => {
    for (const signature of flippedBits(header.signature))
      expect(verify({ ...header, signature })).toBe(REFUSED)
  })

  test('does not verify with any bit of its header changed, where that is a header at all', () => {
    let count = 0
    for (const bytes of flippedBits(header.headerBytes)) {
      const other = parseSignedHeader(bytes, header.signature, crypto)
      if (!other.ok) continue
      count += 1
      expect(verify(other.value)).toMatch(/^BLOCK_SIGNATURE_INVALID/)
    }
    expect(count).toBeGreaterThan(3 * 256)
  })

  test('does not verify with a signature of another length', () => {
    for (const length of [0, 63, 65]) {
      expect(verify(orThrow(parseSignedHeader(header.headerBytes, new Uint8Array(length), crypto)))).toBe(
        REFUSED,
      )
    }
  })
})

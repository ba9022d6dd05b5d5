import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import {
  blockSigningBytes,
  decodeHeader,
  encodeHeader,
  GENESIS_ROOT,
  type Header,
  hashHeader,
} from '../../src/block/header.ts'
import { fromHex, toHex, utf8 } from '../../src/bytes.ts'
import { cidOfHash } from '../../src/codec/cid.ts'
import { LIMITS } from '../../src/limits.ts'
import { flippedBits, tally } from '../support/changed-bytes.ts'
import { testCrypto } from '../support/crypto.ts'
import { block, genesis, headerBytes, ledgerId } from '../support/samples.ts'

const crypto = testCrypto()
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const anyHeader: fc.Arbitrary<Header> = fc.record({
  version: fc.constant(1 as const),
  height: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  parent: exactly(32),
  time: fc.integer({ min: 0, max: LIMITS.timeMax }),
  size: fc.maxSafeNat(),
  root: exactly(32),
  body: exactly(32),
  producer: exactly(32),
  seal: fc.uint8Array({ maxLength: 256 }),
})

/** The header as the library takes it, with links. */
function forLibrary(header: Header): Record<string, unknown> {
  const link = (hash: Uint8Array) => CID.decode(cidOfHash(hash))
  return { ...header, body: link(header.body), parent: header.parent && link(header.parent) }
}

function refusal(change: Record<string, unknown>, header: Header = block.header): string {
  const result = decodeHeader(dagCbor.encode({ ...forLibrary(header), ...change }))
  return result.ok ? 'accepted' : `${result.error.code} ${result.error.message}`
}

describe('the header', () => {
  test('is written as @ipld/dag-cbor writes it, and read back', () => {
    fc.assert(
      fc.property(anyHeader, (header) => {
        const bytes = encodeHeader(header)
        expect(toHex(bytes)).toBe(toHex(dagCbor.encode(forLibrary(header))))
        expect(decodeHeader(bytes)).toEqual({ ok: true, value: header })
      }),
    )
  })

  test('with any one bit flipped is refused or means what the library writes as these bytes', () => {
    for (const bytes of [headerBytes, genesis.headerBytes]) {
      const { accepted, refused, ambiguous } = tally(flippedBits(bytes), decodeHeader)
      expect(ambiguous).toEqual([])
      expect(accepted).toBeGreaterThanOrEqual(32 * 8)
      expect(refused).toBeGreaterThan(300)
    }
  })

  test('has the SHA-256 of its bytes as its hash, and that of its CID', () => {
    const hash = hashHeader(headerBytes, crypto)
    expect(toHex(hash)).toBe(toHex(crypto.sha256(headerBytes)))
    expect(toHex(block.hash)).toBe(toHex(hash))
  })

  test('is read in place', () => {
    const decoded = decodeHeader(headerBytes)
    if (!decoded.ok || decoded.value.parent === null) throw new Error('the sample does not decode')
    const { parent, root, body, producer, seal } = decoded.value
    for (const field of [parent, root, body, producer, seal]) expect(field.buffer).toBe(headerBytes.buffer)
  })

  test('fits its bound with the longest seal and the largest integers', () => {
    const seal = new Uint8Array(LIMITS.sealBytesMax)
    const largest = { ...block.header, seal, height: 2 ** 53 - 1, size: 2 ** 53 - 1, time: LIMITS.timeMax }
    expect(encodeHeader(largest).length).toBeLessThanOrEqual(LIMITS.headerBytesMax)
  })

  const outOfBounds: [field: string, value: unknown][] = [
    ['version', 0],
    ['version', 2],
    ['height', -1],
    ['height', 1.5],
    ['time', LIMITS.timeMax + 1],
    ['size', -1],
    ['root', new Uint8Array(31)],
    ['producer', new Uint8Array(33)],
    ['seal', new Uint8Array(257)],
    ['body', new Uint8Array(32)],
    ['body', null],
    ['body', CID.createV1(0x55, CID.decode(cidOfHash(ledgerId)).multihash)],
    ['parent', 'x'],
  ]
  test.each(outOfBounds)('with %s = %j is refused with the name of the field', (field, value) => {
    expect(refusal({ [field]: value })).toContain(`HEADER_INVALID header: field ${field}`)
  })

  test('with an unknown or a missing key is refused', () => {
    expect(refusal({ nonce: 1 })).toContain('HEADER_INVALID header: field time at byte')
    const { seal: _, ...rest } = forLibrary(block.header)
    const result = decodeHeader(dagCbor.encode(rest))
    expect(!result.ok && result.error.message).toContain("the key 'seal' expected, found 'size'")
  })
})

describe('the header of genesis', () => {
  test('has no parent, and no other header has none', () => {
    expect(refusal({ parent: null })).toContain('null belongs to height 0, the height is 1')
    expect(refusal({ height: 0 })).toContain('null belongs to height 0, the height is 0')
    expect(() => encodeHeader({ ...block.header, parent: null })).toThrow('null belongs to height 0')
  })

  test('has an empty log, no seal and no producer', () => {
    const { header } = genesis
    expect(refusal({}, header)).toBe('accepted')
    expect(refusal({ size: 1 }, header)).toContain('the size of genesis is 0, not 1')
    expect(refusal({ root: new Uint8Array(32) }, header)).toContain(
      'the root of genesis is that of an empty log',
    )
    expect(refusal({ seal: Uint8Array.of(0) }, header)).toContain('the seal of genesis is empty')
    expect(refusal({ producer: ledgerId }, header)).toContain('the producer of genesis is 32 zero bytes')
  })

  test('has the SHA-256 of the empty string as its root', () => {
    expect(toHex(GENESIS_ROOT)).toBe(toHex(crypto.sha256(new Uint8Array(0))))
  })
})

describe('the signature of a block', () => {
  test('covers domain tag, ledger id and block hash, in 85 bytes', () => {
    const hash = fromHex('ab'.repeat(32)) as Uint8Array
    const bytes = blockSigningBytes(ledgerId, hash)
    expect(bytes.length).toBe(85)
    expect(toHex(bytes)).toBe(toHex(utf8('pulseledger/block/v1\n')) + toHex(ledgerId) + toHex(hash))
  })

  test('verifies for its ledger and for no other', () => {
    const verifies = (id: Uint8Array) =>
      crypto.verify(block.header.producer, blockSigningBytes(id, block.hash), block.signature)
    expect(verifies(ledgerId)).toBe(true)
    expect(verifies(block.hash)).toBe(false)
  })
})

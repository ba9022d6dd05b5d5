import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c, maskCrc32c } from '../../../src/store/level/crc32c.ts'

const range = (of: (i: number) => number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => of(i))

describe('CRC-32C', () => {
  test.each([
    ['32 bytes of zeros', range(() => 0), 0x8a9136aa],
    ['32 bytes of ones', range(() => 0xff), 0x62a8ab43],
    ['32 bytes, ascending', range((i) => i), 0x46dd794e],
    ['32 bytes, descending', range((i) => 31 - i), 0x113fdb5c],
  ])('has the values of RFC 3720 appendix B.4: %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })

  test('has the check value of the catalogue of CRCs', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
  })

  test('agrees with the definition, bit by bit, at every length and alignment', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat({ max: 9 }), (bytes, from) => {
        expect(crc32c(bytes.subarray(from))).toBe(bitwise(bytes.subarray(from)))
      }),
    )
  })

  test('goes on from the checksum of what came before', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(crc32c(b, crc32c(a))).toBe(bitwise(Uint8Array.of(...a, ...b)))
      }),
    )
  })

  test('is masked as LevelDB masks it', () => {
    // Of LevelDB's util/crc32c.h: rotate right by 15 bits, add 0xa282ead8.
    expect(maskCrc32c(0)).toBe(0xa282ead8)
    expect(maskCrc32c(0x00008000)).toBe(0xa282ead9)
    expect(maskCrc32c(1)).toBe((0x00020000 + 0xa282ead8) >>> 0)
  })
})

/** The remainder of the division by the polynomial, as the definition has it. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc = (crc ^ byte) >>> 0
    for (let bit = 0; bit < 8; bit++) crc = crc % 2 === 1 ? ((crc >>> 1) ^ 0x82f63b78) >>> 0 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

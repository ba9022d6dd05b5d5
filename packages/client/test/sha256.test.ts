import { createHash } from 'node:crypto'
import { toHex } from '@pulseledger/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from '../src/sha256.ts'

/** The examples that NIST publishes with FIPS 180-4, and the hash of nothing. */
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
])('SHA-256 of the published example %#', (text, digest) => {
  expect(toHex(sha256(new TextEncoder().encode(text)))).toBe(digest)
})

test('SHA-256 of any bytes at any offset of their buffer is that of node:crypto', () => {
  const view = fc.tuple(fc.uint8Array({ maxLength: 2_000 }), fc.nat({ max: 70 }))
  fc.assert(
    fc.property(view, ([whole, skip]) => {
      const data = whole.subarray(skip)
      expect(toHex(sha256(data))).toBe(createHash('sha256').update(data).digest('hex'))
    }),
    { numRuns: 1_000 },
  )
})

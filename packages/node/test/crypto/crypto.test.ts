import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeCrypto } from '../../../core/test/crypto/conformance.ts'
import { loadCrypto } from '../../src/crypto/index.ts'
import { KeyCache } from '../../src/crypto/node-crypto.ts'

describeCrypto('node:crypto', () => loadCrypto('node'))
describeCrypto('sodium-native', () => loadCrypto('sodium'))

describe('loading', () => {
  test('prefers sodium-native, and gives what was asked for', async () => {
    expect((await loadCrypto()).name).toBe('sodium-native')
    expect((await loadCrypto('sodium')).name).toBe('sodium-native')
    expect((await loadCrypto('node')).name).toBe('node:crypto')
  })
})

describe('the cache of keys', () => {
  const key = (number: number) => new Uint8Array(32).fill(number)

  test('gives the same object for the same bytes', () => {
    const cache = new KeyCache(2)
    expect(cache.get(key(1))).toBe(cache.get(key(1).slice()))
  })

  test('is bounded and forgets what was used longest ago', () => {
    const cache = new KeyCache(2)
    const first = cache.get(key(1))
    const second = cache.get(key(2))
    expect(cache.get(key(1))).toBe(first)
    cache.get(key(3))
    expect(cache.size).toBe(2)
    expect(cache.get(key(1))).toBe(first)
    expect(cache.get(key(2))).not.toBe(second)
    expect(cache.size).toBe(2)
  })

  test('tells keys apart that differ in one bit anywhere', () => {
    const cache = new KeyCache(300)
    const seen = new Set([cache.get(key(0))])
    for (let bit = 0; bit < 256; bit++) {
      const other = key(0)
      other[bit >> 3] = 1 << (bit & 7)
      seen.add(cache.get(other))
    }
    expect(seen.size).toBe(257)
  })
})

describe('both libraries', () => {
  test('sign alike, and verify alike what any bytes claim to be a signature', async () => {
    const [sodium, openssl] = await Promise.all([loadCrypto('sodium'), loadCrypto('node')])
    const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const bytes64 = fc.uint8Array({ minLength: 64, maxLength: 64 })
    fc.assert(
      fc.property(bytes32, fc.uint8Array(), bytes64, bytes32, (seed, message, noise, otherKey) => {
        const [a, b] = [sodium.signer(seed), openssl.signer(seed)]
        expect(a.publicKey).toEqual(b.publicKey)
        const signature = a.sign(message)
        expect(signature).toEqual(b.sign(message))
        const halves = [
          signature,
          noise,
          new Uint8Array([...signature.subarray(0, 32), ...noise.subarray(32)]),
          new Uint8Array([...noise.subarray(0, 32), ...signature.subarray(32)]),
        ]
        for (const publicKey of [a.publicKey, otherKey]) {
          for (const half of halves) {
            const verdict = sodium.verify(publicKey, message, half)
            expect(openssl.verify(publicKey, message, half)).toBe(verdict)
          }
        }
        expect(sodium.verify(a.publicKey, message, signature)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

/** What every implementation of the crypto port must do: run by the tests of each. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import type { Crypto, Signer } from '../../src/crypto.ts'
import { InvariantError } from '../../src/result.ts'
import { judge } from './edwards.ts'
import { bytes, type Ed25519Vector, edgeCaseVectors, rfc8032Vectors, wycheproofVectors } from './vectors.ts'

export interface SigningCrypto extends Crypto {
  signer(seed: Uint8Array): Signer
}

export function describeCrypto(name: string, load: () => Promise<SigningCrypto>): void {
  describe(name, () => {
    let crypto: SigningCrypto
    beforeAll(async () => {
      crypto = await load()
    })
    describeSha256(() => crypto)
    describeSigning(() => crypto)
    describeVerification(() => crypto)
  })
}

function describeSha256(crypto: () => Crypto): void {
  test('SHA-256 of every length up to 300 is that of node:crypto', () => {
    for (let length = 0; length <= 300; length++) {
      const data = Uint8Array.from({ length }, (_, i) => i + length)
      expect(toHex(crypto().sha256(data))).toBe(createHash('sha256').update(data).digest('hex'))
    }
  })

  test('SHA-256 of a view is that of its own bytes', () => {
    const whole = Uint8Array.from({ length: 100 }, (_, i) => i)
    expect(crypto().sha256(whole.subarray(10, 60))).toEqual(crypto().sha256(whole.slice(10, 60)))
  })

  test('digests are plain arrays that later digests leave alone', () => {
    const digests = Array.from({ length: 1_000 }, (_, i) =>
      crypto().sha256(bytes(i.toString(16).padStart(4, '0'))),
    )
    const hex = digests.map(toHex)
    expect(new Set(hex).size).toBe(1_000)
    for (const digest of digests) {
      expect(digest.constructor).toBe(Uint8Array)
      expect(digest).toHaveLength(32)
    }
    const copy = (digests[0] as Uint8Array).slice()
    copy.fill(0)
    expect(digests.map(toHex)).toEqual(hex)
  })
}

function describeSigning(crypto: () => SigningCrypto): void {
  test.each(rfc8032Vectors())('signs RFC 8032 $name', ({ seed, publicKey, message, signature }) => {
    const signer = crypto().signer(bytes(seed))
    expect(toHex(signer.publicKey)).toBe(publicKey)
    expect(toHex(signer.sign(bytes(message)))).toBe(signature)
    expect(signer.publicKey.constructor).toBe(Uint8Array)
    expect(signer.sign(bytes(message)).constructor).toBe(Uint8Array)
  })

  test('keeps its key when the seed is overwritten', () => {
    const seed = new Uint8Array(32).fill(7)
    const signer = crypto().signer(seed)
    const before = toHex(signer.sign(seed.slice(0, 1)))
    seed.fill(0)
    expect(toHex(signer.sign(new Uint8Array([7])))).toBe(before)
  })

  test.each([0, 31, 33, 64])('a seed of %i bytes is a broken invariant', (length) => {
    expect(() => crypto().signer(new Uint8Array(length))).toThrow(InvariantError)
  })
}

function describeVerification(crypto: () => SigningCrypto): void {
  const verify = ({ publicKey, message, signature }: Ed25519Vector) =>
    crypto().verify(bytes(publicKey), bytes(message), bytes(signature))

  test.each(rfc8032Vectors())('verifies RFC 8032 $name', (vector) => {
    expect(verify(vector)).toBe(true)
  })

  test.each(wycheproofVectors())('Wycheproof $name: $valid', (vector) => {
    expect(verify(vector)).toBe(vector.valid)
  })

  test.each(edgeCaseVectors())('$name: $valid', (vector) => {
    expect(verify(vector)).toBe(vector.valid)
  })

  test('another length of the key or the signature is refused', () => {
    const signer = crypto().signer(new Uint8Array(32))
    const message = new Uint8Array([1])
    const signature = signer.sign(message)
    for (const length of [0, 1, 31, 33, 64]) {
      const key = new Uint8Array(length)
      key.set(signer.publicKey.subarray(0, length))
      expect(crypto().verify(key, message, signature)).toBe(false)
    }
    for (const length of [0, 32, 63, 65, 96, 128]) {
      const longer = new Uint8Array(length)
      longer.set(signature.subarray(0, length))
      expect(crypto().verify(signer.publicKey, message, longer)).toBe(false)
    }
    expect(crypto().verify(signer.publicKey, message, signature)).toBe(true)
  })

  test('takes views into a larger buffer and leaves them as they were', () => {
    const signer = crypto().signer(new Uint8Array(32).fill(1))
    const whole = new Uint8Array(300)
    whole.fill(0xff)
    whole.set(signer.publicKey, 3)
    whole.set(signer.sign(whole.subarray(200, 260)), 101)
    const before = toHex(whole)
    const [key, message, signature] = [
      whole.subarray(3, 35),
      whole.subarray(200, 260),
      whole.subarray(101, 165),
    ]
    expect(crypto().verify(key, message, signature)).toBe(true)
    expect(crypto().verify(key, message.subarray(1), signature)).toBe(false)
    expect(toHex(whole)).toBe(before)
  })

  test('decides about damaged signatures as arithmetic does', () => {
    const signer = crypto().signer(new Uint8Array(32).fill(2))
    const damage = fc.record({
      message: fc.uint8Array({ maxLength: 40 }),
      part: fc.constantFrom('none', 'key', 'R', 'S'),
      bit: fc.nat({ max: 255 }),
    })
    fc.assert(
      fc.property(damage, ({ message, part, bit }) => {
        const publicKey = signer.publicKey.slice()
        const signature = signer.sign(message).slice()
        if (part === 'key') flip(publicKey, bit)
        if (part === 'R') flip(signature, bit)
        if (part === 'S') flip(signature, 256 + bit)
        const expected = judge(publicKey, message, signature) === 'valid'
        expect(crypto().verify(publicKey, message, signature)).toBe(expected)
        expect(expected).toBe(part === 'none')
      }),
      { numRuns: 60 },
    )
  })
}

function flip(target: Uint8Array, bit: number): void {
  target[bit >> 3] = (target[bit >> 3] as number) ^ (1 << (bit & 7))
}

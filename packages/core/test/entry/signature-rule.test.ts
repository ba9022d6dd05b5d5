import { describe, expect, test } from 'vitest'
import { concatBytes, toHex } from '../../src/bytes.ts'
import { isAcceptableKey, isAcceptableKeyAndR } from '../../src/entry/signature-rule.ts'
import { testSigner } from '../support/crypto.ts'
import { GROUP_ORDER, littleEndian, multiply, PRIME, torsionPoints } from '../support/edwards.ts'

const signer = testSigner('an honest author')
const signature = signer.sign(new Uint8Array(3))
const R = signature.subarray(0, 32)
const S = signature.subarray(32)

const SIGN = 1n << 255n

/** Every encoding of the points of small order: canonical, with y + p, and with a sign bit on x = 0. */
function smallOrderEncodings(): bigint[] {
  const encodings = new Set<bigint>()
  for (const { y } of torsionPoints()) {
    for (const alias of [y, y + PRIME]) {
      if (alias >= SIGN) continue
      encodings.add(alias)
      encodings.add(alias | SIGN)
    }
  }
  return [...encodings]
}

function refusedAsKeyAndAsR(encoding: bigint): boolean[] {
  const point = littleEndian(encoding)
  return [
    !isAcceptableKey(point),
    !isAcceptableKeyAndR(point, signature),
    !isAcceptableKeyAndR(signer.publicKey, concatBytes(point, S)),
  ]
}

describe('the rule of which keys and signatures are looked at', () => {
  test('the curve has eight points of small order, of orders 1, 2, 4, 4, 8, 8, 8, 8', () => {
    const orders = torsionPoints().map((point) => {
      let order = 1
      while (multiply(BigInt(order), point).y !== 1n || multiply(BigInt(order), point).x !== 0n) order += 1
      return order
    })
    expect(orders.toSorted()).toEqual([1, 2, 4, 4, 8, 8, 8, 8])
  })

  test('each of the 14 encodings of the points of small order is refused as key and as R', () => {
    const encodings = smallOrderEncodings()
    expect(encodings.length).toBe(14)
    for (const encoding of encodings) expect(refusedAsKeyAndAsR(encoding)).toEqual([true, true, true])
  })

  test('y = p and above is refused, p - 2 is not', () => {
    for (let y = PRIME; y < SIGN; y++) {
      expect(refusedAsKeyAndAsR(y)).toEqual([true, true, true])
      expect(refusedAsKeyAndAsR(y | SIGN)).toEqual([true, true, true])
    }
    expect(refusedAsKeyAndAsR(PRIME - 2n)).toEqual([false, false, false])
    expect(refusedAsKeyAndAsR((PRIME - 2n) | SIGN)).toEqual([false, false, false])
  })

  test('the neighbours of the points of small order are not refused', () => {
    const small = new Set(torsionPoints().map(({ y }) => y))
    for (const y of small) {
      for (const near of [y - 1n, y + 1n, y ^ (1n << 100n), y ^ (1n << 254n)]) {
        if (near < 0n || near >= PRIME || small.has(near)) continue
        expect(refusedAsKeyAndAsR(near)).toEqual([false, false, false])
        expect(refusedAsKeyAndAsR(near | SIGN)).toEqual([false, false, false])
      }
    }
  })

  test('S must be below L', () => {
    const withS = (s: bigint) => isAcceptableKeyAndR(signer.publicKey, concatBytes(R, littleEndian(s)))
    expect([0n, 1n, GROUP_ORDER - 1n].map(withS)).toEqual([true, true, true])
    expect([GROUP_ORDER, GROUP_ORDER + 1n, SIGN, 2n ** 256n - 1n].map(withS)).toEqual([
      false,
      false,
      false,
      false,
    ])
    const s = BigInt(`0x${toHex(S.toReversed())}`)
    expect(withS(s)).toBe(true)
    expect(withS(s + GROUP_ORDER)).toBe(false)
  })

  test('keys of other than 32 bytes and signatures of other than 64 are refused', () => {
    const { publicKey } = signer
    expect(isAcceptableKeyAndR(publicKey, signature)).toBe(true)
    for (const length of [0, 31])
      expect(isAcceptableKeyAndR(publicKey.subarray(0, length), signature)).toBe(false)
    expect(isAcceptableKeyAndR(concatBytes(publicKey, Uint8Array.of(0)), signature)).toBe(false)
    for (const length of [0, 32, 63])
      expect(isAcceptableKeyAndR(publicKey, signature.slice(0, length))).toBe(false)
    expect(isAcceptableKeyAndR(publicKey, concatBytes(signature, Uint8Array.of(0)))).toBe(false)
  })

  test('what honest signers make is accepted', () => {
    for (let i = 0; i < 200; i++) {
      const honest = testSigner(`honest ${i}`)
      expect(isAcceptableKeyAndR(honest.publicKey, honest.sign(Uint8Array.of(i)))).toBe(true)
    }
  })
})

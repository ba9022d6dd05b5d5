import { utf8 } from '@pulseledger/core'
import { nodeCrypto } from 'pulseledger/simulation'
import { describe, expect, test } from 'vitest'
import { fastCrypto } from '../../kernel/fast-crypto.ts'

const crypto = fastCrypto()
const seed = crypto.sha256(utf8('seed'))
const { publicKey, sign } = crypto.signer(seed)
const message = utf8('a reading of 72')
const signature = sign(message)

/** With one bit of it changed, for every byte of it. */
function damagedEach(bytes: Uint8Array): Uint8Array[] {
  return [...bytes.keys()].map((i) => bytes.map((byte, j) => (i === j ? byte ^ 1 : byte)))
}

describe('a fast signature', () => {
  test('holds for its message and key, whoever made the crypto', () => {
    expect(crypto.verify(publicKey, message, signature)).toBe(true)
    expect(fastCrypto().verify(publicKey, message, signature)).toBe(true)
    expect(fastCrypto().signer(seed)).toMatchObject({ publicKey })
  })

  test('has the sizes of a real one', () => {
    expect([publicKey.length, signature.length, sign(new Uint8Array()).length]).toEqual([32, 64, 64])
  })

  test('does not hold for any other message, key or signature', () => {
    for (const other of damagedEach(message)) expect(crypto.verify(publicKey, other, signature)).toBe(false)
    for (const other of damagedEach(publicKey)) expect(crypto.verify(other, message, signature)).toBe(false)
    for (const other of damagedEach(signature)) expect(crypto.verify(publicKey, message, other)).toBe(false)
  })

  test('does not hold when it is cut short, too long or empty, and refuses it without throwing', () => {
    const odd = [signature.subarray(1), signature.subarray(0, 63), new Uint8Array(), new Uint8Array(65)]
    for (const other of odd) expect(crypto.verify(publicKey, message, other)).toBe(false)
  })

  test('of one message is not that of another, and of one key not that of another', () => {
    expect(sign(utf8('a reading of 73'))).not.toEqual(signature)
    const other = crypto.signer(crypto.sha256(utf8('other')))
    expect(other.publicKey).not.toEqual(publicKey)
    expect(other.sign(message)).not.toEqual(signature)
  })

  test('stands beside real hashes', () => {
    expect(crypto.sha256(message)).toEqual(nodeCrypto().sha256(message))
  })
})

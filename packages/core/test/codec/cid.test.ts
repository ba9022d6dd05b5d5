import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { cidFromText, cidOfHash, cidToText, hashOfCid, isCid } from '../../src/codec/cid.ts'
import { testCrypto } from '../support/crypto.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('CIDs, against multiformats', () => {
  test("the text is the library's, and comes back", () => {
    fc.assert(
      fc.property(hash, fc.constantFrom(0x55, 0x70, 0x71), (digest, codec) => {
        const cid = Uint8Array.from([1, codec, 0x12, 0x20, ...digest])
        const text = CID.decode(cid).toString()
        expect(isCid(cid)).toBe(true)
        expect(cidToText(cid)).toBe(text)
        expect(toHex(cidFromText(text) as Uint8Array)).toBe(toHex(cid))
        expect(hashOfCid(cid) !== undefined).toBe(codec === 0x71)
      }),
    )
  })

  test('the sample of the description is the CID of nothing', () => {
    const cid = cidOfHash(testCrypto().sha256(new Uint8Array(0)))
    expect(cidToText(cid)).toBe('bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
    expect(hashOfCid(cid)).toEqual(testCrypto().sha256(new Uint8Array(0)))
  })

  test('a text with any one character changed is refused, or is the text of another CID', () => {
    const text = cidToText(cidOfHash(testCrypto().sha256(new Uint8Array(0))))
    let accepted = 0
    for (let i = 0; i < text.length; i++) {
      for (let code = 0; code < 256; code++) {
        const other = text.slice(0, i) + String.fromCharCode(code) + text.slice(i + 1)
        const cid = cidFromText(other)
        if (cid === undefined) continue
        accepted += 1
        expect(cidToText(cid)).toBe(other)
      }
    }
    expect(accepted).toBeGreaterThan(1_000)
  })

  test.each(['', 'b', 'z', 'bafy', 'BAFYREIHDWDCEFGH4DQKJV67UZCMW7OJEE6XEDZDETOJUZJEVTENXQUVYKU'])(
    'the text %o is refused',
    (text) => {
      expect(cidFromText(text)).toBeUndefined()
    },
  )

  test('a hash of another length, or bytes that are no CID, break an invariant', () => {
    expect(() => cidOfHash(new Uint8Array(31))).toThrow()
    expect(() => cidToText(new Uint8Array(36))).toThrow()
  })
})

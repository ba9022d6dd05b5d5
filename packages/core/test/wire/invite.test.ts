import fc from 'fast-check'
import { base32 } from 'multiformats/bases/base32'
import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../src/bytes.ts'
import { fromBase32, toBase32 } from '../../src/codec/base32.ts'
import { LIMITS } from '../../src/limits.ts'
import { encodeInvite, parseInvite } from '../../src/wire/invite.ts'
import { runs } from '../support/runs.ts'
import { ledgerId } from '../support/samples.ts'
import { crypto, invite } from './samples.ts'

const word = encodeInvite(invite, crypto)
const parse = (text: string) => parseInvite(text, crypto)
const refusal = (text: string) => {
  const result = parse(text)
  return result.ok ? 'accepted' : `${result.error.code}: ${result.error.message}`
}
/** A word of these bytes with the right checksum. */
const wordOf = (...parts: Uint8Array[]) => {
  const content = concatBytes(...parts)
  return `pulse1${base32.baseEncode(concatBytes(content, crypto.sha256(content).subarray(0, 4)))}`
}
const head = Uint8Array.of(1)
const one = (address: string) => concatBytes(Uint8Array.of(1, address.length), utf8(address))

const unit = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code))
const anyInvite = fc.record({
  ledgerId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  addresses: fc.array(fc.string({ unit, minLength: 1, maxLength: 128 }), { maxLength: 8 }),
})

test("base32 is the library's", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const text = toBase32(bytes)
      expect(text).toBe(base32.baseEncode(bytes))
      expect(fromBase32(text)).toEqual({ bytes, isExact: true })
    }),
    runs(500),
  )
})

describe('an invite', () => {
  test('is read back, in either case and with blanks around it', () => {
    fc.assert(
      fc.property(anyInvite, fc.constantFrom('', ' ', '\t', '\r\n', ' \n  '), (value, blanks) => {
        const text = encodeInvite(value, crypto)
        expect(text).toMatch(/^pulse1[a-z2-7]+$/)
        expect(text.length).toBeLessThanOrEqual(1_718)
        for (const written of [text, text.toUpperCase(), `${blanks}${text}${blanks}`]) {
          expect(parse(written)).toEqual({ ok: true, value })
        }
      }),
      runs(200),
    )
  })

  test('has 67 characters at the least and 1,718 at the most', () => {
    const addresses = Array.from({ length: 8 }, () => 'a'.repeat(128))
    expect(encodeInvite({ ledgerId, addresses: [] }, crypto).length).toBe(67)
    expect(encodeInvite({ ledgerId, addresses }, crypto).length).toBe(1_718)
  })

  test('leaves out addresses that cannot be sent, and those after the eighth', () => {
    const good = Array.from({ length: 10 }, (_, i) => `192.0.2.${i}:7400`)
    const text = encodeInvite({ ledgerId, addresses: ['', 'a b', 'ü', 'x'.repeat(129), ...good] }, crypto)
    expect(parse(text)).toEqual({ ok: true, value: { ledgerId, addresses: good.slice(0, 8) } })
  })

  test('that is cut anywhere says that it is cut off', () => {
    for (let end = 1; end < word.length; end++) {
      expect(`${end} ${refusal(word.slice(0, end))}`).toContain(
        'INVITE_INVALID: the invite is not readable: it is cut off',
      )
    }
    expect(refusal(' \n')).toContain('it is empty')
  })

  test('with any one character changed is refused', () => {
    let mistyped = 0
    for (let at = 0; at < word.length; at++) {
      for (let code = 0; code < 256; code++) {
        const other = word.slice(0, at) + String.fromCharCode(code) + word.slice(at + 1)
        if (other.toLowerCase() === word) continue
        const reason = refusal(other)
        // A blank at the end is a blank around it.
        if (!/^INVITE_INVALID: .*: it (is (mistyped|cut off|of another version)|begins with)/.test(reason)) {
          throw new Error(`${other}: ${reason}`)
        }
        if (reason.includes('mistyped')) mistyped += 1
      }
    }
    expect(mistyped).toBeGreaterThan(25_000)
  })

  test('with a character that it cannot have says which, and where', () => {
    const change = (at: number, character: string) => word.slice(0, at - 1) + character + word.slice(at)
    expect(refusal(change(20, '0'))).toContain("it is mistyped: character 20 is '0', which none has")
    expect(refusal(change(9, ' '))).toContain("character 9 is ' '")
    expect(refusal(change(9, '\u212a'))).toContain("character 9 is '\\u{212a}'")
    expect(refusal(change(9, '\u{1f634}'))).toContain("character 9 is '\\u{1f634}'")
  })

  test('of another version says so', () => {
    expect(refusal(`pulse2${word.slice(6)}`)).toContain(
      "it is of another version: 'pulse2', this program reads 1",
    )
    expect(refusal(wordOf(Uint8Array.of(2), ledgerId))).toContain('it is of another version: 2')
  })

  test('that is something else says how an invite begins', () => {
    expect(refusal('192.0.2.7:7400')).toContain("it begins with '192.0.2.7:74...', an invite with 'pulse1'")
    expect(refusal('\u001b[2J')).toContain("it begins with '\\u{1b}[2j'")
  })

  test('with a right checksum is still held to its bounds', () => {
    expect(parse(wordOf(head, ledgerId, one('a:1')))).toEqual({
      ok: true,
      value: { ledgerId, addresses: ['a:1'] },
    })
    expect(refusal(wordOf(head, ledgerId, one('a:1'), Uint8Array.of(0)))).toContain('something follows')
    expect(refusal(wordOf(head, ledgerId, one('a b')))).toContain('its address 1 is not 1..128 printable')
    expect(refusal(wordOf(head, ledgerId, one('')))).toContain('its address 1 is not 1..128 printable')
    expect(refusal(wordOf(head, ledgerId, one('a'.repeat(129))))).toContain('its address 1 is not 1..128')
    const nine = concatBytes(Uint8Array.of(9), ...Array.from({ length: 9 }, () => Uint8Array.of(1, 97)))
    expect(refusal(wordOf(head, ledgerId, nine))).toContain('it has 9 addresses, at most 8 are allowed')
    expect(refusal(wordOf(head, ledgerId.subarray(1)))).toContain('it is cut off')
  })

  test('is one word only: a last character with bits too many is refused', () => {
    const last = word.at(-1) as string
    const digits = 'abcdefghijklmnopqrstuvwxyz234567'
    const others = [...digits].filter((digit) => digit !== last)
    for (const digit of others) expect(refusal(word.slice(0, -1) + digit)).toContain('it is mistyped')
    expect(refusal(`${word}a`)).toContain('it is mistyped')
  })

  test('that is too long is refused before it is looked at', () => {
    const text = 'pulse1'.padEnd(LIMITS.inviteCharactersMax + 1, '!')
    expect(refusal(text)).toContain('it has 2049 characters, at most 2048 are possible')
  })

  test('of any text never throws', () => {
    let count = 0
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), fc.nat(word.length), (noise, at) => {
        for (const text of [noise, `pulse1${noise}`, word.slice(0, at) + noise]) {
          parse(text)
          count += 1
        }
      }),
      runs(500),
    )
    expect(count).toBeGreaterThanOrEqual(1_500)
  })
})

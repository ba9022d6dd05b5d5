import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asciiJson, printable } from '../../src/views/printable.ts'
import { anyText } from '../support/any-text.ts'

test.each([
  ['ward-2', 'ward-2'],
  ['\x1b[2J', '\\u{1b}[2J'],
  ['a\nb\0\x7f', 'a\\u{a}b\\u{0}\\u{7f}'],
  ['Ärzte \u{1f493}', '\\u{c4}rzte \\u{1f493}'],
  ['back\\slash', 'back\\u{5c}slash'],
  ['\ud800', '\\u{d800}'],
])('shows %j as %s', (text, shown) => {
  expect(printable(text)).toBe(shown)
})

test('never holds anything but printable ASCII, and can be turned back', () => {
  fc.assert(
    fc.property(anyText({ maxLength: 60 }), (text) => {
      const shown = printable(text)
      expect(shown).toMatch(/^[\x20-\x7e]*$/)
      const back = shown.replace(/\\u\{([0-9a-f]+)\}/g, (_, hex) =>
        String.fromCodePoint(Number.parseInt(hex, 16)),
      )
      expect(back).toBe(text)
    }),
  )
})

test('cuts after so many characters, never within one', () => {
  expect(printable('abcdef', 3)).toBe('abc...')
  expect(printable('abc', 3)).toBe('abc')
  expect(printable('\u{1f493}\u{1f493}\u{1f493}', 2)).toBe('\\u{1f493}\\u{1f493}...')
  expect(printable('x'.repeat(1_000_000), 10)).toBe(`${'x'.repeat(10)}...`)
})

test('JSON in ASCII is the same JSON', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText({ maxLength: 10 }), anyText({ maxLength: 10 })), (value) => {
      const json = asciiJson(value)
      expect(json).toMatch(/^[\x20-\x7e]*$/)
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable } from '../../src/codec/printable.ts'

test('printable ASCII stays, all else is escaped', () => {
  expect(printable('a b~')).toBe('a b~')
  expect(printable('\u001b[2J\r\n\\')).toBe('\\u{1b}[2J\\u{d}\\u{a}\\u{5c}')
  expect(printable('\u0667\u{1f600}\ud800\u007f\u0000')).toBe('\\u{667}\\u{1f600}\\u{d800}\\u{7f}\\u{0}')
})

test('what is longer than the bound is cut with three points', () => {
  expect(printable('x'.repeat(40))).toBe('x'.repeat(40))
  expect(printable('x'.repeat(41))).toBe(`${'x'.repeat(40)}...`)
  expect(printable('\u{1f600}'.repeat(3), 2)).toBe('\\u{1f600}\\u{1f600}...')
})

test('whatever is written, printable ASCII comes out, and equal output means equal input', () => {
  const any = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) })
  fc.assert(
    fc.property(any, any, (a, b) => {
      expect(printable(a)).toMatch(/^[ -~]*$/)
      if ([...a].length <= 40 && [...b].length <= 40) expect(printable(a) === printable(b)).toBe(a === b)
    }),
  )
})

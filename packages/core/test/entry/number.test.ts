import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseNumber } from '../../src/entry/number.ts'

describe('a number that is typed', () => {
  const accepted: [text: string, value: number][] = [
    ['72', 72],
    ['072', 72],
    ['0', 0],
    ['000', 0],
    ['-5', -5],
    ['-072', -72],
    ['36.6', 36.6],
    ['036.60', 36.6],
    ['0.000001', 0.000001],
    ['999999999999999', 999_999_999_999_999],
    ['-123456789.012345', -123_456_789.012_345],
    [`${'0'.repeat(100)}1.5${'0'.repeat(100)}`, 1.5],
    ['0.000000000000000000001', 1e-21],
  ]
  test.each(accepted)('%s is accepted', (text, value) => {
    expect(parseNumber(text)).toEqual({ ok: true, value })
  })

  test.each(['-0', '-0.0', '-000'])('%s is 0 without a sign', (text) => {
    const result = parseNumber(text)
    expect(result.ok && Object.is(result.value, 0)).toBe(true)
  })

  const refused = [
    '',
    ' ',
    'abc',
    ' 80',
    '80 ',
    '+72',
    '1e3',
    '1e999',
    '0x10',
    '0b1',
    '1_000',
    '1,5',
    '.5',
    '5.',
  ]
  refused.push(
    '--5',
    '-',
    '1.2.3',
    'NaN',
    'Infinity',
    '\u0667\u0662',
    '72\n',
    '72\u0000',
    '７２',
    '7 2',
    '1n',
    '٧٢',
  )
  test.each(refused)('%j is not a number, and the message shows it in printable ASCII', (text) => {
    const result = parseNumber(text)
    expect(result.ok).toBe(false)
    if (result.ok) return
    expect(result.error.code).toBe('READING_NOT_A_NUMBER')
    expect(result.error.message).toMatch(/^'[ -~]*' is not a number in plain decimal digits$/)
  })

  test('what was typed is cut at 40 characters', () => {
    const result = parseNumber('x'.repeat(1_000))
    expect(!result.ok && result.error.message).toContain(`'${'x'.repeat(40)}...'`)
  })

  const rounded: [text: string, code: string][] = [
    ['99999999999999999999', 'READING_OUT_OF_RANGE'],
    ['1000000000000000', 'READING_OUT_OF_RANGE'],
    ['72.00000000000001', 'READING_TOO_PRECISE'],
    ['123456789.0123456', 'READING_TOO_PRECISE'],
    ['0.1234567890123456', 'READING_TOO_PRECISE'],
  ]
  test.each(rounded)('%s would be rounded and is refused with %s', (text, code) => {
    const result = parseNumber(text)
    expect(!result.ok && result.error.code).toBe(code)
  })

  test('every decimal of at most 15 digits is exact: printing it gives its digits back', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 15 })
    fc.assert(
      fc.property(digits, fc.nat(15), fc.boolean(), (all, cut, negative) => {
        const whole = all.slice(0, cut) || '0'
        const fraction = all.slice(cut)
        const result = parseNumber(`${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`)
        expect(result.ok).toBe(true)
        if (!result.ok) return
        expect(Math.abs(result.value).toFixed(fraction.length)).toBe(
          `${whole.replace(/^0+(?=.)/, '')}${fraction === '' ? '' : `.${fraction}`}`,
        )
      }),
    )
  })
})

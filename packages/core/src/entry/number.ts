import { printable } from '../codec/printable.ts'
import { LIMITS } from '../limits.ts'
import { fail, ok, type Result } from '../result.ts'

/** An optional minus, digits, and optionally a point with more digits. Nothing else. */
const PLAIN_DECIMAL = /^-?([0-9]+)(?:\.([0-9]+))?$/

/**
 * The number that a person or a device typed: `72`, `-5`, `36.6`, `072`. No sign `+`, no exponent, no blanks,
 * no digits of other scripts, no coercion of any kind. -0 is 0.
 *
 * A value of more than 15 significant digits is refused, because the double nearest to it may be another
 * number. Errors: READING_NOT_A_NUMBER; READING_OUT_OF_RANGE when 15 digits do not reach the point (no ledger
 * allows such a value), READING_TOO_PRECISE when they do not reach the last decimal.
 */
export function parseNumber(text: string): Result<number> {
  const match = PLAIN_DECIMAL.exec(text)
  if (match === null) {
    return fail('READING_NOT_A_NUMBER', `'${printable(text)}' is not a number in plain decimal digits`)
  }
  const whole = (match[1] as string).replace(/^0+/, '')
  // Backwards by hand: /0+$/ takes quadratic time on a long run of zeros that is not at the end.
  const fraction = withoutTrailingZeros(match[2] ?? '')
  const significant = whole === '' ? fraction.replace(/^0+/, '') : whole + fraction
  if (significant.length <= LIMITS.digitsMax) return ok(Number(text) + 0)
  const code = whole.length > LIMITS.digitsMax ? 'READING_OUT_OF_RANGE' : 'READING_TOO_PRECISE'
  const digits = `${significant.length} significant digits, at most ${LIMITS.digitsMax} are kept exactly`
  return fail(code, `'${printable(text)}' has ${digits}`)
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end -= 1
  return digits.slice(0, end)
}

import { printable } from '@pulseledger/core'
import { expected, type Parsed, parsed } from './parsed.ts'

/** Parsers of single values: by grammar and range, never by coercion. */

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

export function integer(minimum: number, maximum: number): (text: string) => Parsed<number> {
  return (text) => {
    const value = Number(text)
    if (/^(?:0|[1-9][0-9]{0,15})$/.test(text) && value >= minimum && value <= maximum) return parsed(value)
    return expected(`'${printable(text)}' is not a whole number from ${minimum} to ${maximum}`)
  }
}

/** `0`, or a whole number and its unit: `500ms`, `30s`, `5m`, `1h`. In milliseconds. */
export function duration(minimumMs: number, maximumMs: number): (text: string) => Parsed<number> {
  return (text) => {
    if (text === '0') return parsed(0)
    const [, count, unit] = /^([1-9][0-9]{0,9})(ms|s|m|h)$/.exec(text) ?? []
    const valueMs = Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]
    if (valueMs >= minimumMs && valueMs <= maximumMs) return parsed(valueMs)
    const range = `from ${minimumMs}ms to ${maximumMs / UNITS_MS.h}h`
    return expected(`'${printable(text)}' is not 0 or a number with its unit, ${range}, such as 30s`)
  }
}

export function oneOf<const T extends string>(choices: readonly T[]): (text: string) => Parsed<T> {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text)
    return choice ? parsed(choice) : expected(`'${printable(text)}' is not one of ${choices.join(', ')}`)
  }
}

/** A file or directory, as it stands: nothing is expanded in it. */
export function path(text: string): Parsed<string> {
  if (text === '') return expected('a path is not empty')
  if (text.includes('\0')) return expected('a path has no NUL in it')
  if (/^~(?:\/|$)/.test(text)) return expected(`'${printable(text)}' has a ~, which only a shell expands`)
  return parsed(text)
}

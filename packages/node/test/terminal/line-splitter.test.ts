import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { type Line, LineSplitter } from '../../src/terminal/line-splitter.ts'
import { anyText } from '../support/any-text.ts'

const bytesOf = (text: string) => Buffer.from(text, 'latin1')

function linesOf(pieces: readonly Uint8Array[]): Line[] {
  const splitter = new LineSplitter()
  const lines: Line[] = []
  const drain = () => {
    for (let line = splitter.next(); line !== undefined; line = splitter.next()) lines.push(line)
  }
  for (const piece of pieces) {
    splitter.push(piece)
    drain()
  }
  const last = splitter.finish()
  return last === undefined ? lines : [...lines, last]
}

const text = (value: string): Line => ({ kind: 'text', text: value })

describe('line ends', () => {
  test.each([
    ['LF', '1\n2\n'],
    ['CR LF', '1\r\n2\r\n'],
    ['CR NUL', '1\r\x002\r\0'],
    ['CR', '1\r2\r'],
    ['the end of the input', '1\n2'],
  ])('%s', (_, input) => {
    expect(linesOf([bytesOf(input)])).toEqual([text('1'), text('2')])
  })

  test('only the first LF or NUL after a CR belongs to it', () => {
    expect(linesOf([bytesOf('1\r\n\n2\r\0\0')])).toEqual([
      text('1'),
      text(''),
      text('2'),
      { kind: 'bad', fault: 'nul' },
    ])
  })
})

describe('telnet', () => {
  const IAC = '\xff'

  test.each([
    ['WILL, WONT, DO, DONT, each with any option', '\xfb\x1f', '\xfc\x00', '\xfd\x0a', '\xfe\xff'],
    ['commands without an option', '\xf1', '\xf3', '\xf9', '\xec', '\xef'],
    ['a sub-negotiation with a line feed and a doubled IAC in it', '\xfa\x1f\n\xff\xff\x00\xff\xf0'],
  ])('skips %s', (_, ...commands) => {
    for (const command of commands) {
      expect(linesOf([bytesOf(`7${IAC}${command}2\n`)]), command).toEqual([text('72')])
    }
  })

  test.each([
    ['an end without a beginning', '\xf0'],
    ['a byte that is no command', '\x41'],
    ['a line feed after IAC', '\n'],
    ['another command within a sub-negotiation', '\xfa\x1f\xff\xfb'],
  ])('refuses %s', (_, command) => {
    expect(linesOf([bytesOf(`7${IAC}${command}2\n`)])[0]).toEqual({ kind: 'bad', fault: 'telnet' })
  })

  test('^C is reported as what it is', () => {
    expect(linesOf([bytesOf(`7${IAC}\xf42\n`)])).toEqual([{ kind: 'interrupt' }, text('72')])
  })

  test('a doubled IAC is the byte 255, which is no UTF-8', () => {
    expect(linesOf([bytesOf(`7${IAC}${IAC}2\n`)])).toEqual([{ kind: 'bad', fault: 'utf-8' }])
  })

  test('a sub-negotiation has a bound', () => {
    const { telnetSubnegotiationBytesMax: max } = NODE_LIMITS
    expect(linesOf([bytesOf(`${IAC}\xfa${'x'.repeat(max - 2)}${IAC}\xf072\n`)])).toEqual([text('72')])
    expect(linesOf([bytesOf(`${IAC}\xfa${'x'.repeat(max + 1)}\n72\n`)])).toEqual([
      { kind: 'bad', fault: 'telnet' },
      text('72'),
    ])
  })

  test('a command that the input cuts off is a fault', () => {
    expect(linesOf([bytesOf(`72${IAC}\xfb`)])).toEqual([{ kind: 'bad', fault: 'telnet' }])
  })
})

describe('length', () => {
  const max = NODE_LIMITS.lineBytesMax

  test('a line of lineBytesMax bytes is text', () => {
    expect(linesOf([bytesOf(`${'x'.repeat(max)}\n1\n`)])).toEqual([text('x'.repeat(max)), text('1')])
  })

  test('one byte more is reported before the line ends, its rest is skipped, the next line is read', () => {
    const splitter = new LineSplitter()
    splitter.push(bytesOf('x'.repeat(max + 1)))
    expect(splitter.next()).toEqual({ kind: 'long' })
    expect(splitter.started).toBe(true)
    splitter.push(bytesOf('more\n1\n'))
    expect(splitter.next()).toEqual(text('1'))
    expect(splitter.next()).toBe(undefined)
    expect(splitter.started).toBe(false)
  })

  test('telnet commands do not count', () => {
    expect(linesOf([bytesOf(`${'x'.repeat(max)}\xff\xf1\n`)])).toEqual([text('x'.repeat(max))])
  })
})

test('a byte order mark stays in the text', () => {
  expect(linesOf([Buffer.from('\ufeff72\n')])).toEqual([text('\ufeff72')])
})

test('finds the lines that were put together, however they are cut', () => {
  const lineText = fc.oneof(
    anyText({ maxLength: 20 }).map((value) => value.replace(/[\r\n\0]/g, '')),
    fc.constantFrom('', '72', ' 80 '),
  )
  const command = fc.constantFrom('', '', '\xff\xf1', '\xff\xfd\x18', '\xff\xfa\x18\x00\n\xff\xff\xff\xf0')
  const end = fc.constantFrom('\n', '\r\n', '\r\0')
  const lines = fc.array(fc.tuple(lineText, command, command, end), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(lines, fc.array(fc.nat({ max: 600 }), { maxLength: 10 }), (parts, cuts) => {
      const whole = Buffer.concat(
        parts.flatMap(([value, before, after, lineEnd]) => [
          bytesOf(before),
          Buffer.from(value, 'utf8'),
          bytesOf(after),
          bytesOf(lineEnd),
        ]),
      )
      const edges = [0, ...cuts.filter((at) => at < whole.length).toSorted((a, b) => a - b), whole.length]
      const pieces = edges.slice(1).map((at, index) => whole.subarray(edges[index], at))
      expect(linesOf(pieces)).toEqual(parts.map(([value]) => text(value)))
    }),
  )
})

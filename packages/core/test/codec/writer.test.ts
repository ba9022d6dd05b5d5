import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { CborWriter } from '../../src/codec/writer.ts'
import { InvariantError } from '../../src/result.ts'

describe('CborWriter', () => {
  test('writes the sample of its description', () => {
    expect(toHex(new CborWriter().map(1).key('a').number(72).finish())).toBe('a161611848')
  })

  test('grows from any capacity', () => {
    const bytes = new Uint8Array(5_000).fill(7)
    expect(toHex(new CborWriter(0).byteString(bytes).finish())).toBe(`591388${'07'.repeat(5_000)}`)
  })

  test('does not hand out its buffer: what is finished keeps no more memory than its bytes', () => {
    const writer = new CborWriter().number(1)
    const first = writer.finish()
    expect(first.buffer.byteLength).toBe(1)
    writer.number(2)
    expect([...first]).toEqual([1])
    expect([...writer.finish()]).toEqual([1, 2])
  })

  const refused: [claim: string, write: (writer: CborWriter) => unknown][] = [
    ['NaN', (writer) => writer.number(Number.NaN)],
    ['Infinity', (writer) => writer.number(Number.POSITIVE_INFINITY)],
    ['a fraction as an integer', (writer) => writer.integer(1.5)],
    ['an integer beyond 2^53 - 1', (writer) => writer.integer(2 ** 53)],
    ['half of a surrogate pair', (writer) => writer.text('\ud800')],
    ['a link that is not a CID', (writer) => writer.link(new Uint8Array(36))],
  ]
  test.each(refused)('throws on %s', (_, write) => {
    expect(() => write(new CborWriter())).toThrow(InvariantError)
  })
})

import { CID } from 'multiformats/cid'
import { fromHex } from '../../src/bytes.ts'

/**
 * Reads the part of CBOR's diagnostic notation (RFC 8949 section 8, with blanks inside of h'' as in RFC 8610
 * appendix G.1) that docs/spec/ uses, into values that @ipld/dag-cbor encodes.
 */
export function parseDiagnostic(text: string): unknown {
  const tokens = text.match(/h'[0-9a-f\s]*'|"(?:[^"\\]|\\.)*"|42\(|-?[0-9.]+|null|\S/g) ?? []
  let at = 0
  const next = () => tokens[at++] ?? ''

  function expectToken(wanted: string): void {
    const found = next()
    if (found !== wanted) throw new Error(`'${wanted}' expected, found '${found}'`)
  }

  function list(end: string, item: () => void): void {
    if (tokens[at] === end) {
      at += 1
      return
    }
    for (;;) {
      item()
      const found = next()
      if (found === end) return
      if (found !== ',') throw new Error(`',' or '${end}' expected, found '${found}'`)
    }
  }

  function value(): unknown {
    const token = next()
    if (token.startsWith("h'")) return fromHex(token.slice(2, -1).replace(/\s/g, ''))
    if (token.startsWith('"')) return JSON.parse(token)
    if (token === 'null') return null
    if (token === '42(') {
      const bytes = value() as Uint8Array
      expectToken(')')
      if (bytes[0] !== 0) throw new Error('a link begins with a zero byte')
      return CID.decode(bytes.subarray(1))
    }
    if (token === '[') {
      const items: unknown[] = []
      list(']', () => items.push(value()))
      return items
    }
    if (token === '{') {
      const pairs: [string, unknown][] = []
      list('}', () => {
        const key = value() as string
        expectToken(':')
        pairs.push([key, value()])
      })
      return Object.fromEntries(pairs)
    }
    if (!/^-?[0-9]/.test(token)) throw new Error(`a value expected, found '${token}'`)
    return Number(token)
  }

  const whole = value()
  if (at !== tokens.length) throw new Error(`'${tokens[at]}' follows the value`)
  return whole
}

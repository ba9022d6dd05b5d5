import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  parseListen,
  parseNodeAddress,
  parseNodeAddresses,
  portOf,
  withNextPort,
} from '../../src/config/node-address.ts'
import { NODE_LIMITS } from '../../src/limits.ts'

const value = <T>(parsed: { ok: true; value: T } | { ok: false; problem: string }): T => {
  if (!parsed.ok) throw new Error(parsed.problem)
  return parsed.value
}

describe('where to listen', () => {
  test.each([
    ['7400', ['0.0.0.0:7400']],
    [':7401', ['0.0.0.0:7401']],
    ['0', ['0.0.0.0:0']],
    ['127.0.0.1:0', ['127.0.0.1:0']],
    ['[::]:7400', ['[::]:7400']],
    ['localhost:7400, 192.168.1.5:7400', ['localhost:7400', '192.168.1.5:7400']],
    ['/ip4/0.0.0.0/tcp/7401/ws', ['/ip4/0.0.0.0/tcp/7401/ws']],
  ])('%s', (text, wanted) => {
    expect(value(parseListen(text))).toEqual(wanted)
  })

  test('the word off means nowhere, and only alone', () => {
    expect(value(parseListen('off'))).toBeUndefined()
    expect(parseListen('7400,off').ok).toBe(false)
  })

  test.each([
    '',
    ',',
    '65536',
    '7400,7400',
    '::1:7400',
    '[1.2.3.4]:7400',
    '1.2.3:7400',
    '/ip4/1.2.3.4/tcp',
    'a b:1',
  ])("refuses '%s'", (text) => {
    expect(parseListen(text).ok).toBe(false)
  })
})

describe('addresses of nodes', () => {
  test('none, some, of both forms', () => {
    expect(value(parseNodeAddresses(''))).toEqual([])
    const list = '10.0.0.7:7400,ward-2.local:7400,[2001:db8::1]:7400,/dns4/example.org/tcp/443/wss'
    expect(value(parseNodeAddresses(list))).toEqual(list.split(','))
  })

  test.each([
    '10.0.0.7',
    '7400',
    ':7400',
    '10.0.0.7:0',
    '/ip4/10.0.0.7/tcp/0',
    'off',
    '/nonsense/1',
    '/ip4/é',
  ])("refuses '%s', which cannot be dialled", (text) => {
    expect(parseNodeAddress(text).ok).toBe(false)
  })

  test('refuses more than fit, and one that is too long', () => {
    const many = Array.from({ length: NODE_LIMITS.nodeAddressesMax + 1 }, (_, i) => `10.0.0.7:${1 + i}`)
    expect(parseNodeAddresses(many.join(',')).ok).toBe(false)
    expect(parseNodeAddresses(many.slice(1).join(',')).ok).toBe(true)
    expect(parseNodeAddress(`${'a'.repeat(NODE_LIMITS.nodeAddressBytesMax)}:7400`).ok).toBe(false)
  })

  test('any text is taken, and then taken again, or refused with a sentence in printable ASCII', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `/${text}`),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseNodeAddress(text)
        if (parsed.ok) expect(value(parseNodeAddress(parsed.value))).toBe(parsed.value)
        else expect(parsed.problem).toMatch(/^[ -~]+$/)
      }),
    )
  })
})

test('the port can be read and raised, where there is one', () => {
  expect([portOf('0.0.0.0:7400'), portOf('[::1]:1'), portOf('/ip4/1.2.3.4/tcp/5')]).toEqual([
    7400,
    1,
    undefined,
  ])
  expect(withNextPort('0.0.0.0:7400', 1)).toBe('0.0.0.0:7401')
  expect(withNextPort('[::]:7400', 3)).toBe('[::]:7403')
  expect(withNextPort('0.0.0.0:65535', 1)).toBeUndefined()
  expect(withNextPort('/ip4/1.2.3.4/tcp/5', 1)).toBeUndefined()
})

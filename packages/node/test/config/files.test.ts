import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseEnvFile } from '../../src/config/env-file.ts'
import { parseJsonObject } from '../../src/config/json-file.ts'
import { didYouMean, nearestName } from '../../src/config/nearest.ts'
import { duration, integer } from '../../src/config/values.ts'

describe('.env', () => {
  test('the whole configuration of the tutorial', () => {
    const settings = [{ name: 'ADDR', value: '9000', line: 1 }]
    expect(parseEnvFile('ADDR=9000', '.env')).toEqual({ ok: true, value: settings })
    expect(parseEnvFile('ADDR=9000\r\n', '.env')).toEqual({ ok: true, value: settings })
  })

  test('comments, blank lines, quotes and export', () => {
    const text = [
      '# a comment',
      '',
      "  A = 'x # y'  # trailing",
      'export B="/srv/ward 2"',
      'C=`it\'s "so"`',
      'D=a b # c',
      'E=',
      'F=""',
      'G=a=b',
    ].join('\n')
    const result = parseEnvFile(text, '.env')
    const values = result.ok && Object.fromEntries(result.value.map(({ name, value }) => [name, value]))
    expect(values).toEqual({
      A: 'x # y',
      B: '/srv/ward 2',
      C: 'it\'s "so"',
      D: 'a b',
      E: '',
      F: '',
      G: 'a=b',
    })
  })

  test.each([
    ['ADDR', ".env line 1 is 'ADDR' and not NAME=value"],
    ['\nADDR 9000', ".env line 2 is 'ADDR 9000' and not NAME=value"],
    ['9ADDR=1', 'and not NAME=value'],
    ['=9000', 'and not NAME=value'],
    ['AD-DR=9000', 'and not NAME=value'],
    ['ADDR="9000', 'ADDR to a value that must be within one pair of quotes'],
    ['ADDR="9000" 9001', 'within one pair of quotes'],
    ['ADDR="90"00"', 'within one pair of quotes'],
    ['ADDR="9000\n9001"', 'within one pair of quotes'],
    ['ADDR=9000#9001', 'within one pair of quotes'],
    ['ADDR=1\nB=2\nADDR=3', '.env line 3 sets ADDR, which line 1 does already'],
    ['\u001b[2J', ".env line 1 is '\\u{1b}[2J' and not"],
  ])('refuses %j', (text, message) => {
    expect(parseEnvFile(text, '.env')).toEqual({
      ok: false,
      error: { code: 'CONFIG_FILE_INVALID', message: expect.stringContaining(message) },
    })
  })

  test('what it takes, Node reads in the same way', () => {
    const character = fc.constantFrom(...'aZ_9 \t=#\'"`:,./$é')
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/)
    const value = fc.array(character, { maxLength: 8 }).map((characters) => characters.join(''))
    const line = fc.oneof(
      fc.tuple(name, fc.constantFrom('=', ' = ', '= '), value).map((parts) => parts.join('')),
      value,
    )
    // Node gives a name whose line ends in blanks the next line as its value, and after an empty value it
    // takes a comment with blanks before it for a setting: such lines are left out.
    const isFair = (text: string) => !/=[ \t]+(?:\r?\n|$)/.test(text) && !/^[ \t]+#.*=/m.test(text)
    let taken = 0
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const text = lines.join(end)
        const result = parseEnvFile(text, '.env')
        if (!result.ok || !isFair(text)) return
        taken += result.value.length
        const ours = Object.fromEntries(result.value.map((setting) => [setting.name, setting.value]))
        expect(ours).toEqual({ ...parseEnv(text) })
      }),
      { numRuns: 10_000 },
    )
    expect(taken).toBeGreaterThan(500)
  })
})

describe('a JSON file', () => {
  test('gives its object', () => {
    const text = '{"a": {"b": [1, {"b": 2}]}, "b": "{\\"b\\": 1, \\"b\\": 2}"}'
    expect(parseJsonObject(text, 'x.json')).toEqual({ ok: true, value: JSON.parse(text) })
  })

  test.each([
    ['', 'x.json is not JSON'],
    ['{"a": 1,}', 'x.json is not JSON'],
    ["{'a': 1}", 'x.json is not JSON'],
    ['{"a": 1} // why', 'x.json is not JSON'],
    ['[1]', 'does not hold one JSON object'],
    ['null', 'does not hold one JSON object'],
    ['"text"', 'does not hold one JSON object'],
    ['{"a": 1, "b": 2, "a": 3}', 'has the key "a" twice'],
    ['{"a": 1, "\\u0061": 3}', 'has the key "a" twice'],
    ['{"x": [{"a": 1}, {"a": 1, "a": 2}]}', 'has the key "a" twice'],
    ['{"__proto__": {"admin": true}}', 'has the key "__proto__", which is never allowed'],
    ['{"x": {"__pro\\u0074o__": {}}}', 'has the key "__proto__"'],
    ['{"x": {"constructor": {}}}', 'has the key "constructor"'],
    [`{"x": ${'['.repeat(16)}${']'.repeat(16)}}`, 'nests deeper than 16'],
    ['{"\\u001b[2J": 1, "\\u001b[2J": 1}', 'has the key "\\u{1b}[2J" twice'],
  ])('refuses %j', (text, message) => {
    expect(parseJsonObject(text, 'x.json')).toEqual({
      ok: false,
      error: { code: 'CONFIG_FILE_INVALID', message: expect.stringContaining(message) },
    })
  })

  test('finds a repeated key wherever it is, and takes every object without one', () => {
    const key = fc.constantFrom('a', 'b', 'c', '"', '\\', '{', ',')
    const value = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(1, true, null, 'a', '"a":', '{"a":1,"a":2}', '\\'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    })).value
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 4 }), (object) => {
        const text = JSON.stringify(object)
        expect(parseJsonObject(text, 'x').ok).toBe(true)
        const nested = `{"outer": [0, ${text}], "again": ${text}}`
        expect(parseJsonObject(nested, 'x').ok).toBe(true)
        const [first] = Object.keys(object)
        if (first === undefined) return
        const repeated = `${text.slice(0, -1)},${JSON.stringify(first)}:1}`
        expect(parseJsonObject(`{"outer": [0, ${repeated}]}`, 'x').ok).toBe(false)
      }),
    )
  })
})

describe('the nearest name', () => {
  const known = ['addr', 'dataDir', 'json', 'broadcastInterval']
  test.each([
    ['adr', 'addr'],
    ['ADDR', 'addr'],
    ['datadir', 'dataDir'],
    ['data-dir', 'dataDir'],
    ['broadcastIntervall', 'broadcastInterval'],
    ['xyzzy', undefined],
    ['a', undefined],
    ['', undefined],
    ['a'.repeat(100_000), undefined],
  ])('of %.20s is %s', (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest)
  })

  test('ends a message only when there is one', () => {
    expect(didYouMean('adr', known)).toBe(' (did you mean addr?)')
    expect(didYouMean('xyzzy', known)).toBe('')
  })
})

describe('values', () => {
  test.each(['', ' 1', '1 ', '+1', '-1', '01', '1.0', '1e2', '0x1', '١', '11', '99999999999999999999'])(
    'a number from 1 to 10 is not %j',
    (text) => {
      expect(integer(1, 10)(text).ok).toBe(false)
    },
  )

  test('a time is a number with its unit, or 0', () => {
    const parse = duration(100, 86_400_000)
    for (const [text, value] of [
      ['0', 0],
      ['100ms', 100],
      ['30s', 30_000],
      ['5m', 300_000],
      ['24h', 86_400_000],
    ] as const) {
      expect(parse(text)).toEqual({ ok: true, value })
    }
    for (const text of [
      '30',
      '99ms',
      '25h',
      '-1s',
      '1.5s',
      '30 s',
      '30S',
      '',
      's',
      '9999999999999h',
      '00',
      '0s',
    ]) {
      expect(parse(text).ok, text).toBe(false)
    }
  })
})

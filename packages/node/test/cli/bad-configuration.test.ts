import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ERRORS, type ErrorCode, type ErrorRow } from '@pulseledger/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { Workplace } from './support/harness.ts'

const BIN = fileURLToPath(new URL('../../bin/pulseledger.js', import.meta.url))
const TOOK_MS_MAX = 2_000

interface Case {
  readonly name: string
  readonly words?: readonly string[]
  readonly environment?: Record<string, string>
  readonly env?: string | Uint8Array
  readonly file?: string | Uint8Array
  readonly genesis?: string
  readonly code: ErrorCode
  /** What the message must name: where it was set, the value, what is expected. */
  readonly says: readonly string[]
}

const GENESIS = '{"name":"x","measures":[{"name":"bpm","unit":"/min","minimum":0,"maximum":500}]}'

const CASES: readonly Case[] = [
  // Values, in each of the places.
  {
    name: 'a port too high',
    words: ['--addr', '70000'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['--addr', "'70000'", '0 to 65535'],
  },
  {
    name: 'a port in the environment',
    environment: { ADDR: 'eth0' },
    code: 'CONFIG_VALUE_INVALID',
    says: ['environment variable ADDR', "'eth0'", '[host:]port'],
  },
  {
    name: 'a port in .env',
    env: 'ADDR=0x2328',
    code: 'CONFIG_VALUE_INVALID',
    says: ['.env line 1, ADDR', "'0x2328'"],
  },
  {
    name: 'a port in the file',
    file: '{"addr": -1}',
    code: 'CONFIG_VALUE_INVALID',
    says: ['"addr" in pulseledger.json', "'-1'"],
  },
  {
    name: 'an empty ADDR',
    env: 'ADDR=',
    code: 'CONFIG_VALUE_INVALID',
    says: ['.env line 1, ADDR', 'no port'],
  },
  {
    name: 'a port twice',
    words: ['-a', '9000,9000'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['127.0.0.1:9000', 'same port'],
  },
  {
    name: 'a port on every host and on one',
    words: ['-a', ':9000', '-a', '9000'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['0.0.0.0:9000', 'same port'],
  },
  {
    name: 'a host that is none',
    words: ['-a', '1.2.3:9000'],
    code: 'CONFIG_VALUE_INVALID',
    says: ["'1.2.3'", 'host'],
  },
  {
    name: 'an unclosed bracket',
    words: ['-a', '[::1:9000'],
    code: 'CONFIG_VALUE_INVALID',
    says: ["'[::1:9000'"],
  },
  {
    name: 'a measure that is no name',
    words: ['-a', '9000:Heart Rate'],
    code: 'CONFIG_VALUE_INVALID',
    says: ["'Heart Rate'", 'measure'],
  },
  {
    name: 'a measure that the new ledger would not have',
    words: ['-a', '9000:pulse'],
    code: 'MEASURE_UNKNOWN',
    says: ["'pulse'", 'bpm'],
  },
  {
    name: 'an escape sequence as subject',
    words: ['-a', '9000:bpm:\u001b[2J'],
    code: 'CONFIG_VALUE_INVALID',
    says: ["'\\u{1b}[2J'"],
  },
  {
    name: 'a source without a port',
    words: ['-s', 'pulse'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['--source', "'pulse'", 'host:port'],
  },
  {
    name: 'a source twice',
    words: ['-s', 'a:1', '-s', 'a:1'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['a:1', 'twice'],
  },
  {
    name: 'a source with a measure that is unknown',
    words: ['-s', 'a:1:steps'],
    code: 'MEASURE_UNKNOWN',
    says: ["'steps'"],
  },
  {
    name: 'a time without its unit',
    words: ['--broadcast-interval', '30'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['--broadcast-interval', "'30'", 'unit'],
  },
  {
    name: 'a time too short',
    env: 'PULSELEDGER_BROADCAST_INTERVAL=1ms',
    code: 'CONFIG_VALUE_INVALID',
    says: ['.env line 1', "'1ms'", '100ms'],
  },
  {
    name: 'a count of nothing',
    words: ['--broadcast-blocks', '0'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['--broadcast-blocks', "'0'", '1 to 10000'],
  },
  {
    name: 'half a count',
    file: '{"broadcastBlocks": 1.5}',
    code: 'CONFIG_VALUE_INVALID',
    says: ['"broadcastBlocks"', "'1.5'"],
  },
  {
    name: 'a count as text',
    file: '{"broadcastBlocks": "100"}',
    code: 'CONFIG_VALUE_INVALID',
    says: ['"broadcastBlocks"', '"100"', 'a number'],
  },
  {
    name: 'a negative count',
    words: ['--connections-max=-1'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['--connections-max', "'-1'"],
  },
  {
    name: 'an exponent',
    environment: { PULSELEDGER_CONNECTIONS_MAX: '1e3' },
    code: 'CONFIG_VALUE_INVALID',
    says: ['PULSELEDGER_CONNECTIONS_MAX', "'1e3'"],
  },
  {
    name: 'an unknown level',
    words: ['-l', 'trace'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['--log-level', "'trace'", 'debug'],
  },
  {
    name: 'an unknown library',
    words: ['--crypto', 'openssl'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['--crypto', "'openssl'", 'sodium'],
  },
  {
    name: 'a switch that is neither',
    env: 'PULSELEDGER_JSON=yes',
    code: 'CONFIG_VALUE_INVALID',
    says: ['.env line 1, PULSELEDGER_JSON', "'yes'", 'true'],
  },
  {
    name: 'a switch as text',
    file: '{"json": "true"}',
    code: 'CONFIG_VALUE_INVALID',
    says: ['"json"', '"true"', 'true, false'],
  },
  {
    name: 'a path with a ~',
    env: 'PULSELEDGER_DATA_DIR=~/ledger',
    code: 'CONFIG_VALUE_INVALID',
    says: ["'~/ledger'", 'shell'],
  },
  {
    name: 'an empty path',
    words: ['--data-dir', ''],
    code: 'CONFIG_VALUE_INVALID',
    says: ['--data-dir', 'empty'],
  },
  {
    name: 'a path that is an object',
    file: '{"dataDir": {"path": "x"}}',
    code: 'CONFIG_VALUE_INVALID',
    says: ['"dataDir"', '{"path":"x"}'],
  },
  { name: 'null', file: '{"addr": null}', code: 'CONFIG_VALUE_INVALID', says: ['"addr"', 'null'] },
  {
    name: 'a nested list',
    file: '{"addr": [[9000]]}',
    code: 'CONFIG_VALUE_INVALID',
    says: ['"addr"', '[[9000]]'],
  },
  // Names.
  {
    name: 'an unknown name in .env',
    env: 'ADDR=9000\nADDRESS=9001',
    code: 'CONFIG_KEY_UNKNOWN',
    says: ['.env line 2', 'ADDRESS', 'did you mean ADDR?'],
  },
  {
    name: 'a variable of another program in .env',
    env: 'DATABASE_URL=x',
    code: 'CONFIG_KEY_UNKNOWN',
    says: ['.env line 1', 'DATABASE_URL'],
  },
  {
    name: 'a slip in the environment',
    environment: { PULSELEDGER_DATADIR: 'x' },
    code: 'CONFIG_KEY_UNKNOWN',
    says: ['PULSELEDGER_DATADIR', 'PULSELEDGER_DATA_DIR'],
  },
  {
    name: 'an unknown key in the file',
    file: '{"adr": 9000}',
    code: 'CONFIG_KEY_UNKNOWN',
    says: ['pulseledger.json', '"adr"', 'did you mean addr?'],
  },
  {
    name: 'a file that names a file',
    file: '{"config": "x.json"}',
    code: 'CONFIG_KEY_UNKNOWN',
    says: ['"config"'],
  },
  {
    name: '__proto__',
    file: '{"__proto__": {"addr": 1}}',
    code: 'CONFIG_FILE_INVALID',
    says: ['pulseledger.json', '"__proto__"'],
  },
  { name: 'constructor', file: '{"constructor": 1}', code: 'CONFIG_FILE_INVALID', says: ['"constructor"'] },
  {
    name: 'an unknown option',
    words: ['--adrr', '9000'],
    code: 'USAGE_INVALID',
    says: ["'--adrr'", 'did you mean --addr?'],
  },
  { name: 'an option without its value', words: ['--addr'], code: 'USAGE_INVALID', says: ['--addr'] },
  { name: 'a word too many', words: ['start', '9000'], code: 'USAGE_INVALID', says: ['too many arguments'] },
  {
    name: 'an unknown command',
    words: ['strat'],
    code: 'USAGE_INVALID',
    says: ["'strat'", 'did you mean start?'],
  },
  {
    name: 'options before their command',
    words: ['-d', 'x', 'log'],
    code: 'USAGE_INVALID',
    says: ['log', 'before its options'],
  },
  // Files.
  {
    name: 'a line that is no setting',
    env: 'ADDR 9000',
    code: 'CONFIG_FILE_INVALID',
    says: ['.env line 1', "'ADDR 9000'", 'NAME=value'],
  },
  {
    name: 'a setting twice',
    env: 'ADDR=9000\nADDR=9001',
    code: 'CONFIG_FILE_INVALID',
    says: ['.env line 2', 'ADDR', 'line 1'],
  },
  {
    name: 'a quote that is open',
    env: 'ADDR="9000',
    code: 'CONFIG_FILE_INVALID',
    says: ['.env line 1', 'ADDR', 'quotes'],
  },
  {
    name: '.env in UTF-16',
    env: Buffer.from('\ufeffADDR=9000', 'utf16le'),
    code: 'CONFIG_FILE_INVALID',
    says: ['.env', 'UTF-8'],
  },
  {
    name: '.env too large',
    env: `#${' '.repeat(NODE_LIMITS.configFileBytesMax)}`,
    code: 'CONFIG_FILE_INVALID',
    says: ['.env', '65536'],
  },
  {
    name: 'a file that is no JSON',
    file: '{addr: 9000}',
    code: 'CONFIG_FILE_INVALID',
    says: ['pulseledger.json', 'not JSON'],
  },
  { name: 'an empty file', file: '', code: 'CONFIG_FILE_INVALID', says: ['pulseledger.json', 'not JSON'] },
  {
    name: 'a file that is a list',
    file: '[9000]',
    code: 'CONFIG_FILE_INVALID',
    says: ['pulseledger.json', 'object'],
  },
  {
    name: 'a key twice',
    file: '{"addr": 9000, "addr": 9001}',
    code: 'CONFIG_FILE_INVALID',
    says: ['"addr"', 'twice'],
  },
  {
    name: 'a file with broken UTF-8',
    file: Buffer.from('{"addr": "\xff"}', 'latin1'),
    code: 'CONFIG_FILE_INVALID',
    says: ['pulseledger.json', 'UTF-8'],
  },
  {
    name: 'a file too large',
    file: ' '.repeat(NODE_LIMITS.configFileBytesMax + 1),
    code: 'CONFIG_FILE_INVALID',
    says: ['pulseledger.json', '65536'],
  },
  {
    name: 'a file that is missing',
    words: ['-c', 'nowhere.json'],
    code: 'CONFIG_FILE_UNREADABLE',
    says: ['--config', 'nowhere.json'],
  },
  {
    name: 'a file that is a directory',
    words: ['-c', '.'],
    code: 'CONFIG_FILE_INVALID',
    says: ['is not a file'],
  },
  // Genesis documents.
  {
    name: 'a genesis document that is missing',
    words: ['-g', 'nowhere.json'],
    code: 'CONFIG_FILE_UNREADABLE',
    says: ['nowhere.json'],
  },
  {
    name: 'a genesis document without a name',
    genesis: '{}',
    code: 'GENESIS_INVALID',
    says: ['genesis.json', 'name is missing'],
  },
  {
    name: 'an unknown field',
    genesis: '{"name": "x", "mesures": []}',
    code: 'CONFIG_KEY_UNKNOWN',
    says: ['"mesures"', 'did you mean measures?'],
  },
  {
    name: 'an unknown field of a measure',
    genesis: GENESIS.replace('unit', 'units'),
    code: 'CONFIG_KEY_UNKNOWN',
    says: ['"measures[0].units"', 'unit?'],
  },
  {
    name: 'no measures',
    genesis: '{"name": "x", "measures": []}',
    code: 'GENESIS_INVALID',
    says: ['measures'],
  },
  {
    name: 'a measure upside down',
    genesis: GENESIS.replace('500', '-1'),
    code: 'GENESIS_INVALID',
    says: ['minimum'],
  },
  {
    name: 'infinity',
    genesis: GENESIS.replace('500', '1e999'),
    code: 'GENESIS_INVALID',
    says: ['measures[0].maximum'],
  },
  {
    name: 'a unit that is not ASCII',
    genesis: GENESIS.replace('/min', '°C'),
    code: 'GENESIS_INVALID',
    says: ['unit'],
  },
  {
    name: 'an unknown engine',
    genesis: '{"name": "x", "engine": {"name": "lottery"}}',
    code: 'GENESIS_INVALID',
    says: ['lottery'],
  },
  {
    name: 'a parameter that the engine does not have',
    genesis: '{"name": "x", "engine": {"name": "proof-of-work", "windows": 3}}',
    code: 'CONFIG_KEY_UNKNOWN',
    says: ['genesis.json', '"engine.windows"', 'window'],
  },
  {
    name: 'a difficulty below the least one',
    genesis: '{"name": "x", "engine": {"name": "proof-of-work", "difficulty": 3, "difficultyMinimum": 4}}',
    code: 'GENESIS_INVALID',
    says: ['engine.difficulty', '3', '4'],
  },
  {
    name: 'neither on nor off',
    words: ['--mine', 'yes'],
    code: 'CONFIG_VALUE_INVALID',
    says: ['--mine', 'on, off'],
  },
  {
    name: 'two places for the engine of a devnet',
    words: ['devnet', '2', '--plain', '--genesis', 'genesis.json', '--engine', 'proof-of-work'],
    code: 'USAGE_INVALID',
    says: ['genesis.json', '--engine'],
  },
  {
    name: 'a salt without its time',
    genesis: `{"name": "x", "salt": "${'00'.repeat(16)}"}`,
    code: 'GENESIS_INVALID',
    says: ['time', 'salt'],
  },
  {
    name: 'a producer that is no key',
    genesis: '{"name": "x", "producers": ["00"]}',
    code: 'GENESIS_INVALID',
    says: ['producers[0]', '64'],
  },
]

let place: Workplace

beforeEach(() => {
  place = new Workplace()
})
afterEach(() => {
  place.remove()
})

function prepare({ env, file, genesis }: Case): void {
  if (env !== undefined) writeFileSync(place.path('.env'), env)
  if (file !== undefined) writeFileSync(place.path('pulseledger.json'), file)
  if (genesis !== undefined) writeFileSync(place.path('genesis.json'), genesis)
}

function wordsOf({ words, genesis }: Case): readonly string[] {
  return words ?? (genesis === undefined ? [] : ['start', '--genesis', 'genesis.json'])
}

function expectRefusal({ code, says }: Case, stderr: string, exit: number): void {
  expect(stderr).toMatch(/^error: [\x20-\x7e]*\n$/)
  expect(stderr).toContain(`${(ERRORS[code] as ErrorRow).remedy} [${code}]`)
  for (const text of says) expect(stderr).toContain(text)
  expect(exit).toBe((ERRORS[code] as ErrorRow).exit)
}

describe('a start is refused in one line that names place, value and form, and touches nothing:', () => {
  test.each(CASES.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    prepare(one)
    const before = place.listing()
    const { exit, stdout, stderr, tookMs } = await place.run(wordsOf(one), {
      ...(one.environment && { environment: one.environment }),
    })
    expectRefusal(one, stderr, exit)
    expect(stdout).toBe('')
    expect(place.listing()).toEqual(before)
    expect(tookMs).toBeLessThan(TOOK_MS_MAX)
  })

  test.each(['log', 'status', 'verify', 'keys', 'init'])(
    'also by %s, whatever it needs of it',
    async (command) => {
      writeFileSync(place.path('.env'), 'ADDR=eth0')
      const before = place.listing()
      const { exit, stderr } = await place.run([command])
      expect(stderr).toContain('.env line 1, ADDR')
      expect(exit).toBe(2)
      expect(place.listing()).toEqual(before)
    },
  )

  test('a pipe in place of .env is not waited for', async () => {
    await promisify(execFile)('mkfifo', [place.path('.env')])
    const { exit, stderr } = await place.run([])
    expect(stderr).toContain('.env is not a file')
    expect(exit).toBe(2)
  })

  test('a directory in place of pulseledger.json', async () => {
    mkdirSync(place.path('pulseledger.json'))
    const { exit, stderr } = await place.run([])
    expect(stderr).toContain('pulseledger.json is not a file')
    expect(exit).toBe(2)
  })
})

describe('as a process of its own', () => {
  const chosen = CASES.filter((_, index) => index % 16 === 0)

  test.each(chosen.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    prepare(one)
    const before = place.listing()
    const failure = await promisify(execFile)(process.execPath, [BIN, ...wordsOf(one)], {
      cwd: place.directory,
      env: { ...one.environment },
    }).catch((error: { code: number; stdout: string; stderr: string }) => error)
    const { code, stdout, stderr } = failure as { code: number; stdout: string; stderr: string }
    expectRefusal(one, stderr, code)
    expect(stdout).toBe('')
    expect(place.listing()).toEqual(before)
  })
})

test('with --json the same is one JSON object on stderr', async () => {
  const { stderr, stdout, exit } = await place.run(['start', '--addr', '70000', '--json'])
  expect(stdout).toBe('')
  expect(exit).toBe(2)
  expect(stderr).toMatch(/^\{.*\}\n$/)
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: 'CONFIG_VALUE_INVALID',
      message: expect.stringContaining("'70000' is not a port"),
      remedy: ERRORS.CONFIG_VALUE_INVALID.remedy,
      exit: 2,
    },
  })
})

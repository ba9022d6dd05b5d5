import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeOptions } from '../../src/config/node-options.ts'
import {
  type ConfigValues,
  FILE_KEYS,
  OPTION_KEYS,
  OPTIONS,
  type OptionKey,
} from '../../src/config/option-table.ts'
import { configJson, configTable } from '../../src/config/print-config.ts'
import { type Config, type ConfigInput, longFlag, readConfig } from '../../src/config/read-config.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pulseledger-config-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

function put(name: string, text: string | Uint8Array): void {
  writeFileSync(join(directory, name), text)
}

function read(given: Partial<ConfigInput> = {}): Config {
  const result = readConfig({ flags: {}, environment: {}, workingDirectory: directory, ...given })
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`)
  return result.value
}

/** A valid text for each key that is unlike its default, numbered so that four layers differ. */
const SAMPLES: { readonly [K in OptionKey]: (n: number) => string } = {
  addr: (n) => String(9_100 + n),
  source: (n) => `pulse:${7_000 + n}`,
  listen: (n) => (n === 0 ? 'off' : String(7_500 + n)),
  peer: (n) => `10.0.0.7:${7_500 + n},/ip4/10.0.0.8/tcp/7400`,
  mdns: (n) => (n % 2 === 0 ? 'false' : 'true'),
  peerExchange: (n) => (n % 2 === 0 ? 'false' : 'true'),
  swarmKey: (n) => `swarm-${n}.key`,
  announce: (n) => `pulse.example:${7_500 + n}`,
  upnp: (n) => (n % 2 === 0 ? 'true' : 'false'),
  relayServer: (n) => (n % 2 === 0 ? 'true' : 'false'),
  relay: (n) => `relay.example:${7_500 + n}`,
  dataDir: (n) => `data-${n}`,
  genesis: (n) => `genesis-${n}.json`,
  broadcastInterval: (n) => `${1 + n}s`,
  broadcastBlocks: (n) => String(1 + n),
  connectionsMax: (n) => String(1 + n),
  connectionsPerAddressMax: (n) => String(1 + n),
  json: (n) => (n % 2 === 0 ? 'true' : 'false'),
  logLevel: (n) => ['error', 'info', 'debug', 'silent'][n % 4] as string,
  crypto: (n) => (n % 2 === 0 ? 'sodium' : 'node'),
  mine: () => 'off',
  mineThreads: (n) => String(1 + n),
  config: (n) => `other-${n}.json`,
}

describe('the strongest of the places that give a value wins', () => {
  // Each key is given in any set of places: bit 0 flag, 1 environment, 2 .env, 3 file.
  const places = fc.record(
    Object.fromEntries(
      OPTION_KEYS.filter((key) => key !== 'config').map((key) => [key, fc.integer({ min: 0, max: 15 })]),
    ),
  )
  const froms = ['flag', 'environment', '.env', 'file', 'default'] as const

  test('in every combination', () => {
    fc.assert(
      fc.property(places, (masks) => {
        const flags: Record<string, string> = {}
        const environment: Record<string, string> = {}
        const lines: string[] = []
        const file: Record<string, unknown> = {}
        for (const [key, mask] of Object.entries(masks) as [OptionKey, number][]) {
          const sample = SAMPLES[key]
          if (mask & 1) flags[key] = sample(0)
          if (mask & 2) environment[OPTIONS[key].environment] = sample(1)
          if (mask & 4) lines.push(`${OPTIONS[key].environment}=${sample(2)}`)
          if (mask & 8) {
            const { kind } = OPTIONS[key]
            file[FILE_KEYS.get(key) as string] =
              kind === 'number' || kind === 'switch' ? JSON.parse(sample(3)) : sample(3)
          }
        }
        put('.env', lines.join('\n'))
        put('pulseledger.json', JSON.stringify(file))
        const { values, origins } = read({ flags, environment })
        for (const [key, mask] of Object.entries(masks) as [OptionKey, number][]) {
          const place = mask === 0 ? 4 : Math.log2(mask & -mask)
          const text = place === 4 ? OPTIONS[key].default : SAMPLES[key](place)
          expect(origins[key].from).toBe(froms[place])
          const wanted = text === undefined ? undefined : OPTIONS[key].parse(text)
          const value = wanted?.ok ? wanted.value : undefined
          const isPath = OPTIONS[key].kind === 'path' && value !== undefined
          expect(values[key]).toEqual(isPath ? resolve(directory, value as string) : value)
        }
      }),
      { numRuns: 300 },
    )
  })
})

test('without anything there are the defaults', () => {
  const wanted: ConfigValues = {
    addr: [{ host: '127.0.0.1', port: 9000 }],
    source: [],
    listen: ['0.0.0.0:7400'],
    peer: [],
    mdns: 'true',
    peerExchange: 'true',
    swarmKey: undefined,
    announce: [],
    upnp: 'false',
    relayServer: 'false',
    relay: [],
    dataDir: join(directory, 'pulseledger-data'),
    genesis: undefined,
    broadcastInterval: 30_000,
    broadcastBlocks: 100,
    connectionsMax: 10_000,
    connectionsPerAddressMax: 10_000,
    json: 'auto',
    logLevel: 'warn',
    crypto: 'auto',
    mine: 'on',
    mineThreads: undefined,
    config: undefined,
  }
  expect(read().values).toEqual(wanted)
})

test('the .env of the tutorial works alone', () => {
  put('.env', 'ADDR=9000')
  const { values, origins } = read()
  expect(values.addr).toEqual([{ host: '127.0.0.1', port: 9000 }])
  expect(origins.addr).toEqual({ text: '9000', from: '.env', label: '.env line 1' })
})

test('a byte order mark and Windows line ends are no part of a value', () => {
  put('.env', '\ufeffADDR=9001\r\nPULSELEDGER_LOG_LEVEL=info\r\n')
  put('pulseledger.json', '\ufeff{"crypto": "node"}\r\n')
  expect(read().values).toMatchObject({ addr: [{ port: 9001 }], logLevel: 'info', crypto: 'node' })
})

test('a configuration file gives lists as text, number or list', () => {
  for (const addr of [9000, '9000', [9000], ['9000'], '9000,9001:bpm:ward-2', [9000, '9001:bpm:ward-2']]) {
    put('pulseledger.json', JSON.stringify({ addr }))
    expect(read().values.addr[0]).toEqual({ host: '127.0.0.1', port: 9000 })
  }
})

test('paths are relative to the working directory, in a configuration file to that file', () => {
  mkdirSync(join(directory, 'etc'))
  put('etc/node.json', '{"dataDir": "../data", "genesis": "/srv/genesis.json"}')
  const { values } = read({ flags: { config: 'etc/node.json' } })
  expect(values.dataDir).toBe(join(directory, 'data'))
  expect(values.genesis).toBe('/srv/genesis.json')
  expect(read({ flags: { dataDir: 'data' } }).values.dataDir).toBe(join(directory, 'data'))
})

test('a configuration file named by the environment or by .env replaces the default one', () => {
  put('pulseledger.json', '{"logLevel": "error"}')
  put('other.json', '{"logLevel": "debug"}')
  expect(read().values.logLevel).toBe('error')
  expect(read({ environment: { PULSELEDGER_CONFIG: 'other.json' } }).values.logLevel).toBe('debug')
  put('.env', 'PULSELEDGER_CONFIG=other.json')
  const { values, origins } = read()
  expect(values.logLevel).toBe('debug')
  expect(origins.logLevel.label).toBe('other.json')
})

test('an empty variable counts as not set, and one of another program is left alone', () => {
  put('.env', 'ADDR=9005')
  const environment = { ADDR: '', PULSELEDGER_SERVICE_HOST: '10.0.0.1', PATH: '/bin', LOG_LEVEL: 'loud' }
  expect(read({ environment }).values).toMatchObject({ addr: [{ port: 9005 }], logLevel: 'warn' })
})

test('a bad variable of the environment that something stronger overrides is not looked at', () => {
  expect(read({ environment: { ADDR: 'eth0' }, flags: { addr: '9000' } }).values.addr).toHaveLength(1)
  expect(() => read({ environment: { ADDR: 'eth0' } })).toThrow(
    "environment variable ADDR: 'eth0' has no port",
  )
})

test('a bad value in a file is an error even when something stronger overrides it', () => {
  put('.env', 'ADDR=eth0')
  expect(() => read({ flags: { addr: '9000' } })).toThrow(".env line 1, ADDR: 'eth0' has no port")
})

test('in each row of the table key, flag and variable are one name, and the default is valid', () => {
  const variables = new Set<string>()
  for (const key of OPTION_KEYS) {
    const row = OPTIONS[key]
    const kebab = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    expect(longFlag(row.flag)).toBe(`--${kebab}`)
    const snake = kebab.replaceAll('-', '_').toUpperCase()
    const short = { addr: 'ADDR', peer: 'PEERS' }[key as string]
    expect(row.environment).toBe(short ?? `PULSELEDGER_${snake}`)
    variables.add(row.environment)
    if (row.default !== undefined) expect(row.parse(row.default).ok).toBe(true)
    for (let n = 0; n < 4; n++) expect(row.parse(SAMPLES[key](n)).ok, key).toBe(true)
  }
  expect(variables.size).toBe(OPTION_KEYS.length)
})

test('a list of peers stands under peers in the file, in PEERS, and in several flags', () => {
  put('pulseledger.json', '{"peers": ["10.0.0.7:7400", "/ip4/10.0.0.8/tcp/7400"]}')
  expect(read().values.peer).toEqual(['10.0.0.7:7400', '/ip4/10.0.0.8/tcp/7400'])
  expect(read({ environment: { PEERS: 'ward-2.local:7400' } }).values.peer).toEqual(['ward-2.local:7400'])
  put('pulseledger.json', '{"peer": "10.0.0.7:7400"}')
  const wrong = readConfig({ flags: {}, environment: {}, workingDirectory: directory })
  expect(wrong).toMatchObject({ error: { code: 'CONFIG_KEY_UNKNOWN' } })
  expect(!wrong.ok && wrong.error.message).toContain('did you mean peers?')
})

test('a switch is true or false, and in the file not a text', () => {
  put('pulseledger.json', '{"mdns": false}')
  expect(read().values.mdns).toBe('false')
  for (const mdns of ['"off"', '"auto"', '1', '"false"']) {
    put('pulseledger.json', `{"mdns": ${mdns}}`)
    const wrong = readConfig({ flags: {}, environment: {}, workingDirectory: directory })
    expect(wrong, mdns).toMatchObject({ ok: false, error: { code: 'CONFIG_VALUE_INVALID' } })
  }
})

describe('options of a node', () => {
  function options(given: Partial<ConfigInput> = {}) {
    const result = nodeOptions(read(given), 'npx pulseledger')
    if (!result.ok) throw new Error(result.error.message)
    return result.value
  }

  test('remember whether somebody chose the ports', () => {
    expect(options()).toMatchObject({ terminalPortsExplicit: false, listenExplicit: false })
    const chosen = options({ flags: { addr: '9000' }, environment: { PULSELEDGER_LISTEN: '7400' } })
    expect(chosen).toMatchObject({ terminalPortsExplicit: true, listenExplicit: true })
    put('.env', 'ADDR=9000')
    expect(options()).toMatchObject({ terminalPortsExplicit: true, listenExplicit: false })
  })

  test('have a network unless it is off', () => {
    const { listen, mdns, peerExchange, upnp, relayServer, swarmKeyFile } = options()
    expect({ listen, mdns, peerExchange, upnp, relayServer, swarmKeyFile }).toEqual({
      listen: ['0.0.0.0:7400'],
      mdns: true,
      peerExchange: true,
      upnp: false,
      relayServer: false,
      swarmKeyFile: undefined,
    })
    expect(options({ flags: { listen: 'off' } }).listen).toBeUndefined()
    expect(options({ flags: { swarmKey: 'group.key' } }).swarmKeyFile).toBe(join(directory, 'group.key'))
  })
})

describe('print-config', () => {
  test('shows each value and where it came from', () => {
    put('.env', 'ADDR=9000,9001:bpm:ward-2')
    put('pulseledger.json', '{"logLevel": "info"}')
    const config = read({ flags: { json: 'true' }, environment: { PULSELEDGER_DATA_DIR: '/srv/ward' } })
    const lines = configTable(config).split('\n')
    expect(lines.length).toBe(OPTION_KEYS.length + 1)
    expect(lines.map((line) => line.trimEnd().split(/ {2,}/))).toEqual([
      ['addr', '9000,9001:bpm:ward-2', '.env line 1'],
      ['source', '-', 'default'],
      ['listen', '7400', 'default'],
      ['peer', '-', 'default'],
      ['mdns', 'true', 'default'],
      ['peerExchange', 'true', 'default'],
      ['swarmKey', '-', 'default'],
      ['announce', '-', 'default'],
      ['upnp', 'false', 'default'],
      ['relayServer', 'false', 'default'],
      ['relay', '-', 'default'],
      ['dataDir', '/srv/ward', 'environment PULSELEDGER_DATA_DIR'],
      ['genesis', '-', 'default'],
      ['broadcastInterval', '30s', 'default'],
      ['broadcastBlocks', '100', 'default'],
      ['connectionsMax', '10000', 'default'],
      ['connectionsPerAddressMax', '10000', 'default'],
      ['json', 'true', 'flag --json'],
      ['logLevel', 'info', 'pulseledger.json'],
      ['crypto', 'auto', 'default'],
      ['mine', 'on', 'default'],
      ['mineThreads', '-', 'default'],
      ['config', '-', 'default'],
      [''],
    ])
    const object = JSON.parse(configJson(config))
    expect(Object.keys(object)).toEqual(OPTION_KEYS)
    expect(object.addr).toEqual({
      value: '9000,9001:bpm:ward-2',
      from: '.env',
      where: '.env line 1',
      environment: 'ADDR',
    })
    expect(object.genesis.value).toBeNull()
  })
})

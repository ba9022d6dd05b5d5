import { existsSync, readFileSync } from 'node:fs'
import { ERRORS } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/program.ts'
import { parseTerminalPorts } from '../../src/config/address.ts'
import { parseEnvFile } from '../../src/config/env-file.ts'
import { checkChoice, parseMeasure, readGenesisDocument } from '../../src/config/genesis-choice.ts'
import { parseJsonObject } from '../../src/config/json-file.ts'
import { FILE_KEYS, OPTION_KEYS, OPTIONS } from '../../src/config/option-table.ts'
import { longFlag } from '../../src/config/read-config.ts'
import { configurationTable } from './support/table.ts'

const DOCUMENT = new URL('../../../../docs/CONFIGURATION.md', import.meta.url)
const text = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : ''

/** The fenced blocks of a language. */
function samples(language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, named]) => named === language)
    .map(([, , sample]) => sample as string)
}

describe('docs/CONFIGURATION.md', () => {
  test('has the table of the options, row for row', () => {
    const table = text.split('\n').filter((line) => line.startsWith('| `-') || /^\|(?: flag |---)/.test(line))
    expect(table.slice(0, OPTION_KEYS.length + 2).join('\n')).toBe(configurationTable())
  })

  test('names no flag and no variable that does not exist', () => {
    const flags = new Set(text.match(/(?<![\w-])--[a-z][a-z-]+/g))
    const off = ['--no-json', '--no-mdns', '--no-peer-exchange']
    const own = COMMANDS.flatMap(({ options }) => options.map(({ flags: names }) => longFlag(names)))
    const known = [...off, ...own, '--help']
    for (const key of OPTION_KEYS) known.push(longFlag(OPTIONS[key].flag))
    expect([...flags].filter((flag) => !known.includes(flag))).toEqual([])
    const variables = new Set(text.match(/PULSELEDGER_[A-Z_]*[A-Z]/g))
    const read = [...OPTION_KEYS.map((key) => OPTIONS[key].environment), 'PULSELEDGER_DEBUG']
    expect([...variables].filter((variable) => !read.includes(variable))).toEqual([])
  })

  test('names no code that does not exist', () => {
    const codes = text.match(/\b(?:CONFIG|USAGE|GENESIS|KEY|LEDGER|NODE|STORE)_[A-Z_]+\b/g) ?? []
    expect(codes.length).toBeGreaterThan(3)
    for (const code of codes) expect(Object.keys(ERRORS)).toContain(code)
  })

  test('has samples that are taken', () => {
    const env = samples('sh')[0] as string
    const settings = parseEnvFile(env, '.env')
    expect(settings.ok && settings.value.length).toBeGreaterThan(2)
    const [file, genesis] = samples('json') as [string, string]
    const object = parseJsonObject(file, 'pulseledger.json')
    expect(object.ok && Object.keys(object.value).every((key) => [...FILE_KEYS.values()].includes(key))).toBe(
      true,
    )
    const document = readGenesisDocument(genesis, 'genesis.json')
    expect(document.ok && checkChoice(document.value).ok).toBe(true)
  })

  test('has addresses and measures that are taken', () => {
    const addresses = text.match(/^\| `[^`]*` \| (?=terminals)/gm) ?? []
    expect(addresses.length).toBeGreaterThan(4)
    for (const row of addresses) expect(parseTerminalPorts(row.split('`')[1] as string).ok, row).toBe(true)
    const measures = text.match(/--measure '[^']*'/g) ?? []
    expect(measures.length).toBeGreaterThan(0)
    for (const measure of measures) expect(parseMeasure(measure.split("'")[1] as string).ok).toBe(true)
  })
})

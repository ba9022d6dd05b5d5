import { dirname, join, relative, resolve } from 'node:path'
import { fail, ok, printable, type Result } from '@pulseledger/core'
import { parseEnvFile } from './env-file.ts'
import { type JsonObject, parseJsonObject } from './json-file.ts'
import { didYouMean } from './nearest.ts'
import {
  type ConfigValues,
  DEBUG_VARIABLE,
  FILE_KEYS,
  OPTION_KEYS,
  OPTIONS,
  type OptionKey,
  type OptionRow,
} from './option-table.ts'
import type { Parsed } from './parsed.ts'
import { readTextFile } from './text-file.ts'

/**
 * The configuration of one call: flags, then the environment, then `.env` in the working directory, then the
 * configuration file, then the defaults. What is written in a file is checked even when something stronger
 * overrides it; a variable of the environment, which other programs share, only when it counts.
 */
export interface ConfigInput {
  /** The texts of the flags that were given. */
  readonly flags: { readonly [K in OptionKey]?: string }
  readonly environment: { readonly [name: string]: string | undefined }
  /** Absolute. */
  readonly workingDirectory: string
}

export interface Config {
  readonly values: ConfigValues
  /** Of each value, the text it was made of (paths absolute) and where that stood. */
  readonly origins: { readonly [K in OptionKey]: Origin }
}

export interface Origin {
  readonly text: string | undefined
  readonly from: 'flag' | 'environment' | '.env' | 'file' | 'default'
  /** For people: `flag --addr`, `environment ADDR`, `.env line 1`, `pulseledger.json`, `default`. */
  readonly label: string
}

const CONFIG_FILE = 'pulseledger.json'
const ENV_FILE = '.env'

/** A value as it was given somewhere, before it is parsed. */
interface Given extends Origin {
  readonly text: string
  /** The same as the beginning of an error message: `--addr`, `ADDR in .env line 1`. */
  readonly subject: string
  /** What relative paths are relative to. */
  readonly base: string
}

type Layer = ReadonlyMap<OptionKey, Given>

/** Errors: CONFIG_KEY_UNKNOWN, CONFIG_VALUE_INVALID, CONFIG_FILE_INVALID, CONFIG_FILE_UNREADABLE. */
export function readConfig(input: ConfigInput): Result<Config> {
  const flags = flagLayer(input)
  const environment = environmentLayer(input)
  if (!environment.ok) return environment
  const envFile = envFileLayer(input)
  if (!envFile.ok) return envFile
  const file = fileLayer([flags, environment.value, envFile.value], input)
  if (!file.ok) return file

  for (const layer of [flags, envFile.value, file.value]) {
    for (const [key, given] of layer) {
      const checked = parseGiven(key, given)
      if (!checked.ok) return checked
    }
  }
  return merge([flags, environment.value, envFile.value, file.value, defaultLayer(input)])
}

/** Strongest layer first. */
function merge(layers: readonly Layer[]): Result<Config> {
  const values: Partial<Record<OptionKey, unknown>> = {}
  const origins: Partial<Record<OptionKey, Origin>> = {}
  for (const key of OPTION_KEYS) {
    const given = layers.find((layer) => layer.has(key))?.get(key)
    if (given === undefined) {
      values[key] = undefined
      origins[key] = { text: undefined, from: 'default', label: 'default' }
      continue
    }
    const value = parseGiven(key, given)
    if (!value.ok) return value
    values[key] = value.value
    const text = OPTIONS[key].kind === 'path' ? (value.value as string) : given.text
    origins[key] = { text, from: given.from, label: given.label }
  }
  return ok({ values: values as ConfigValues, origins: origins as Config['origins'] })
}

function parseGiven(key: OptionKey, { subject, text, base }: Given): Result<unknown> {
  const row: OptionRow<unknown> = OPTIONS[key]
  const value: Parsed<unknown> = row.parse(text)
  if (value.ok) return ok(row.kind === 'path' ? resolve(base, value.value as string) : value.value)
  const form = row.kind === 'list' ? `; the form is ${row.form}` : ''
  return fail('CONFIG_VALUE_INVALID', `${subject}: ${value.problem}${form}`)
}

function flagLayer({ flags, workingDirectory }: ConfigInput): Layer {
  const layer = new Map<OptionKey, Given>()
  for (const key of OPTION_KEYS) {
    const text = flags[key]
    if (text === undefined) continue
    const name = longFlag(OPTIONS[key].flag)
    layer.set(key, { text, from: 'flag', label: `flag ${name}`, subject: name, base: workingDirectory })
  }
  return layer
}

/** An empty variable counts as one that is not set: that is how scripts and containers take one back. */
function environmentLayer({ environment, workingDirectory }: ConfigInput): Result<Layer> {
  const layer = new Map<OptionKey, Given>()
  for (const key of OPTION_KEYS) {
    const name = OPTIONS[key].environment
    const text = environment[name]
    if (text === undefined || text === '') continue
    const subject = `environment variable ${name}`
    layer.set(key, {
      text,
      from: 'environment',
      label: `environment ${name}`,
      subject,
      base: workingDirectory,
    })
  }
  // Others may set variables of this prefix too, as Kubernetes does; only what looks like a slip is one.
  const known = [...ENVIRONMENT_NAMES, DEBUG_VARIABLE]
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('PULSELEDGER_') || known.includes(name)) continue
    const hint = didYouMean(name, known)
    if (hint !== '') {
      return fail('CONFIG_KEY_UNKNOWN', `environment variable ${printable(name, 80)} does not exist${hint}`)
    }
  }
  return ok(layer)
}

const ENVIRONMENT_NAMES = OPTION_KEYS.map((key) => OPTIONS[key].environment)

function envFileLayer({ workingDirectory }: ConfigInput): Result<Layer> {
  const layer = new Map<OptionKey, Given>()
  const text = readTextFile(join(workingDirectory, ENV_FILE))
  if (!text.ok) return text
  if (text.value === undefined) return ok(layer)
  const settings = parseEnvFile(text.value, ENV_FILE)
  if (!settings.ok) return settings
  for (const { name, value, line } of settings.value) {
    const key = OPTION_KEYS.find((candidate) => OPTIONS[candidate].environment === name)
    const label = `${ENV_FILE} line ${line}`
    if (key === undefined) {
      const hint = didYouMean(name, ENVIRONMENT_NAMES)
      return fail('CONFIG_KEY_UNKNOWN', `${label} sets ${printable(name)}, which does not exist${hint}`)
    }
    layer.set(key, { text: value, from: '.env', label, subject: `${label}, ${name}`, base: workingDirectory })
  }
  return ok(layer)
}

/** The file that a stronger layer names must exist; the one that is looked for by itself need not. */
function fileLayer(stronger: readonly Layer[], { workingDirectory }: ConfigInput): Result<Layer> {
  const named = stronger.find((layer) => layer.has('config'))?.get('config')
  const checked = named === undefined ? ok(undefined) : parseGiven('config', named)
  if (!checked.ok) return checked
  const path = (checked.value as string | undefined) ?? join(workingDirectory, CONFIG_FILE)
  const shown = relative(workingDirectory, path).startsWith('..') ? path : relative(workingDirectory, path)
  const text = readTextFile(path)
  if (!text.ok) return text
  if (text.value === undefined) {
    if (named === undefined) return ok(new Map())
    return fail('CONFIG_FILE_UNREADABLE', `${named.subject}: there is no file ${path}`)
  }
  const object = parseJsonObject(text.value, shown)
  return object.ok ? objectLayer(object.value, shown, dirname(path)) : object
}

function objectLayer(object: JsonObject, path: string, base: string): Result<Layer> {
  const layer = new Map<OptionKey, Given>()
  for (const [name, value] of Object.entries(object)) {
    const key = OPTION_KEYS.find((candidate) => FILE_KEYS.get(candidate) === name)
    if (key === undefined) {
      const hint = didYouMean(name, [...FILE_KEYS.values()])
      return fail(
        'CONFIG_KEY_UNKNOWN',
        `${path} has the key "${printable(name)}", which does not exist${hint}`,
      )
    }
    const subject = `"${name}" in ${path}`
    const text = textOf(value, OPTIONS[key].kind)
    if (text === undefined) {
      const shown = printable(JSON.stringify(value))
      const wanted = KIND_FORMS[OPTIONS[key].kind]
      return fail('CONFIG_VALUE_INVALID', `${subject}: ${shown} is not ${wanted} (${OPTIONS[key].form})`)
    }
    layer.set(key, { text, from: 'file', label: path, subject, base })
  }
  return ok(layer)
}

const KIND_FORMS = {
  text: 'a text',
  path: 'a text',
  number: 'a number',
  switch: 'a switch',
  list: 'a text, a number or a list of them',
} as const

/** A JSON value as the text that a flag would have, so that one parser checks all of them. */
function textOf(value: unknown, kind: OptionRow<unknown>['kind']): string | undefined {
  if (kind === 'number') return typeof value === 'number' ? String(value) : undefined
  if (kind === 'switch') return typeof value === 'boolean' || value === 'auto' ? String(value) : undefined
  if (kind !== 'list') return typeof value === 'string' ? value : undefined
  const items = Array.isArray(value) ? value : [value]
  const isText = items.every((item) => typeof item === 'string' || typeof item === 'number')
  return isText ? items.join(',') : undefined
}

function defaultLayer({ workingDirectory }: ConfigInput): Layer {
  const layer = new Map<OptionKey, Given>()
  for (const key of OPTION_KEYS) {
    const text = OPTIONS[key].default
    if (text === undefined) continue
    layer.set(key, { text, from: 'default', label: 'default', subject: key, base: workingDirectory })
  }
  return layer
}

/** `--data-dir` of `-d, --data-dir <directory>`. */
export function longFlag(flag: string): string {
  return /--[a-z-]+/.exec(flag)?.[0] ?? flag
}

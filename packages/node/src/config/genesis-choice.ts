import {
  checkGenesis,
  DEFAULT_MEASURE,
  defaultGenesis,
  ENGINES,
  type EngineParameters,
  engineKind,
  fail,
  fromHex,
  type GenesisDocument,
  LIMITS,
  type Measure,
  ok,
  parseNumber,
  printable,
  type Result,
  toHex,
} from '@pulseledger/core'
import type { GenesisChoice } from '../options.ts'
import { type JsonObject, parseJsonObject } from './json-file.ts'
import { didYouMean } from './nearest.ts'
import { readTextFile } from './text-file.ts'

/**
 * What a ledger begins with, as people write it: a JSON file, or the options of `init`. Everything but the
 * name has a default.
 *
 *     {
 *       "name": "ward-2",
 *       "measures": [
 *         {"name": "bpm", "label": "BPM", "unit": "/min", "loinc": "8867-4", "minimum": 0, "maximum": 500},
 *         {"name": "temperature", "unit": "Cel", "minimum": 30, "maximum": 45, "decimals": 1}
 *       ],
 *       "engine": {"name": "longest-chain", "finalDepth": 2000},
 *       "limits": {"blockEntries": 2000, "blockBytes": 1048576, "timeAhead": 120000}
 *     }
 *
 * The parameters of an engine are its own; docs/spec/genesis.md lists them. `producers` (public keys, 64
 * hexadecimal digits each), `time` (milliseconds since 1970) and `salt` (32 hexadecimal digits) may be
 * added. With both time and salt the document is complete and always makes the same ledger.
 */

export const DEFAULT_LEDGER_NAME = 'pulseledger'

export const MEASURE_FORM = 'name:unit:minimum:maximum[:decimals[:label]]'

const FORMAT_KEYS = ['name', 'measures', 'engine', 'limits', 'producers', 'time', 'salt', 'format']
const MEASURE_KEYS = ['name', 'label', 'unit', 'loinc', 'minimum', 'maximum', 'decimals']
const LIMIT_KEYS = ['blockEntries', 'blockBytes', 'timeAhead']

/** Errors: CONFIG_FILE_UNREADABLE, CONFIG_FILE_INVALID, CONFIG_KEY_UNKNOWN, GENESIS_INVALID. */
export function readGenesisFile(path: string): Result<GenesisChoice> {
  const text = readTextFile(path)
  if (!text.ok) return text
  if (text.value === undefined) return fail('CONFIG_FILE_UNREADABLE', `there is no genesis document ${path}`)
  return readGenesisDocument(text.value, path)
}

/** `path` is for messages. Errors: CONFIG_FILE_INVALID, CONFIG_KEY_UNKNOWN, GENESIS_INVALID. */
export function readGenesisDocument(text: string, path: string): Result<GenesisChoice> {
  const object = parseJsonObject(text, path)
  if (!object.ok) return object
  try {
    return checkChoice(readDocument(object.value))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return fail(error.code, `${path}: ${error.message}`)
  }
}

/** A document as such a file holds it, complete: `readGenesisFile` gives it back. */
export function genesisJson({
  name,
  time,
  salt,
  engine,
  measures,
  limits,
  producers,
}: GenesisDocument): string {
  const hexadecimal = producers && { producers: producers.map(toHex) }
  const fields = { name, measures, engine, limits, ...hexadecimal, time, salt: toHex(salt) }
  return JSON.stringify(fields, null, 2)
}

/** The choice as it is when its document would be within all bounds. Errors: GENESIS_INVALID. */
export function checkChoice(choice: GenesisChoice): Result<GenesisChoice> {
  if ((choice.time === undefined) !== (choice.salt === undefined)) {
    return fail('GENESIS_INVALID', 'genesis: time and salt are both given, or neither')
  }
  const placeholder = { time: 0, salt: new Uint8Array(16) }
  const checked = checkGenesis(defaultGenesis({ ...placeholder, ...choice }))
  const engine = checked.ok ? engineKind(checked.value) : checked
  return engine.ok ? ok(choice) : engine
}

/** `temperature:Cel:30:45:1`. Errors: GENESIS_INVALID. */
export function parseMeasure(text: string): Result<Measure> {
  const parts = text.split(':')
  const [name = '', unit = '', minimum = '', maximum = '', decimals = '0', label] = parts
  if (parts.length < 4 || parts.length > 6) {
    return fail('GENESIS_INVALID', `measure '${printable(text)}' is not of the form ${MEASURE_FORM}`)
  }
  if (/[^!-~]/.test(unit)) {
    const hint = 'units are those of UCUM, in ASCII without blanks: Cel for degrees Celsius, /min, mm[Hg], %'
    return fail('GENESIS_INVALID', `measure '${printable(name)}' has the unit '${printable(unit)}'; ${hint}`)
  }
  const numbers: number[] = []
  for (const number of [minimum, maximum, decimals]) {
    const value = parseNumber(number)
    if (!value.ok) return fail('GENESIS_INVALID', `measure '${printable(name)}': ${value.error.message}`)
    numbers.push(value.value)
  }
  return ok({
    name,
    label: label ?? labelOf(name),
    unit,
    minimum: numbers[0] as number,
    maximum: numbers[1] as number,
    decimals: numbers[2] as number,
  })
}

function labelOf(name: string): string {
  return name === DEFAULT_MEASURE.name ? DEFAULT_MEASURE.label : name.charAt(0).toUpperCase() + name.slice(1)
}

/** Thrown within this file alone, so that a reader of nested fields reads like the form it reads. */
class Fault extends Error {
  readonly code: 'CONFIG_KEY_UNKNOWN' | 'GENESIS_INVALID'

  constructor(message: string, code: Fault['code'] = 'GENESIS_INVALID') {
    super(message)
    this.code = code
  }
}

type Present<T> = { -readonly [K in keyof T]?: T[K] }

function readDocument(object: JsonObject): GenesisChoice {
  checkKeys(object, FORMAT_KEYS, '')
  const choice: Present<GenesisDocument> = {}
  if (object.format !== undefined && object.format !== 1) throw new Fault('format must be 1')
  if (object.measures !== undefined) {
    choice.measures = list(object.measures, 'measures').map((item, index) => readMeasure(item, index))
  }
  if (object.engine !== undefined) choice.engine = readEngine(object.engine)
  if (object.limits !== undefined) choice.limits = readLimits(object.limits)
  if (object.producers !== undefined) {
    const keys = list(object.producers, 'producers')
    choice.producers = keys.map((key, index) => hex(key, `producers[${index}]`, 32))
  }
  if (object.time !== undefined) choice.time = number(object.time, 'time')
  if (object.salt !== undefined) choice.salt = hex(object.salt, 'salt', 16)
  return { ...choice, name: text(object.name, 'name') }
}

function readMeasure(value: unknown, index: number): Measure {
  const field = `measures[${index}]`
  const object = record(value, field)
  checkKeys(object, MEASURE_KEYS, `${field}.`)
  const { label, loinc, decimals } = object
  const name = text(object.name, `${field}.name`)
  return {
    name,
    label: label === undefined ? labelOf(name) : text(label, `${field}.label`),
    unit: text(object.unit, `${field}.unit`),
    ...(loinc === undefined ? {} : { loinc: text(loinc, `${field}.loinc`) }),
    minimum: number(object.minimum, `${field}.minimum`),
    maximum: number(object.maximum, `${field}.maximum`),
    decimals: decimals === undefined ? 0 : number(decimals, `${field}.decimals`),
  }
}

/** All parameters that there are so far are numbers. */
function readEngine(value: unknown): EngineParameters {
  const object = record(value, 'engine')
  const name = object.name === undefined ? DEFAULTS.engine.name : text(object.name, 'engine.name')
  const kind = ENGINES[name]
  if (kind !== undefined) checkKeys(object, ['name', ...kind.parameters], 'engine.')
  const given = Object.entries(object).filter(([key]) => key !== 'name')
  const chosen = given.map(([key, parameter]) => [key, number(parameter, `engine.${key}`)])
  return completeEngine({ ...Object.fromEntries(chosen), name })
}

/** With the engine's defaults for what is not chosen. One that nobody knows stays as it is. */
export function completeEngine(chosen: EngineParameters): EngineParameters {
  return ENGINES[chosen.name]?.complete(chosen) ?? chosen
}

function readLimits(value: unknown): GenesisDocument['limits'] {
  const object = record(value, 'limits')
  checkKeys(object, LIMIT_KEYS, 'limits.')
  const given = Object.entries(object).map(([key, limit]) => [key, number(limit, `limits.${key}`)])
  return { ...DEFAULTS.limits, ...Object.fromEntries(given) }
}

/** The engine and the limits that a document has when it says nothing of them. */
export const DEFAULTS = defaultGenesis({ name: DEFAULT_LEDGER_NAME, time: 0, salt: new Uint8Array(16) })

function checkKeys(object: JsonObject, known: readonly string[], prefix: string): void {
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue
    const message = `there is no field "${prefix}${printable(key)}"${didYouMean(key, known)}`
    throw new Fault(message, 'CONFIG_KEY_UNKNOWN')
  }
}

function record(value: unknown, field: string): JsonObject {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as JsonObject
  throw new Fault(`${field} must be an object, {...}`)
}

function list(value: unknown, field: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new Fault(`${field} must be a list, [...]`)
}

function text(value: unknown, field: string): string {
  if (typeof value === 'string') return value
  throw new Fault(value === undefined ? `${field} is missing` : `${field} must be a text, "..."`)
}

function number(value: unknown, field: string): number {
  // 1e999 is JSON, and Infinity to JavaScript.
  if (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= LIMITS.integerMax)
    return value
  throw new Fault(value === undefined ? `${field} is missing` : `${field} must be a number`)
}

function hex(value: unknown, field: string, bytes: number): Uint8Array {
  const decoded = fromHex(text(value, field))
  if (decoded?.length === bytes) return decoded
  throw new Fault(`${field} must be ${2 * bytes} hexadecimal digits`)
}

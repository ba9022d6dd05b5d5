import { equalBytes, utf8 } from '../bytes.ts'
import { printable } from '../codec/printable.ts'
import type { CborValue } from '../codec/value.ts'
import { SALT_BYTES } from '../entry/payload.ts'
import { isAcceptableKey } from '../entry/signature-rule.ts'
import { LIMITS } from '../limits.ts'

/** What can be measured on a ledger. */
export interface Measure {
  /** Unique in the document: `[a-z][a-z0-9-]*`, at most 32 bytes. */
  readonly name: string
  /** How people see it: 1..32 bytes of UTF-8 without control characters. */
  readonly label: string
  /** UCUM, such as `/min`: 1..32 characters of printable ASCII without blanks. */
  readonly unit: string
  /** LOINC code, such as `8867-4`. */
  readonly loinc?: string
  /** Readings are `minimum..maximum`, both of no more than `decimals` decimals and 15 digits in all. */
  readonly minimum: number
  readonly maximum: number
  /** 0..6; 0 means integers. */
  readonly decimals: number
}

/**
 * The name of an engine and what that engine wants to be told, which it checks itself: see
 * consensus/engines.ts. Here parameters are only known to be canonical.
 */
export interface EngineParameters {
  readonly name: string
  /** Keys of 1..32 letters and digits, a letter first. */
  readonly [parameter: string]: CborValue
}

export interface GenesisDocument {
  readonly format: 1
  /** 1..64 bytes of UTF-8 without control characters. */
  readonly name: string
  /** Milliseconds since 1970 UTC, 0..timeMax. */
  readonly time: number
  /** 16 random bytes, which make the ledger id unlike any other. */
  readonly salt: Uint8Array
  readonly engine: EngineParameters
  /** 1..64, in an order of their own; the first is the default one. */
  readonly measures: readonly Measure[]
  readonly limits: {
    /** Entries of a block, 1..10,000. */
    readonly blockEntries: number
    /** Bytes of a block as `blockBytes` counts them, 4,096..16 MiB. */
    readonly blockBytes: number
    /** Milliseconds that a block's time may be ahead of a node's clock, 0..86,400,000. */
    readonly timeAhead: number
  }
  /** 1..1,000 Ed25519 keys that alone may produce blocks, without repetition; absent: anyone may. */
  readonly producers?: readonly Uint8Array[]
}

/** What makes a fault of a field, undefined when it is as it must be. */
type Fault = string | undefined

const NAME = /^[a-z][a-z0-9-]*$/
const PARAMETER = /^[a-zA-Z][a-zA-Z0-9]*$/
const LOINC = /^[0-9]{1,7}-[0-9]$/
const UNIT = /^[!-~]+$/
// Control characters, and those that reorder or hide others: names are printed on other people's terminals.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** The first field of a document that is out of bounds, and why. */
export function genesisFault(document: GenesisDocument): Fault {
  const { engine, limits, measures, producers } = document
  return (
    integerFault('format', document.format, 1, 1) ??
    textFault('name', document.name, LIMITS.ledgerNameBytesMax) ??
    integerFault('time', document.time, 0, LIMITS.timeMax) ??
    saltFault(document.salt) ??
    nameFault('engine.name', engine.name, LIMITS.engineNameBytesMax) ??
    parametersFault('engine', engine, LIMITS.engineDepthMax) ??
    integerFault('limits.blockEntries', limits.blockEntries, 1, LIMITS.blockEntriesCeiling) ??
    integerFault('limits.blockBytes', limits.blockBytes, LIMITS.blockBytesFloor, LIMITS.blockBytesCeiling) ??
    integerFault('limits.timeAhead', limits.timeAhead, 0, LIMITS.timeAheadMax) ??
    measuresFault(measures) ??
    (producers && producersFault(producers))
  )
}

/** Whether `value` is a decimal of at most `decimals` places, 0..6: the nearest such decimal is it. */
export function hasDecimals(value: number, decimals: number): boolean {
  return Number(value.toFixed(decimals)) === value
}

/** Of a value that an engine gave a meaning: whether it can be written, and read back as it was. */
function parametersFault(field: string, value: CborValue, depthMax: number): Fault {
  if (typeof value === 'number') return integerFault(field, value, 0, LIMITS.integerMax)
  if (typeof value === 'string') return value.isWellFormed() ? undefined : `${field}: not well-formed Unicode`
  if (value instanceof Uint8Array) return undefined
  if (depthMax === 0) return `${field}: lists and maps are nested deeper than ${LIMITS.engineDepthMax} levels`
  const isList = Array.isArray(value)
  for (const [key, item] of Object.entries(value)) {
    if (!isList && !(PARAMETER.test(key) && key.length <= LIMITS.engineNameBytesMax)) {
      return `${field}: '${printable(key)}' is no name of a parameter: letters and digits, a letter first`
    }
    const fault = parametersFault(isList ? `${field}[${key}]` : `${field}.${key}`, item, depthMax - 1)
    if (fault !== undefined) return fault
  }
  return undefined
}

function measuresFault(measures: readonly Measure[]): Fault {
  const count = integerFault('the number of measures', measures.length, 1, LIMITS.measuresMax)
  if (count !== undefined) return count
  for (const [index, measure] of measures.entries()) {
    const fault = measureFault(`measures[${index}]`, measure)
    if (fault !== undefined) return fault
    const first = measures.findIndex((other) => other.name === measure.name)
    if (first < index) return `measures[${index}].name: '${measure.name}' is that of measures[${first}] too`
  }
  return undefined
}

function measureFault(field: string, measure: Measure): Fault {
  const { name, label, unit, loinc, decimals } = measure
  return (
    nameFault(`${field}.name`, name, LIMITS.measureBytesMax) ??
    textFault(`${field}.label`, label, LIMITS.labelBytesMax) ??
    patternFault(`${field}.unit`, unit, UNIT, LIMITS.unitBytesMax, 'printable ASCII without blanks') ??
    (loinc === undefined ? undefined : patternFault(`${field}.loinc`, loinc, LOINC, 9, 'such as 8867-4')) ??
    integerFault(`${field}.decimals`, decimals, 0, LIMITS.decimalsMax) ??
    boundFault(`${field}.minimum`, measure.minimum, decimals) ??
    boundFault(`${field}.maximum`, measure.maximum, decimals) ??
    (measure.minimum < measure.maximum
      ? undefined
      : `${field}.minimum: ${measure.minimum} is not below the maximum, ${measure.maximum}`)
  )
}

/** Values within the bounds must be exact: their digits before and after the point are at most 15. */
function boundFault(field: string, bound: number, decimals: number): Fault {
  const limit = 10 ** (LIMITS.digitsMax - decimals)
  if (!(Math.abs(bound) < limit)) return `${field}: ${bound} is not between ${-limit} and ${limit}`
  if (!hasDecimals(bound, decimals)) return `${field}: ${bound} has more than ${decimals} decimals`
  return undefined
}

function producersFault(producers: readonly Uint8Array[]): Fault {
  const count = integerFault('the number of producers', producers.length, 1, LIMITS.producersMax)
  if (count !== undefined) return count
  for (const [index, key] of producers.entries()) {
    const field = `producers[${index}]`
    if (key.length !== 32) return `${field}: ${key.length} bytes, not 32`
    if (!isAcceptableKey(key)) return `${field}: not an Ed25519 key in canonical form, or one of small order`
    const first = producers.findIndex((other) => equalBytes(other, key))
    if (first < index) return `${field}: the same key as producers[${first}]`
  }
  return undefined
}

function saltFault(salt: Uint8Array): Fault {
  return salt.length === SALT_BYTES ? undefined : `salt: ${salt.length} bytes, not ${SALT_BYTES}`
}

function integerFault(field: string, value: number, minimum: number, maximum: number): Fault {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return undefined
  return `${field}: ${value} is not an integer of ${minimum}..${maximum}`
}

function nameFault(field: string, text: string, bytesMax: number): Fault {
  return patternFault(field, text, NAME, bytesMax, 'a letter a-z, then letters a-z, digits and hyphens')
}

function patternFault(field: string, text: string, pattern: RegExp, bytesMax: number, wanted: string): Fault {
  if (text.length <= bytesMax && pattern.test(text)) return undefined
  return `${field}: '${printable(text)}' is not 1..${bytesMax} characters of the form: ${wanted}`
}

function textFault(field: string, text: string, bytesMax: number): Fault {
  const length = utf8(text).length
  if (length < 1 || length > bytesMax) return `${field}: ${length} bytes of UTF-8, 1..${bytesMax} are allowed`
  if (text.isWellFormed() && !UNPRINTABLE.test(text)) return undefined
  return `${field}: '${printable(text)}' has characters that cannot be printed`
}

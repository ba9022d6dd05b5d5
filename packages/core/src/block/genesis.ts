/**
 * The genesis document: what a group agrees on before the first reading. It is the body of the block at
 * height 0, whose hash is the ledger id and is in every signature, so none of it can be changed afterwards.
 *
 * Sample, in diagnostic notation (docs/spec/genesis.md has its bytes):
 *
 *   {"name": "ward-2", "salt": h'000102030405060708090a0b0c0d0e0f', "time": 1767225600000,
 *    "engine": {"name": "longest-chain", "finalDepth": 2000}, "format": 1,
 *    "limits": {"timeAhead": 120000, "blockBytes": 1048576, "blockEntries": 2000},
 *    "measures": [{"name": "bpm", "unit": "/min", "label": "BPM", "loinc": "8867-4", "maximum": 500,
 *                  "minimum": 0, "decimals": 0}]}
 */
import { equalBytes } from '../bytes.ts'
import { printable } from '../codec/printable.ts'
import { type CborReader, decodeStrict, type Format } from '../codec/reader.ts'
import { type CborValue, readValue, writeValue } from '../codec/value.ts'
import { CborWriter } from '../codec/writer.ts'
import type { Crypto } from '../crypto.ts'
import { LIMITS } from '../limits.ts'
import { fail, invariant, ok, type Result } from '../result.ts'
import type { Block } from './block.ts'
import {
  type EngineParameters,
  type GenesisDocument,
  genesisFault,
  hasDecimals,
  type Measure,
} from './genesis-document.ts'
import { encodeHeader, GENESIS_ROOT, type Header, hashHeader, NO_PRODUCER } from './header.ts'

export type { EngineParameters, GenesisDocument, Measure } from './genesis-document.ts'

const FORMAT: Format = { name: 'genesis', code: 'GENESIS_INVALID', bytesMax: LIMITS.genesisBytesMax }

/** Heart rate, integers. */
export const DEFAULT_MEASURE: Measure = {
  name: 'bpm',
  label: 'BPM',
  unit: '/min',
  loinc: '8867-4',
  minimum: 0,
  maximum: 500,
  decimals: 0,
}

/** A document with the defaults for what is not given. It is not checked. */
export function defaultGenesis(
  given: Pick<GenesisDocument, 'name' | 'time' | 'salt'> & Partial<GenesisDocument>,
): GenesisDocument {
  return {
    format: 1,
    engine: { name: 'longest-chain', finalDepth: 2_000 },
    measures: [DEFAULT_MEASURE],
    limits: { blockEntries: 2_000, blockBytes: 1_048_576, timeAhead: 120_000 },
    ...given,
  }
}

/**
 * Whether a document is within all bounds but those of its engine. Errors: GENESIS_INVALID, with the name
 * of the field.
 */
export function checkGenesis(document: GenesisDocument): Result<GenesisDocument> {
  const fault = genesisFault(document)
  return fault === undefined ? ok(document) : fail('GENESIS_INVALID', `genesis: ${fault}`)
}

/** Canonical dag-cbor. The document must pass `checkGenesis`. */
export function encodeGenesis(document: GenesisDocument): Uint8Array {
  const checked = checkGenesis(document)
  invariant(checked.ok, checked.ok ? '' : checked.error.message)
  const { engine, limits, measures, producers } = document
  const writer = new CborWriter(1_024)
  writer.map(producers ? 8 : 7)
  writer.key('name').text(document.name)
  writer.key('salt').byteString(document.salt)
  writer.key('time').integer(document.time)
  writeValue(writer.key('engine'), engine)
  writer.key('format').integer(document.format)
  writer.key('limits').map(3)
  writer.key('timeAhead').integer(limits.timeAhead)
  writer.key('blockBytes').integer(limits.blockBytes)
  writer.key('blockEntries').integer(limits.blockEntries)
  writer.key('measures').array(measures.length)
  for (const measure of measures) writeMeasure(writer, measure)
  if (producers) {
    writer.key('producers').array(producers.length)
    for (const producer of producers) writer.byteString(producer)
  }
  const bytes = writer.finish()
  invariant(bytes.length <= LIMITS.genesisBytesMax, 'the largest document fits its bound')
  return bytes
}

function writeMeasure(writer: CborWriter, measure: Measure): void {
  const { loinc } = measure
  writer.map(loinc === undefined ? 6 : 7)
  writer.key('name').text(measure.name)
  writer.key('unit').text(measure.unit)
  writer.key('label').text(measure.label)
  if (loinc !== undefined) writer.key('loinc').text(loinc)
  writer.key('maximum').number(measure.maximum)
  writer.key('minimum').number(measure.minimum)
  writer.key('decimals').integer(measure.decimals)
}

/** Strict. Errors: CBOR_MALFORMED, GENESIS_INVALID. `salt` and `producers` are views of `bytes`. */
export function decodeGenesis(bytes: Uint8Array): Result<GenesisDocument> {
  const decoded = decodeStrict(bytes, FORMAT, readDocument)
  return decoded.ok ? checkGenesis(decoded.value) : decoded
}

// The form alone is read here: bounds have one place, which documents made from options pass through as well.
function readDocument(reader: CborReader): GenesisDocument {
  reader.openMap()
  reader.key('name')
  const name = readText(reader)
  reader.key('salt')
  const salt = readBytes(reader)
  reader.key('time')
  const time = reader.uint()
  reader.key('engine')
  const engine = readEngine(reader)
  reader.key('format')
  reader.uint(1, 1)
  reader.key('limits')
  const limits = readLimits(reader)
  reader.key('measures')
  const measures = reader.list(LIMITS.measuresMax, readMeasure)
  const producers = reader.optionalKey('producers')
    ? { producers: reader.list(LIMITS.producersMax, readBytes) }
    : undefined
  reader.closeMap()
  return { format: 1, name, time, salt, engine, measures, limits, ...producers }
}

/** Any map with a name: which parameters there are is the engine's to say. */
function readEngine(reader: CborReader): EngineParameters {
  const value = readValue(reader)
  if (isEngine(value)) return value
  return reader.refuse('an engine is a map with the text name')
}

function isEngine(value: CborValue): value is EngineParameters {
  return typeof value === 'object' && 'name' in value && typeof value.name === 'string'
}

function readLimits(reader: CborReader): GenesisDocument['limits'] {
  reader.openMap()
  reader.key('timeAhead')
  const timeAhead = reader.uint()
  reader.key('blockBytes')
  const blockBytes = reader.uint()
  reader.key('blockEntries')
  const blockEntries = reader.uint()
  reader.closeMap()
  return { blockEntries, blockBytes, timeAhead }
}

function readMeasure(reader: CborReader): Measure {
  reader.openMap()
  reader.key('name')
  const name = readText(reader)
  reader.key('unit')
  const unit = readText(reader)
  reader.key('label')
  const label = readText(reader)
  const loinc = reader.optionalKey('loinc') ? { loinc: readText(reader) } : undefined
  reader.key('maximum')
  const maximum = reader.number()
  reader.key('minimum')
  const minimum = reader.number()
  reader.key('decimals')
  const decimals = reader.uint()
  reader.closeMap()
  return { name, label, unit, ...loinc, minimum, maximum, decimals }
}

function readText(reader: CborReader): string {
  return reader.text(LIMITS.genesisBytesMax, 0)
}

function readBytes(reader: CborReader): Uint8Array {
  return reader.byteString(0, LIMITS.genesisBytesMax)
}

/** The block at height 0 that a document makes: the same for everyone. Its hash is the ledger id. */
export function genesisBlock(document: GenesisDocument, crypto: Crypto): Block {
  const bodyBytes = encodeGenesis(document)
  const header: Header = {
    version: 1,
    height: 0,
    parent: null,
    time: document.time,
    size: 0,
    root: GENESIS_ROOT,
    body: crypto.sha256(bodyBytes),
    producer: NO_PRODUCER,
    seal: new Uint8Array(0),
  }
  const headerBytes = encodeHeader(header)
  const hash = hashHeader(headerBytes, crypto)
  const signature = new Uint8Array(0)
  return { header, headerBytes, hash, signature, bodyBytes, entries: [], payloads: [] }
}

/**
 * The document of a parsed genesis block. Errors: CBOR_MALFORMED, GENESIS_INVALID, also when its header is
 * not the one that the document makes.
 */
export function genesisOf(block: Block, crypto: Crypto): Result<GenesisDocument> {
  const decoded = decodeGenesis(block.bodyBytes)
  if (!decoded.ok) return decoded
  if (equalBytes(genesisBlock(decoded.value, crypto).headerBytes, block.headerBytes)) return decoded
  return fail('GENESIS_INVALID', 'genesis: the header of the block is not the one that its document makes')
}

/**
 * The measure of a reading that the ledger allows. Errors: MEASURE_UNKNOWN, READING_OUT_OF_RANGE,
 * READING_TOO_PRECISE.
 */
export function checkReading(document: GenesisDocument, measure: string, value: number): Result<Measure> {
  const known = document.measures.find((candidate) => candidate.name === measure)
  if (known === undefined) {
    const names = document.measures.map((candidate) => candidate.name).join(', ')
    return fail('MEASURE_UNKNOWN', `no measure '${printable(measure)}'; there is ${printable(names, 200)}`)
  }
  const { minimum, maximum, decimals, unit } = known
  if (!(value >= minimum && value <= maximum)) {
    return fail('READING_OUT_OF_RANGE', `${measure} ${value} is outside ${minimum}..${maximum} ${unit}`)
  }
  if (!hasDecimals(value, decimals)) {
    const allowed = decimals === 0 ? 'is not an integer' : `has more than ${decimals} decimals`
    return fail('READING_TOO_PRECISE', `${measure} ${value} ${allowed}`)
  }
  return ok(known)
}

/**
 * The reading payload: what was measured, and the only part of a reading that is private. An entry commits to
 * it by its SHA-256, so it can be erased later while every hash and signature stays valid; the random salt
 * keeps a stranger from finding an erased value by hashing the few hundred that it may have been.
 *
 * Sample, in diagnostic notation (docs/spec/payload.md has its bytes):
 *
 *   {"salt": h'000102030405060708090a0b0c0d0e0f', "time": 1767225600000, "value": 72, "measure": "bpm"}
 */
import { utf8 } from '../bytes.ts'
import { isCid } from '../codec/cid.ts'
import { type CborReader, decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import { LIMITS } from '../limits.ts'
import { fail, invariant, ok, type Result } from '../result.ts'

export interface Payload {
  /** 16 random bytes. */
  readonly salt: Uint8Array
  /** Name of a measure of the genesis document, 1..32 bytes of UTF-8. */
  readonly measure: string
  /** Finite. In the unit of the measure. */
  readonly value: number
  /** When it was measured: milliseconds since 1970 UTC, 0..timeMax. */
  readonly time: number
  /** Whom or what it is about, 1..128 bytes of UTF-8. */
  readonly subject?: string
  /** What measured it, 1..128 bytes of UTF-8. */
  readonly device?: string
  /** 1..1,024 bytes of UTF-8. */
  readonly note?: string
  /** The CID of a file kept elsewhere: 36 bytes. See `codec/cid.ts`. */
  readonly file?: Uint8Array
}

export const SALT_BYTES = 16

const FORMAT: Format = { name: 'payload', code: 'PAYLOAD_INVALID', bytesMax: LIMITS.payloadBytesMax }

/** The optional and mandatory texts of a payload, with their bounds in bytes. */
const TEXTS = [
  ['measure', LIMITS.measureBytesMax],
  ['subject', LIMITS.subjectBytesMax],
  ['device', LIMITS.deviceBytesMax],
  ['note', LIMITS.noteBytesMax],
] as const

/** Whether a payload can be encoded. Errors: PAYLOAD_INVALID, with the name of the field. */
export function checkPayload(payload: Payload): Result<Payload> {
  for (const [name, bytesMax] of TEXTS) {
    const text = payload[name]
    if (text === undefined) continue
    if (!text.isWellFormed()) return invalid(`${name}: half of a surrogate pair`)
    const length = utf8(text).length
    if (length < 1 || length > bytesMax) {
      return invalid(`${name}: ${length} bytes of UTF-8, 1..${bytesMax} are allowed`)
    }
  }
  if (payload.salt.length !== SALT_BYTES) return invalid(`salt: ${payload.salt.length} bytes, not 16`)
  if (!Number.isFinite(payload.value)) return invalid(`value: ${payload.value} is not finite`)
  const { time } = payload
  if (!Number.isInteger(time) || time < 0 || time > LIMITS.timeMax) {
    return invalid(`time: ${time} is not an integer of 0..${LIMITS.timeMax}`)
  }
  if (payload.file && !isCid(payload.file)) return invalid('file: not a CIDv1 over SHA-256')
  return ok(payload)
}

function invalid(message: string): Result<never> {
  return fail('PAYLOAD_INVALID', `payload: ${message}`)
}

/** Canonical dag-cbor, at most 2,048 bytes. The payload must pass `checkPayload`. */
export function encodePayload(payload: Payload): Uint8Array {
  const checked = checkPayload(payload)
  invariant(checked.ok, checked.ok ? '' : checked.error.message)
  const { file, note, device, subject } = payload
  const writer = new CborWriter()
  writer.map(4 + [file, note, device, subject].filter((field) => field !== undefined).length)
  if (file !== undefined) writer.key('file').link(file)
  if (note !== undefined) writer.key('note').text(note)
  writer.key('salt').byteString(payload.salt)
  writer.key('time').integer(payload.time)
  writer.key('value').number(payload.value)
  if (device !== undefined) writer.key('device').text(device)
  writer.key('measure').text(payload.measure)
  if (subject !== undefined) writer.key('subject').text(subject)
  return writer.finish()
}

/** Strict. Errors: CBOR_MALFORMED, PAYLOAD_INVALID. `salt` and `file` are views of `bytes`. */
export function decodePayload(bytes: Uint8Array): Result<Payload> {
  return decodeStrict(bytes, FORMAT, readPayload)
}

function readPayload(reader: CborReader): Payload {
  reader.openMap()
  const file = reader.optionalKey('file') ? { file: reader.link() } : undefined
  const note = reader.optionalKey('note') ? { note: reader.text(LIMITS.noteBytesMax) } : undefined
  reader.key('salt')
  const salt = reader.byteString(SALT_BYTES, SALT_BYTES)
  reader.key('time')
  const time = reader.uint(0, LIMITS.timeMax)
  reader.key('value')
  const value = reader.number()
  const device = reader.optionalKey('device') ? { device: reader.text(LIMITS.deviceBytesMax) } : undefined
  reader.key('measure')
  const measure = reader.text(LIMITS.measureBytesMax)
  const subject = reader.optionalKey('subject') ? { subject: reader.text(LIMITS.subjectBytesMax) } : undefined
  reader.closeMap()
  return { salt, measure, value, time, ...subject, ...device, ...note, ...file }
}

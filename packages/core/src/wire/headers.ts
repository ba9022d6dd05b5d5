/**
 * Headers: what sync asks for first. The question names blocks that the asker has, best first (a locator);
 * the answer is the headers after the first of them that the answerer has on its chain. Canonical dag-cbor:
 *
 *   {"locator": [h'<32>', ...], "countMax": 512}
 *
 *   [{"header": h'<header>', "signature": h'<64>'}, ...]
 *
 * A header is sent as the bytes that were hashed, and is decoded as strictly as the message around it.
 */
import type { SignedHeader } from '../block/signed-header.ts'
import type { Hash } from '../bytes.ts'
import { decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import type { Crypto } from '../crypto.ts'
import { LIMITS } from '../limits.ts'
import { invariant, type Result } from '../result.ts'
import {
  detach,
  readHashes,
  readHeaderBytes,
  readSignature,
  signedHeaderOf,
  writeHashes,
  writeSigned,
} from './parts.ts'

export interface HeadersRequest {
  /** Hashes of blocks that the asker has, best first. 1..locatorHashesMax. */
  readonly locator: readonly Hash[]
  /** How many headers the answer may have. 1..headersCountMax. */
  readonly countMax: number
}

const REQUEST: Format = {
  name: 'headers request',
  code: 'MESSAGE_INVALID',
  bytesMax: LIMITS.requestBytesMax,
}
const ANSWER: Format = { name: 'headers', code: 'MESSAGE_INVALID', bytesMax: LIMITS.headersBytesMax }

/** Canonical dag-cbor, at most `requestBytesMax`. */
export function encodeHeadersRequest({ locator, countMax }: HeadersRequest): Uint8Array {
  invariant(countMax >= 1 && countMax <= LIMITS.headersCountMax, 'as many headers as an answer may have')
  const writer = new CborWriter(32 + 34 * locator.length).map(2)
  writeHashes(writer.key('locator'), locator, LIMITS.locatorHashesMax)
  writer.key('countMax').integer(countMax)
  return writer.finish()
}

/** Strict. The hashes are views of `bytes`. Errors: CBOR_MALFORMED, MESSAGE_INVALID. */
export function decodeHeadersRequest(bytes: Uint8Array): Result<HeadersRequest> {
  return decodeStrict(bytes, REQUEST, (reader) => {
    reader.openMap()
    reader.key('locator')
    const locator = readHashes(reader, LIMITS.locatorHashesMax)
    reader.key('countMax')
    const countMax = reader.uint(1, LIMITS.headersCountMax)
    reader.closeMap()
    return { locator, countMax }
  })
}

/** 0..headersCountMax headers. Canonical dag-cbor, at most `headersBytesMax`. */
export function encodeHeaders(headers: readonly SignedHeader[]): Uint8Array {
  invariant(headers.length <= LIMITS.headersCountMax, 'as many headers as an answer may have')
  const writer = new CborWriter(16 + 384 * headers.length).array(headers.length)
  for (const header of headers) writeSigned(writer.map(2), header)
  return writer.finish()
}

/**
 * Strict, each header too; signatures are not verified, and whether one follows another is not looked at.
 * Each header stands in a copy of its own. Errors: CBOR_MALFORMED, MESSAGE_INVALID, HEADER_INVALID.
 */
export function decodeHeaders(bytes: Uint8Array, crypto: Crypto): Result<SignedHeader[]> {
  return decodeStrict(bytes, ANSWER, (reader) =>
    reader.list(LIMITS.headersCountMax, () => {
      const start = reader.offset
      reader.openMap()
      const headerBytes = readHeaderBytes(reader)
      const signature = readSignature(reader)
      reader.closeMap()
      const own = detach(reader.since(start))
      return signedHeaderOf(reader, own(headerBytes), own(signature), crypto)
    }),
  )
}

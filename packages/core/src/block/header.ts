/**
 * The block header: what a block's hash covers, and so everything. Canonical dag-cbor, keys in this order:
 *
 *   {"body": 42(h'00<cid>'), "root": h'<32>', "seal": h'', "size": 3, "time": 1767225600000, "height": 1,
 *    "parent": 42(h'00<cid>'), "version": 1, "producer": h'<32>'}
 *
 * `body` and `parent` are links to dag-cbor by SHA-256: the body of this block, the header of the one before.
 * The genesis block has no parent, no producer, no seal and an empty log. The producer's signature covers
 * `blockSigningBytes` and travels beside the header.
 */
import { concatBytes, equalBytes, fromHex, type Hash, utf8 } from '../bytes.ts'
import { cidOfHash } from '../codec/cid.ts'
import { type CborReader, decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import type { Crypto } from '../crypto.ts'
import { LIMITS } from '../limits.ts'
import { invariant, type Result } from '../result.ts'

export interface Header {
  /** Of the header's format. */
  readonly version: 1
  /** Blocks between it and genesis, which is 0. 0..2^53 - 1. */
  readonly height: number
  /** Hash of the block before it; null for genesis and for nothing else. */
  readonly parent: Hash | null
  /** When it was made, by its producer's clock: milliseconds since 1970 UTC, 0..timeMax. */
  readonly time: number
  /** Entries in the log after this block. */
  readonly size: number
  /** Root of the log after this block. 32 bytes. RFC 6962 section 2.1 */
  readonly root: Hash
  /** SHA-256 of the body: the dag-cbor list of entries, or the document in genesis. */
  readonly body: Hash
  /** Ed25519 public key, 32 bytes; zeros in genesis. */
  readonly producer: Uint8Array
  /** The engine's, 0..256 bytes. Empty in genesis. */
  readonly seal: Uint8Array
}

/** A header with its bytes, which are what is hashed. */
export interface EncodedHeader {
  readonly header: Header
  readonly headerBytes: Uint8Array
}

const FORMAT: Format = { name: 'header', code: 'HEADER_INVALID', bytesMax: LIMITS.headerBytesMax }

/** Keeps a signature of a block from being one of anything else: an entry, a checkpoint, another version. */
const DOMAIN = utf8('pulseledger/block/v1\n')

/** The producer of genesis: nobody. Also refused as an Ed25519 key, being of small order. */
export const NO_PRODUCER: Uint8Array = new Uint8Array(32)

/** The root of genesis, whose log is empty: SHA-256 of the empty string. RFC 6962 section 2.1 */
export const GENESIS_ROOT: Hash = fromHex(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
) as Uint8Array

/** Before the seal's own head: the map's head, `body` with its link, `root`, and the key. */
const SEAL_HEAD_AT = 91

/** Where in a header's bytes a seal of so many bytes begins: all that stands before it has a fixed length. */
export function sealOffset(sealBytes: number): number {
  return SEAL_HEAD_AT + (sealBytes < 24 ? 1 : sealBytes < 256 ? 2 : 3)
}

/** Canonical dag-cbor, at most 640 bytes. */
export function encodeHeader(header: Header): Uint8Array {
  const { parent } = header
  const writer = new CborWriter(LIMITS.headerBytesMax)
  writer.map(9)
  writer.key('body').link(cidOfHash(header.body))
  writer.key('root').byteString(header.root)
  writer.key('seal').byteString(header.seal)
  writer.key('size').integer(header.size)
  writer.key('time').integer(header.time)
  writer.key('height').integer(header.height)
  if (parent === null) writer.key('parent').null()
  else writer.key('parent').link(cidOfHash(parent))
  writer.key('version').integer(header.version)
  writer.key('producer').byteString(header.producer)
  const bytes = writer.finish()
  const decoded = decodeHeader(bytes)
  invariant(decoded.ok, decoded.ok ? '' : decoded.error.message)
  return bytes
}

/**
 * Strict; looks at the header alone, so at what genesis must be too. Errors: CBOR_MALFORMED, HEADER_INVALID.
 * Fields of bytes are views of `bytes`.
 */
export function decodeHeader(bytes: Uint8Array): Result<Header> {
  return decodeStrict(bytes, FORMAT, readHeader)
}

function readHeader(reader: CborReader): Header {
  reader.openMap()
  reader.key('body')
  const body = reader.linkHash()
  reader.key('root')
  const root = reader.byteString(32, 32)
  reader.key('seal')
  const seal = reader.byteString(0, LIMITS.sealBytesMax)
  reader.key('size')
  const size = reader.uint()
  reader.key('time')
  const time = reader.uint(0, LIMITS.timeMax)
  reader.key('height')
  const height = reader.uint()
  reader.key('parent')
  const parent = reader.optionalNull() ? null : reader.linkHash()
  if ((parent === null) !== (height === 0)) reader.refuse(`null belongs to height 0, the height is ${height}`)
  reader.key('version')
  reader.uint(1, 1)
  reader.key('producer')
  const producer = reader.byteString(32, 32)
  reader.closeMap()
  const header: Header = { version: 1, height, parent, time, size, root, body, producer, seal }
  const fault = height === 0 ? genesisFault(header) : undefined
  return fault === undefined ? header : reader.refuse(fault)
}

/** What in the header of a genesis block is not as it must be. */
function genesisFault(header: Header): string | undefined {
  if (header.size !== 0) return `the size of genesis is 0, not ${header.size}`
  if (!equalBytes(header.root, GENESIS_ROOT)) return 'the root of genesis is that of an empty log'
  if (header.seal.length !== 0) return 'the seal of genesis is empty'
  if (!equalBytes(header.producer, NO_PRODUCER)) return 'the producer of genesis is 32 zero bytes'
  return undefined
}

/** The block hash: SHA-256 of the header's bytes. */
export function hashHeader(headerBytes: Uint8Array, crypto: Crypto): Hash {
  return crypto.sha256(headerBytes)
}

/** 21 + 32 + 32 = 85 bytes: domain tag, ledger id, block hash. */
export function blockSigningBytes(ledgerId: Hash, blockHash: Hash): Uint8Array {
  return concatBytes(DOMAIN, ledgerId, blockHash)
}

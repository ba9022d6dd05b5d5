/**
 * The entry: the public, signed envelope of one reading. Canonical dag-cbor, 173..181 bytes:
 *
 *   {"author": h'<32>', "sequence": 0, "signature": h'<64>', "commitment": h'<32>'}
 *
 * The commitment is the SHA-256 of the payload's bytes. The signature covers `entrySigningBytes`. The id is
 * the entry's leaf hash in the log, SHA-256 of a zero byte and the bytes of the entry (RFC 6962 section 2.1).
 * The signature is part of it: two entries of one author and sequence are two entries, of which a chain takes
 * one.
 *
 * This is the hot path of every node: fields are views of the bytes that came, which are kept and sent on.
 */
import { concatBytes, type Hash, uint64, utf8 } from '../bytes.ts'
import { type CborReader, decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import type { Crypto, Signer } from '../crypto.ts'
import { LIMITS } from '../limits.ts'
import { invariant, type Result } from '../result.ts'

/** What the signature of an entry covers, beside the ledger id. */
export interface SignedFields {
  /** Ed25519 public key, 32 bytes. */
  readonly author: Uint8Array
  /** The author's entries on a chain are numbered from 0 without a gap. 0..2^53 - 1. */
  readonly sequence: number
  /** SHA-256 of the payload's bytes. */
  readonly commitment: Hash
}

export interface EntryFields extends SignedFields {
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array
}

export interface Entry extends EntryFields {
  /** The dag-cbor of the entry; the other fields are views of it, where they are bytes. */
  readonly bytes: Uint8Array
  /** The leaf hash of the entry. */
  readonly id: Hash
}

export interface EntryWithPayload {
  readonly entry: Entry
  readonly payload: Uint8Array
}

const FORMAT: Format = { name: 'entry', code: 'ENTRY_INVALID', bytesMax: LIMITS.entryBytesMax }

/** Keeps a signature of an entry from being one of anything else: a block, a checkpoint, another version. */
const DOMAIN = utf8('pulseledger/entry/v1\n')

/** 21 + 32 + 32 + 8 + 32 = 125 bytes: domain tag, ledger id, author, sequence (big-endian), commitment. */
export function entrySigningBytes(ledgerId: Hash, fields: SignedFields): Uint8Array {
  return concatBytes(DOMAIN, ledgerId, fields.author, uint64(fields.sequence), fields.commitment)
}

/** The entry of the given fields, whose lengths and bounds the caller has seen to. */
export function encodeEntry(fields: EntryFields, crypto: Crypto): Entry {
  const { author, sequence, commitment, signature } = fields
  invariant(author.length === 32 && commitment.length === 32, 'author and commitment have 32 bytes')
  invariant(signature.length === 64, 'a signature has 64 bytes')
  invariant(sequence >= 0, 'a sequence is not negative')
  const writer = new CborWriter(LIMITS.entryBytesMax)
  writer.map(4)
  writer.key('author').byteString(author)
  writer.key('sequence').integer(sequence)
  writer.key('signature').byteString(signature)
  writer.key('commitment').byteString(commitment)
  const decoded = decodeEntry(writer.finish(), crypto)
  invariant(decoded.ok, 'what is written can be read')
  return decoded.value
}

/** Strict; does not check the signature. Errors: CBOR_MALFORMED, ENTRY_INVALID. */
export function decodeEntry(bytes: Uint8Array, crypto: Crypto): Result<Entry> {
  return decodeStrict(bytes, FORMAT, (reader) => readEntry(reader, crypto))
}

/** Reads an entry inside of something else. To be called under `decodeStrict`. */
export function readEntry(reader: CborReader, crypto: Crypto): Entry {
  const start = reader.offset
  reader.openMap()
  reader.key('author')
  const author = reader.byteString(32, 32)
  reader.key('sequence')
  const sequence = reader.uint()
  reader.key('signature')
  const signature = reader.byteString(64, 64)
  reader.key('commitment')
  const commitment = reader.byteString(32, 32)
  reader.closeMap()
  const bytes = reader.since(start)
  return { bytes, id: leafHash(bytes, crypto), author, sequence, commitment, signature }
}

/** The entry of a payload with this commitment, signed for this ledger. */
export function signEntry(
  input: { readonly ledgerId: Hash; readonly sequence: number; readonly commitment: Hash },
  signer: Signer,
  crypto: Crypto,
): Entry {
  const { ledgerId, sequence, commitment } = input
  invariant(ledgerId.length === 32, 'a ledger id has 32 bytes')
  const signed = { author: signer.publicKey, sequence, commitment }
  return encodeEntry({ ...signed, signature: signer.sign(entrySigningBytes(ledgerId, signed)) }, crypto)
}

// Hashing is synchronous and nothing keeps the input, so one buffer serves every call: allocating it would
// cost as much as hashing it.
const leafInput = new Uint8Array(1 + LIMITS.entryBytesMax)

/** RFC 6962 section 2.1: SHA-256(0x00 || entry). */
function leafHash(entryBytes: Uint8Array, crypto: Crypto): Hash {
  leafInput.set(entryBytes, 1)
  return crypto.sha256(leafInput.subarray(0, 1 + entryBytes.length))
}

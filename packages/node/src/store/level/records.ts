/**
 * The values of the database. Each but the bodies is sealed: its content, then CRC-32C(key ++ content) as 4
 * big-endian bytes. LevelDB has checksums in its files, but classic-level neither compares them when it reads
 * nor lets us ask for it: without the seal a flipped bit on the disk would be a wrong answer. Bodies need
 * none, because the header of a block holds the hash of its body.
 *
 *   key 43 0000000000000007, value <32 bytes of a block hash> <4 bytes of seal>
 */
import type { Hash } from '@pulseledger/core'
import { crc32c } from './crc32c.ts'
import { pooledBytes, readUint32, readUint64, writeUint32, writeUint64 } from './keys.ts'

const SEAL_BYTES = 4
const WEIGHT_BYTES = 32
export const HASH_BYTES = 32

export function seal(key: Uint8Array, content: Uint8Array): Uint8Array {
  const value = unsealedBytes(content.length)
  value.set(content)
  return sealInPlace(key, value)
}

/** Bytes for a content of this length with room for the seal behind it; they hold anything. */
export function unsealedBytes(length: number): Uint8Array {
  return pooledBytes(length + SEAL_BYTES)
}

/** The same bytes, sealed: so a content that is written where it stays is not copied. */
export function sealInPlace(key: Uint8Array, value: Uint8Array): Uint8Array {
  const length = value.length - SEAL_BYTES
  writeUint32(value, length, crc32c(value, crc32c(key), length))
  return value
}

/** The content, a view of `value`; undefined when the seal is not that of the key and the content. */
export function unseal(key: Uint8Array, value: Uint8Array): Uint8Array | undefined {
  const length = value.length - SEAL_BYTES
  if (length < 0) return undefined
  // What classic-level gives is a Buffer; nobody should meet one, because its slice() is not that of an
  // array.
  const content = new Uint8Array(value.buffer, value.byteOffset, length)
  return crc32c(content, crc32c(key)) === readUint32(value, length) ? content : undefined
}

/** One number: a height, a counter, a next sequence. 8 bytes. */
export function encodeNumber(value: number): Uint8Array {
  const content = new Uint8Array(8)
  writeUint64(content, 0, value)
  return content
}

export function decodeNumber(content: Uint8Array): number | undefined {
  return content.length === 8 ? readUint64(content, 0) : undefined
}

/** Where an entry is: height, then index in the log. 16 bytes. */
export function encodePosition(height: number, index: number): Uint8Array {
  const content = new Uint8Array(16)
  writePosition(content, height, index)
  return content
}

export function writePosition(target: Uint8Array, height: number, index: number): void {
  writeUint64(target, 0, height)
  writeUint64(target, 8, index)
}

export function decodePosition(content: Uint8Array): { height: number; index: number } | undefined {
  if (content.length !== 16) return undefined
  return { height: readUint64(content, 0), index: readUint64(content, 8) }
}

/** All of a block but its body and payloads. */
export interface BlockRecord {
  /** 0 <= weight < 2^256. */
  readonly weight: bigint
  /** So that the block can be parsed before its payloads are looked up by the ids of its entries. */
  readonly entryCount: number
  /** At most 255 bytes. */
  readonly signature: Uint8Array
  readonly headerBytes: Uint8Array
}

/** Weight (32 bytes), entry count (4), length of the signature (1), signature, header. */
export function encodeBlockRecord(record: BlockRecord): Uint8Array {
  const { signature, headerBytes } = record
  const content = new Uint8Array(WEIGHT_BYTES + 5 + signature.length + headerBytes.length)
  let weight = record.weight
  for (let i = WEIGHT_BYTES - 1; i >= 0; i--, weight >>= 8n) content[i] = Number(weight & 0xffn)
  writeUint32(content, WEIGHT_BYTES, record.entryCount)
  content[WEIGHT_BYTES + 4] = signature.length
  content.set(signature, WEIGHT_BYTES + 5)
  content.set(headerBytes, WEIGHT_BYTES + 5 + signature.length)
  return content
}

export function decodeBlockRecord(content: Uint8Array): BlockRecord | undefined {
  const signatureAt = WEIGHT_BYTES + 5
  const headerAt = signatureAt + (content[WEIGHT_BYTES + 4] ?? 0)
  if (content.length < headerAt) return undefined
  let weight = 0n
  for (let i = 0; i < WEIGHT_BYTES; i++) weight = (weight << 8n) | BigInt(content[i] as number)
  const entryCount = readUint32(content, WEIGHT_BYTES)
  return {
    weight,
    entryCount,
    signature: content.subarray(signatureAt, headerAt),
    headerBytes: content.subarray(headerAt),
  }
}

/** Hashes of 32 bytes, one after another. */
export function encodeHashes(hashes: readonly Hash[]): Uint8Array {
  const content = new Uint8Array(hashes.length * HASH_BYTES)
  for (const [i, hash] of hashes.entries()) content.set(hash, i * HASH_BYTES)
  return content
}

export function decodeHashes(content: Uint8Array): Hash[] | undefined {
  if (content.length % HASH_BYTES !== 0) return undefined
  const hashes: Hash[] = []
  for (let at = 0; at < content.length; at += HASH_BYTES) hashes.push(content.subarray(at, at + HASH_BYTES))
  return hashes
}

/** Length of the entry (2 bytes), entry, payload. */
export function encodePending(entryBytes: Uint8Array, payload: Uint8Array): Uint8Array {
  const content = new Uint8Array(2 + entryBytes.length + payload.length)
  content[0] = entryBytes.length >>> 8
  content[1] = entryBytes.length
  content.set(entryBytes, 2)
  content.set(payload, 2 + entryBytes.length)
  return content
}

export function decodePending(
  content: Uint8Array,
): { entryBytes: Uint8Array; payload: Uint8Array } | undefined {
  if (content.length < 2) return undefined
  const payloadAt = 2 + (content[0] as number) * 256 + (content[1] as number)
  if (content.length < payloadAt) return undefined
  return { entryBytes: content.subarray(2, payloadAt), payload: content.subarray(payloadAt) }
}

/** A block hash or an entry id. */
export function decodeHash(content: Uint8Array): Hash | undefined {
  return content.length === HASH_BYTES ? content : undefined
}

/** How far a database is. */
export interface State {
  /** Commits since the database was made, at least 1. */
  readonly commits: number
  readonly head: { readonly height: number; readonly hash: Hash }
}

/** Commits (8 bytes), height of the head (8), its hash (32). */
export function encodeState({ commits, head }: State): Uint8Array {
  const content = new Uint8Array(16 + HASH_BYTES)
  writeUint64(content, 0, commits)
  writeUint64(content, 8, head.height)
  content.set(head.hash, 16)
  return content
}

export function decodeState(content: Uint8Array): State | undefined {
  if (content.length !== 16 + HASH_BYTES) return undefined
  const head = { height: readUint64(content, 8), hash: content.subarray(16) }
  return { commits: readUint64(content, 0), head }
}

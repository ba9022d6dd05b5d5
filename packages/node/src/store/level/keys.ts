/**
 * The keys of the database: one byte for the kind of record, then what identifies it. Numbers are big-endian,
 * so that records of a kind sort by them. docs/spec/store.md describes the records.
 *
 *   43 0000000000000007    the canonical block of height 7
 */
import { type Hash, toHex } from '@pulseledger/core'

/** The first byte of a key. Never reuse one: an old database may hold it. */
export const KIND = {
  author: 0x41, // A author: next sequence
  block: 0x42, // B height hash: weight, signature, header
  canonical: 0x43, // C height: hash
  body: 0x44, // D hash: body
  entry: 0x45, // E entry id: height, log index
  height: 0x48, // H hash: height
  meta: 0x4d, // M name
  payload: 0x50, // P entry id: payload
  pending: 0x51, // Q counter: entry, payload
  pendingId: 0x52, // R entry id: counter
  authorSequence: 0x53, // S author sequence: entry id
  tree: 0x54, // T index of the first entry of a block: hashes of the nodes that the block completes
  siblings: 0x57, // W height: hashes of all blocks there
} as const

export type Kind = (typeof KIND)[keyof typeof KIND]

/** What the one key of each name under `meta` holds. */
export const META = {
  /** 8 bytes: the format version. */
  format: Uint8Array.of(KIND.meta, 0x66),
  /** 32 bytes: the hash of genesis. */
  ledgerId: Uint8Array.of(KIND.meta, 0x6c),
  /** 8 + 8 + 32 bytes: number of the last commit, height and hash of the head. */
  state: Uint8Array.of(KIND.meta, 0x73),
} as const

export const authorKey = (author: Uint8Array): Uint8Array => withBytes(KIND.author, author)
export const bodyKey = (hash: Hash): Uint8Array => withBytes(KIND.body, hash)
export const entryKey = (id: Hash): Uint8Array => withBytes(KIND.entry, id)
export const heightKey = (hash: Hash): Uint8Array => withBytes(KIND.height, hash)
export const payloadKey = (id: Hash): Uint8Array => withBytes(KIND.payload, id)
export const pendingIdKey = (id: Hash): Uint8Array => withBytes(KIND.pendingId, id)

export const canonicalKey = (height: number): Uint8Array => withNumber(KIND.canonical, height)
export const siblingsKey = (height: number): Uint8Array => withNumber(KIND.siblings, height)
export const pendingKey = (counter: number): Uint8Array => withNumber(KIND.pending, counter)
export const treeKey = (firstIndex: number): Uint8Array => withNumber(KIND.tree, firstIndex)

export function blockKey(height: number, hash: Hash): Uint8Array {
  const key = pooledBytes(9 + hash.length)
  key[0] = KIND.block
  writeUint64(key, 1, height)
  key.set(hash, 9)
  return key
}

export function authorSequenceKey(author: Uint8Array, sequence: number): Uint8Array {
  const key = pooledBytes(1 + author.length + 8)
  key[0] = KIND.authorSequence
  key.set(author, 1)
  writeUint64(key, 1 + author.length, sequence)
  return key
}

/** All keys of a kind: from the first, included, to the second, not included. */
export function kindRange(kind: Kind): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: Uint8Array.of(kind), lt: Uint8Array.of(kind + 1) }
}

/** What a key is, for messages: "canonical block of height 7". */
export function describeKey(key: Uint8Array): string {
  const name = NAMES.get(key[0] as number)
  if (name === undefined) return `record ${toHex(key)}`
  const rest = key.subarray(1)
  switch (key[0]) {
    case KIND.block:
      return `${name} ${toHex(rest.subarray(8))} of height ${readUint64(rest, 0)}`
    case KIND.canonical:
    case KIND.siblings:
      return `${name} of height ${readUint64(rest, 0)}`
    case KIND.authorSequence:
      return `${name} ${readUint64(rest, 32)} of author ${toHex(rest.subarray(0, 32))}`
    case KIND.tree:
      return `${name} from leaf ${readUint64(rest, 0)}`
    case KIND.pending:
      return `${name} ${readUint64(rest, 0)}`
    default:
      return `${name} ${toHex(rest)}`
  }
}

const NAMES = new Map<number, string>([
  [KIND.author, 'next sequence of author'],
  [KIND.block, 'block'],
  [KIND.canonical, 'canonical block'],
  [KIND.body, 'body of block'],
  [KIND.entry, 'position of entry'],
  [KIND.height, 'height of block'],
  [KIND.meta, 'meta record'],
  [KIND.payload, 'payload of entry'],
  [KIND.pending, 'pending entry'],
  [KIND.pendingId, 'place of pending entry'],
  [KIND.authorSequence, 'entry'],
  [KIND.tree, 'tree nodes'],
  [KIND.siblings, 'list of blocks'],
])

/**
 * Bytes for a key or a value on its way to LevelDB; they hold anything until they are written. Node cuts
 * small ones from a pool. Arrays of our own making would have to be moved out of the JavaScript heap, one by
 * one, before LevelDB can read them: measured at 0.5 us each, as much as LevelDB itself takes for a record.
 */
export function pooledBytes(length: number): Uint8Array {
  return Buffer.allocUnsafe(length)
}

function withBytes(kind: Kind, bytes: Uint8Array): Uint8Array {
  const key = pooledBytes(1 + bytes.length)
  key[0] = kind
  key.set(bytes, 1)
  return key
}

function withNumber(kind: Kind, value: number): Uint8Array {
  const key = pooledBytes(9)
  key[0] = kind
  writeUint64(key, 1, value)
  return key
}

const TWO_32 = 2 ** 32

/** 0 <= value <= 2^53 - 1, as 8 big-endian bytes at `offset`. */
export function writeUint64(target: Uint8Array, offset: number, value: number): void {
  writeUint32(target, offset, Math.floor(value / TWO_32))
  writeUint32(target, offset + 4, value % TWO_32)
}

/** The 8 big-endian bytes at `offset`; above 2^53 - 1 it is not exact. */
export function readUint64(source: Uint8Array, offset: number): number {
  return readUint32(source, offset) * TWO_32 + readUint32(source, offset + 4)
}

export function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24
  target[offset + 1] = value >>> 16
  target[offset + 2] = value >>> 8
  target[offset + 3] = value
}

export function readUint32(source: Uint8Array, offset: number): number {
  const [a, b, c, d] = [source[offset], source[offset + 1], source[offset + 2], source[offset + 3]] as Four
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}

type Four = [number, number, number, number]

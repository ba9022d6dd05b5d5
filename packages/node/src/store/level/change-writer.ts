import type { Block, Change, ConnectedBlock, EntryWithPayload, Hash, PlacedBlock } from '@pulseledger/core'
import { compareBytes, equalBytes, invariant, keyOf } from '@pulseledger/core'
import {
  authorKey,
  authorSequenceKey,
  blockKey,
  bodyKey,
  canonicalKey,
  entryKey,
  heightKey,
  payloadKey,
  pendingIdKey,
  pendingKey,
  siblingsKey,
  treeKey,
  writeUint64,
} from './keys.ts'
import { encodeNodes } from './log-nodes.ts'
import type { RecordReader } from './record-reader.ts'
import {
  decodeHashes,
  decodeNumber,
  encodeBlockRecord,
  encodeHashes,
  encodeNumber,
  encodePending,
  HASH_BYTES,
  seal,
  sealInPlace,
  unsealedBytes,
  writePosition,
} from './records.ts'

/**
 * Where the operations of one commit go, in order; a later one on the same key wins. Each takes a copy of its
 * key and value before it returns, as LevelDB's batch does.
 */
export interface Batch {
  put(key: Uint8Array, value: Uint8Array): unknown
  del(key: Uint8Array): unknown
}

/** What changes in memory once the batch is durable. */
export interface PendingChange {
  readonly added: readonly number[]
  readonly removed: readonly number[]
}

/**
 * Writes one Change into one batch, in the order of its fields. Reads what is stored, and writes nothing
 * itself.
 */
export class ChangeWriter {
  readonly #reader: RecordReader
  readonly #batch: Batch
  /** Hashes of the heights and next sequences of the authors that this change touches. */
  readonly #siblings = new Map<number, Hash[]>()
  readonly #next = new Map<string, { author: Uint8Array; next: number }>()
  #last: { author: Uint8Array; next: number } | undefined
  /** Written over for every entry, because making them anew costs as much as filling them. */
  readonly #entryKey = entryKey(NO_HASH)
  readonly #position = unsealedBytes(16)
  readonly #sequenceKey = authorSequenceKey(NO_HASH, 0)
  readonly #id = unsealedBytes(HASH_BYTES)
  readonly #payloadKey = payloadKey(NO_HASH)

  constructor(reader: RecordReader, batch: Batch) {
    this.#reader = reader
    this.#batch = batch
  }

  /** `nextCounter`: of the next pending entry. */
  write(change: Change, nextCounter: number): PendingChange {
    for (const { block, weight } of change.blocks) this.#block(block, weight)
    for (const [height, hashes] of this.#siblings) this.#put(siblingsKey(height), encodeHashes(hashes))
    for (const placed of change.disconnect) this.#disconnect(placed)
    for (const placed of change.connect) this.#connect(placed)
    for (const { author, next } of this.#next.values()) {
      if (next > 0) this.#put(authorKey(author), encodeNumber(next))
      else this.#batch.del(authorKey(author))
    }
    return this.#pending(change, nextCounter)
  }

  #block(block: Block, weight: bigint): void {
    const { header, headerBytes, hash, signature, bodyBytes, entries } = block
    const siblings = this.#blocksAt(header.height)
    if (contains(siblings, hash)) return
    const { parent } = header
    invariant(
      parent === null || this.#isStored(header.height - 1, parent),
      'a parent is stored before its child',
    )

    siblings.push(hash)
    siblings.sort(compareBytes)
    const record = { weight, entryCount: entries.length, signature, headerBytes }
    this.#put(blockKey(header.height, hash), encodeBlockRecord(record))
    this.#put(heightKey(hash), encodeNumber(header.height))
    this.#batch.put(bodyKey(hash), bodyBytes)
    for (const [i, entry] of entries.entries()) {
      const payload = block.payloads[i]
      if (!payload) continue
      this.#payloadKey.set(entry.id, 1)
      this.#put(this.#payloadKey, payload)
    }
  }

  #disconnect({ block, firstIndex }: PlacedBlock): void {
    const { height } = block.header
    this.#batch.del(canonicalKey(height))
    for (const entry of block.entries.toReversed()) {
      this.#batch.del(entryKey(entry.id))
      this.#batch.del(authorSequenceKey(entry.author, entry.sequence))
      this.#setNext(entry.author, entry.sequence)
    }
    if (block.entries.length > 0) this.#batch.del(treeKey(firstIndex))
  }

  #connect({ block, firstIndex, nodes }: ConnectedBlock): void {
    const { height } = block.header
    invariant(this.#isStored(height, block.hash), 'a block is stored before it connects')
    this.#put(canonicalKey(height), block.hash)
    let index = firstIndex
    for (const { id, author, sequence } of block.entries) {
      this.#putPosition(id, height, index)
      this.#putSequence(author, sequence, id)
      this.#setNext(author, sequence + 1)
      index += 1
    }
    if (block.entries.length === 0) return
    const nodesKey = treeKey(firstIndex)
    this.#batch.put(nodesKey, sealInPlace(nodesKey, encodeNodes(firstIndex, index, nodes)))
  }

  #putPosition(id: Hash, height: number, index: number): void {
    const [key, value] = [this.#entryKey, this.#position]
    key.set(id, 1)
    writePosition(value, height, index)
    this.#batch.put(key, sealInPlace(key, value))
  }

  #putSequence(author: Uint8Array, sequence: number, id: Hash): void {
    const [key, value] = [this.#sequenceKey, this.#id]
    key.set(author, 1)
    writeUint64(key, 1 + HASH_BYTES, sequence)
    value.set(id)
    this.#batch.put(key, sealInPlace(key, value))
  }

  #pending(change: Change, nextCounter: number): PendingChange {
    const added = new Map<string, number>()
    const removed: number[] = []
    for (const item of change.pendingAdd) {
      const key = keyOf(item.entry.id)
      if (added.has(key) || this.#counterOf(item.entry.id) !== undefined) continue
      added.set(key, nextCounter)
      this.#addPending(item, nextCounter)
      nextCounter += 1
    }
    for (const id of change.pendingRemove) {
      const counter = added.get(keyOf(id)) ?? this.#counterOf(id)
      if (counter === undefined) continue
      this.#batch.del(pendingKey(counter))
      this.#batch.del(pendingIdKey(id))
      removed.push(counter)
    }
    return { added: [...added.values()], removed }
  }

  #addPending({ entry, payload }: EntryWithPayload, counter: number): void {
    this.#put(pendingKey(counter), encodePending(entry.bytes, payload))
    this.#put(pendingIdKey(entry.id), encodeNumber(counter))
  }

  #counterOf(id: Hash): number | undefined {
    return this.#reader.get(pendingIdKey(id), decodeNumber)
  }

  #isStored(height: number, hash: Hash): boolean {
    const touched = this.#siblings.get(height)
    if (touched) return contains(touched, hash)
    return this.#reader.get(heightKey(hash), decodeNumber) === height
  }

  /** The blocks of a height, to be extended: this change's own are among them. */
  #blocksAt(height: number): Hash[] {
    const touched = this.#siblings.get(height)
    if (touched) return touched
    const stored = this.#reader.get(siblingsKey(height), decodeHashes) ?? []
    this.#siblings.set(height, stored)
    return stored
  }

  /** Entries of one author mostly follow one another; only then is a Map too slow a place to look. */
  #setNext(author: Uint8Array, next: number): void {
    if (this.#last === undefined || !equalBytes(this.#last.author, author)) {
      const key = keyOf(author)
      this.#last = this.#next.get(key) ?? { author, next }
      this.#next.set(key, this.#last)
    }
    this.#last.next = next
  }

  #put(key: Uint8Array, content: Uint8Array): void {
    this.#batch.put(key, seal(key, content))
  }
}

const NO_HASH = new Uint8Array(HASH_BYTES)

function contains(hashes: readonly Hash[], hash: Hash): boolean {
  return hashes.some((known) => equalBytes(known, hash))
}

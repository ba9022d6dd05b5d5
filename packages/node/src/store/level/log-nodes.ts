/**
 * The complete nodes of the log of the canonical chain: the leaves, which are the entry ids, and the roots of
 * the perfect subtrees over them.
 *
 * A record for each node would be two for each entry, so the nodes that a block completes are one record, in
 * the order in which `completedNodes` gives them, under the index of the block's first entry. Node (level,
 * index) is completed by its last leaf, so it is in the record of the block that has this leaf. The sizes in
 * the headers ascend with the height, and bisection finds that block. Before leaf n there are
 * `nodeCount(n)` nodes, whatever the blocks; so the place of a node within its record is a subtraction.
 *
 *   T 0000000000000002: block with leaves 2 and 3: the hashes of 0/2, 0/3, 1/1, 2/0
 *
 * The block found last is kept with its record: whoever reads the nodes in order reads each record once.
 */
import { decodeHeader, type Hash, invariant, type TreeNode } from '@pulseledger/core'
import { NodeFailure } from '../../ports.ts'
import { blockKey, canonicalKey, describeKey, treeKey } from './keys.ts'
import type { RecordReader } from './record-reader.ts'
import { decodeBlockRecord, decodeHash, HASH_BYTES, unsealedBytes } from './records.ts'

/** Where the entries of a canonical block are in the log: [firstIndex, size). */
interface Span {
  readonly height: number
  readonly firstIndex: number
  /** Of the log after the block. */
  readonly size: number
}

/** What damage kept from being looked at. */
interface Doubt {
  damage?: NodeFailure
}

export class LogNodes {
  readonly #reader: RecordReader
  #span: Span | undefined
  /** The record of that block; undefined when it was not read yet, null when it is missing. */
  #record: Uint8Array | null | undefined

  constructor(reader: RecordReader) {
    this.#reader = reader
  }

  /** After a reorg. New blocks change nothing of those below them. */
  forget(): void {
    this.#span = undefined
    this.#record = undefined
  }

  /**
   * Undefined when the node is not complete, or its record is missing. Reads as many headers as the height
   * has binary digits, or none when the node is in the block found last. STORE_DAMAGED, STORE_READ_FAILED.
   */
  get(level: number, index: number, headHeight: number): Hash | undefined {
    const leaf = lastLeaf(level, index)
    if (leaf === undefined) return undefined
    const span = this.#find(leaf, headHeight)
    const record = span && this.#recordOf(span)
    if (!record) return undefined
    const place = nodeCount(leaf) - nodeCount(span.firstIndex) + level
    // A copy: the record is asked again.
    return record.slice(place * HASH_BYTES, (place + 1) * HASH_BYTES)
  }

  /** The canonical block that has the leaf. */
  #find(leaf: number, headHeight: number): Span | undefined {
    const last = this.#span
    if (last && isIn(last, leaf)) return last
    const isAbove = last !== undefined && leaf >= last.size
    const isBelow = last !== undefined && leaf < last.firstIndex
    const low = isAbove ? last.height + 1 : 0
    const high = isBelow ? last.height - 1 : headHeight
    const doubt: Doubt = {}
    // Whoever goes on in order wants the next block.
    const found = this.#search(leaf, low, high, doubt, last?.size === leaf ? low : undefined)
    if (found === undefined && doubt.damage) throw doubt.damage
    if (found) {
      this.#span = found
      this.#record = undefined
    }
    return found
  }

  /**
   * Among the heights from `low` to `high`, both included; `at` is looked at first. One that cannot be read
   * does not hide the others: then both sides of it are searched.
   */
  #search(
    leaf: number,
    low: number,
    high: number,
    doubt: Doubt,
    at = low + Math.floor((high - low) / 2),
  ): Span | undefined {
    if (low > high) return undefined
    const span = this.#spanAt(at, doubt)
    if (span && isIn(span, leaf)) return span
    const below = span && leaf >= span.size ? undefined : this.#search(leaf, low, at - 1, doubt)
    if (below || (span && leaf < span.firstIndex)) return below
    return this.#search(leaf, at + 1, high, doubt)
  }

  #spanAt(height: number, doubt: Doubt): Span | undefined {
    try {
      const key = blockKey(height, this.#reader.need(canonicalKey(height), decodeHash))
      const { headerBytes, entryCount } = this.#reader.need(key, decodeBlockRecord)
      const header = decodeHeader(headerBytes)
      if (!header.ok) throw this.#reader.damaged(`${describeKey(key)}: ${header.error.message}`)
      const { size } = header.value
      return { height, firstIndex: size - entryCount, size }
    } catch (error) {
      if (!(error instanceof NodeFailure) || error.code !== 'STORE_DAMAGED') throw error
      doubt.damage ??= error
      return undefined
    }
  }

  #recordOf({ firstIndex, size }: Span): Uint8Array | null {
    if (this.#record !== undefined) return this.#record
    const key = treeKey(firstIndex)
    const record = this.#reader.get(key, (content) => content) ?? null
    const expected = nodeCount(size) - nodeCount(firstIndex)
    if (record !== null && record.length !== expected * HASH_BYTES) {
      throw this.#reader.damaged(`${describeKey(key)} are ${record.length} bytes, and not ${expected} hashes`)
    }
    this.#record = record
    return record
  }
}

/** The nodes that a block completes, as `appendLeaves` reports them. Not sealed yet: see `sealInPlace`. */
export function encodeNodes(firstIndex: number, size: number, nodes: readonly TreeNode[]): Uint8Array {
  const count = nodeCount(size) - nodeCount(firstIndex)
  invariant(nodes.length === count, 'a block comes with the nodes that it completes')
  const record = unsealedBytes(count * HASH_BYTES)
  let at = 0
  for (const { hash } of nodes) {
    record.set(hash, at)
    at += HASH_BYTES
  }
  return record
}

/** Complete nodes over `size` leaves, the leaves included. */
export function nodeCount(size: number): number {
  let count = 0
  for (let width = size; width > 0; width = Math.floor(width / 2)) count += width
  return count
}

/** The leaf that completes a node; undefined when no log is that long. */
function lastLeaf(level: number, index: number): number | undefined {
  const leaf = (index + 1) * 2 ** level - 1
  return Number.isSafeInteger(leaf) && leaf >= 0 ? leaf : undefined
}

function isIn({ firstIndex, size }: Span, leaf: number): boolean {
  return firstIndex <= leaf && leaf < size
}

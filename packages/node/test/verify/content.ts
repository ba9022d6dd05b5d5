import { createHash, type Hash as Digest } from 'node:crypto'
import type { Hash, WeighedBlock } from '@pulseledger/core'
import type { BlockStore } from '../../src/ports.ts'
import type { TestBlock } from '../support/chain.ts'

/** What a store can be asked about, from the blocks that were put into it. */
export interface Known {
  /** Of every branch. */
  readonly blocks: readonly TestBlock[]
  /** Beside the authors in blocks. */
  readonly authors: readonly Uint8Array[]
}

const BEYOND = 3
const LEVELS = 14

/**
 * A digest of every answer of a store, to questions about what it holds and about what comes right after: two
 * stores with one digest cannot be told apart through the port.
 */
export async function contentOf(store: BlockStore, { blocks, authors }: Known): Promise<string> {
  const digest = new Answers()
  const head = store.head()
  digest.add('head', head?.height, head?.hash)
  for (let height = 0; height <= (head?.height ?? 0) + BEYOND; height++)
    digest.add(store.canonicalHash(height))
  let size = 0
  const keys = new Map<string, Uint8Array>(authors.map((author) => [author.join(), author]))
  for (const { block } of blocks) {
    const stored = store.block(block.hash)
    digest.add('block', stored?.canonical)
    if (stored) digest.addBlock(stored)
    for (const { id, author } of block.entries) {
      const position = store.entryById(id)
      digest.add(position?.height, position?.index, store.payload(id))
      keys.set(author.join(), author)
    }
    size = Math.max(size, block.header.size)
  }
  for (const from of [0, 1, (head?.height ?? 0) >> 1, head?.height ?? 0]) {
    for (const weighed of store.blocksFrom(from)) digest.addBlock(weighed)
  }
  for (const author of keys.values()) {
    const next = store.nextSequence(author)
    digest.add('author', next)
    for (let sequence = 0; sequence < next + BEYOND; sequence++)
      digest.add(store.entryIdByAuthor(author, sequence))
  }
  for (let level = 0; level < LEVELS; level++) {
    for (let index = 0; index <= size / 2 ** level + BEYOND; index++) digest.add(store.treeNode(level, index))
  }
  for (let index = 0; index <= size + BEYOND; index++) digest.add(store.entryIdByIndex(index))
  for (const { entry, payload } of store.pending()) digest.add('pending', entry.id, entry.bytes, payload)
  for await (const { author, next } of store.authors()) digest.add(author, next)
  digest.add(JSON.stringify(await store.census()))
  return digest.hex()
}

class Answers {
  readonly #digest: Digest = createHash('sha256')

  add(...answers: (Hash | string | number | boolean | undefined)[]): void {
    for (const answer of answers) {
      if (answer instanceof Uint8Array) this.#digest.update(`${answer.length}:`).update(answer)
      else this.#digest.update(`${typeof answer} ${String(answer)};`)
    }
  }

  addBlock({ block, weight }: WeighedBlock): void {
    const { hash, headerBytes, signature, bodyBytes, payloads } = block
    this.add(String(weight), hash, headerBytes, signature, bodyBytes)
    for (const payload of payloads) this.add(payload ?? 'erased')
  }

  hex(): string {
    return this.#digest.digest('hex')
  }
}

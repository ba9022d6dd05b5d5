import { type EntryWithPayload, type Hash, toHex, type WeighedBlock } from '@pulseledger/core'
import type { BlockStore } from '../../src/ports.ts'
import { ancestry, type TestBlock } from '../support/chain.ts'

/** What a store is asked about. */
export interface Universe {
  readonly blocks: readonly TestBlock[]
  readonly entries: readonly EntryWithPayload[]
  readonly authors: readonly Uint8Array[]
}

/** What a store should hold. */
export interface Expected {
  readonly head: TestBlock | undefined
  readonly stored: readonly TestBlock[]
  readonly pending?: readonly EntryWithPayload[]
}

/** Heights, sizes and sequences are asked for from 0 to this: more than any test makes. */
const ASKED = 24

/** The answers of a store to every query about the universe, as plain values. */
export type Answers = Record<string, unknown>

export async function observe(store: BlockStore, universe: Universe): Promise<Answers> {
  const numbers = Array.from({ length: ASKED }, (_, i) => i)
  const anchor = store.anchor()
  return {
    head: positionText(store.head()),
    anchor: anchor === 'damaged' ? anchor : positionText(anchor),
    canonical: numbers.map((height) => hex(store.canonicalHash(height))),
    blocks: universe.blocks.map(({ block }) => {
      const stored = store.block(block.hash)
      return stored && { ...blockText(stored), canonical: stored.canonical }
    }),
    blocksFrom: [0, 1, 2, 5].map((height) => [...store.blocksFrom(height)].map(blockText)),
    positions: universe.entries.map(({ entry }) => store.entryById(entry.id)),
    payloads: universe.entries.map(({ entry }) => hex(store.payload(entry.id))),
    nextSequences: universe.authors.map((author) => store.nextSequence(author)),
    byAuthor: universe.authors.map((author) => numbers.map((n) => hex(store.entryIdByAuthor(author, n)))),
    byIndex: numbers.map((index) => hex(store.entryIdByIndex(index))),
    nodes: [0, 1, 2, 3, 4].map((level) => numbers.map((index) => hex(store.treeNode(level, index)))),
    pending: [...store.pending()].map(itemText),
    census: await store.census(),
    authors: (await all(store.authors())).map(({ author, next }) => `${toHex(author)} ${next}`),
    faults: await all(store.faults()),
  }
}

/** The same, computed from the blocks themselves and from nothing that a store does. */
export function expectedAnswers({ head, stored, pending = [] }: Expected, universe: Universe): Answers {
  const numbers = Array.from({ length: ASKED }, (_, i) => i)
  const chain = ancestry(head)
  const find = (among: readonly TestBlock[], { block }: TestBlock) =>
    among.find((other) => toHex(other.block.hash) === toHex(block.hash))
  const log = chain.flatMap(({ block }) =>
    block.entries.map((entry) => ({ entry, height: block.header.height })),
  )
  const nodes = new Map(
    chain.flatMap((block) => block.nodes).map((node) => [`${node.level}/${node.index}`, node.hash]),
  )
  const ofAuthor = (author: Uint8Array) => log.filter(({ entry }) => toHex(entry.author) === toHex(author))
  const payloads = new Map<string, Uint8Array>()
  for (const { block } of stored) {
    for (const [i, entry] of block.entries.entries()) {
      const payload = block.payloads[i]
      if (payload) payloads.set(toHex(entry.id), payload)
    }
  }
  const sorted = stored.toSorted((a, b) => compareText(sortKey(a), sortKey(b)))
  const authors = [...new Set(log.map(({ entry }) => toHex(entry.author)))].sort()
  const position = positionText(head && { height: head.block.header.height, hash: head.block.hash })
  return {
    head: position,
    anchor: position,
    canonical: numbers.map((height) => hex(chain[height]?.block.hash)),
    blocks: universe.blocks.map((block) => {
      const found = find(stored, block)
      return found && { ...blockText(found), canonical: find(chain, block) !== undefined }
    }),
    blocksFrom: [0, 1, 2, 5].map((from) =>
      sorted.filter(({ block }) => block.header.height >= from).map(blockText),
    ),
    positions: universe.entries.map(({ entry }) => {
      const index = log.findIndex((item) => toHex(item.entry.id) === toHex(entry.id))
      return index < 0 ? undefined : { height: log[index]?.height, index }
    }),
    payloads: universe.entries.map(({ entry }) => hex(payloads.get(toHex(entry.id)))),
    nextSequences: universe.authors.map((author) => ofAuthor(author).length),
    byAuthor: universe.authors.map((author) => numbers.map((n) => hex(ofAuthor(author)[n]?.entry.id))),
    byIndex: numbers.map((index) => hex(log[index]?.entry.id)),
    nodes: [0, 1, 2, 3, 4].map((level) => numbers.map((index) => hex(nodes.get(`${level}/${index}`)))),
    pending: pending.map(itemText),
    census: {
      blocks: stored.length,
      canonical: chain.length,
      entryIds: log.length,
      authorSequences: log.length,
      authors: authors.length,
      payloads: payloads.size,
      treeNodes: chain.filter(({ block }) => block.entries.length > 0).length,
      pending: pending.length,
    },
    authors: authors.map(
      (author) => `${author} ${log.filter((item) => toHex(item.entry.author) === author).length}`,
    ),
    faults: [],
  }
}

function sortKey({ block }: WeighedBlock): string {
  return `${String(block.header.height).padStart(8, '0')} ${toHex(block.hash)}`
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function blockText({ block, weight }: WeighedBlock): object {
  return {
    hash: toHex(block.hash),
    height: block.header.height,
    header: toHex(block.headerBytes),
    signature: toHex(block.signature),
    body: toHex(block.bodyBytes),
    ids: block.entries.map((entry) => toHex(entry.id)),
    payloads: block.payloads.map((payload) => payload && toHex(payload)),
    weight: String(weight),
  }
}

function itemText({ entry, payload }: EntryWithPayload): string {
  return `${toHex(entry.id)} ${toHex(entry.bytes)} ${toHex(payload)}`
}

function positionText(position: { height: number; hash: Hash } | undefined): string | undefined {
  return position && `${position.height} ${toHex(position.hash)}`
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && toHex(bytes)
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

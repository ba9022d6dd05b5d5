/**
 * Makes entries and blocks: good ones, and such that are wrong in one thing. A bad block is signed by its
 * producer all the same, since a wrong signature is what everybody looks at first.
 */
import {
  type BlockContents,
  blockSigningBytes,
  type EntryWithPayload,
  encodeBody,
  encodeEntry,
  encodeHeader,
  encodePayload,
  entrySigningBytes,
  growLog,
  type Hash,
  type Header,
  keyOf,
  LIMITS,
  rangeRoot,
  SALT_BYTES,
  type SignedHeader,
  type Signer,
  sequenceSpans,
} from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import { earliestTime, type Tip } from './tip.ts'
import { newKey, type Workshop } from './tools.ts'

export interface EntryChoice {
  readonly signer?: Signer
  readonly sequence?: number
  readonly value?: number
  readonly measure?: string
  /** Bytes in the place of an encoded reading. */
  readonly payload?: Uint8Array
  readonly ledgerId?: Hash
}

/** A reading of an author that nobody knows, unless something else is chosen. */
export function forgeEntry(shop: Workshop, choice: EntryChoice = {}): EntryWithPayload {
  const { signer = newKey(shop), sequence = 0, ledgerId = shop.ledgerId } = choice
  const { value = shop.chance.between(40, 180), measure = 'bpm' } = choice
  const salt = shop.chance.bytes(SALT_BYTES)
  const payload = choice.payload ?? encodePayload({ salt, measure, value, time: shop.now() })
  const fields = { author: signer.publicKey, sequence, commitment: shop.crypto.sha256(payload) }
  const signature = signer.sign(entrySigningBytes(ledgerId, fields))
  return { payload, entry: encodeEntry({ ...fields, signature }, shop.crypto) }
}

/** Entries of one author, from sequence 0. */
export function forgeEntries(shop: Workshop, count: number, signer = newKey(shop)): EntryWithPayload[] {
  return Array.from({ length: count }, (_, sequence) => forgeEntry(shop, { signer, sequence }))
}

/** The same entry with bytes where its signature was. */
export function withWrongSignature({ entry, payload }: EntryWithPayload, shop: Workshop): EntryWithPayload {
  return { payload, entry: encodeEntry({ ...entry, signature: shop.chance.bytes(64) }, shop.crypto) }
}

/** A block as it is sent, with what stands on it. */
export interface Forged extends SignedHeader {
  readonly contents: BlockContents
  readonly tip: Tip
}

export interface BlockChoice {
  readonly producer?: Signer
  /** To make a header wrong; it is signed as it then is. */
  readonly change?: (header: Header) => Header
  /** To make bytes wrong that no header could be encoded to. */
  readonly spoil?: (headerBytes: Uint8Array) => Uint8Array
  readonly ledgerId?: Hash
  /** What its time is beyond now, if its parents let it. */
  readonly aheadMs?: number
}

/** On this tip with these entries; valid, if they are and nothing else is chosen. */
export function forgeBlock(
  tip: Tip,
  items: readonly EntryWithPayload[],
  shop: Workshop,
  choice: BlockChoice = {},
): Forged {
  const { producer = newKey(shop), change = same, spoil = same, aheadMs = 0 } = choice
  const entries = items.map(({ entry }) => entry)
  const bodyBytes = encodeBody(entries)
  const { range } = growLog(tip.range, entries, shop.crypto)
  const header = change({
    version: 1,
    height: tip.header.height + 1,
    parent: tip.hash,
    time: Math.max(shop.now() + aheadMs, earliestTime(tip)),
    size: range.size,
    root: rangeRoot(range, shop.crypto),
    body: shop.crypto.sha256(bodyBytes),
    producer: producer.publicKey,
    seal: new Uint8Array(0),
  })
  const headerBytes = spoil(encodeHeader(header))
  const hash = shop.crypto.sha256(headerBytes)
  const signature = producer.sign(blockSigningBytes(choice.ledgerId ?? shop.ledgerId, hash))
  const contents = { bodyBytes, payloads: items.map(({ payload }) => payload) }
  const times = [...tip.times, header.time].slice(-LIMITS.medianBlocks)
  const next = nextAfter(tip, items)
  const grown = { header, hash, times, range, weight: tip.weight + 1n, nextSequence: next }
  return { header, headerBytes, hash, signature, contents, tip: grown }
}

/** So many good blocks on one another, each with entries of its own. */
export function forgeBranch(tip: Tip, count: number, shop: Workshop, choice: BlockChoice = {}): Forged[] {
  const branch: Forged[] = []
  for (let at = tip; branch.length < count; ) {
    const block = forgeBlock(at, forgeEntries(shop, 1), shop, choice)
    branch.push(block)
    at = block.tip
  }
  return branch
}

/** What waits on this disk and could go into a block on this tip: readings of honest people. */
export function readyEntries(disk: MemoryDisk, tip: Tip, countMax: number): EntryWithPayload[] {
  const ready: EntryWithPayload[] = []
  for (const item of disk.pending.values()) {
    if (ready.length >= countMax) break
    const entries = [...ready, item].map(({ entry }) => entry)
    if (sequenceSpans(entries, tip).ok) ready.push(item)
  }
  return ready
}

function nextAfter(tip: Tip, items: readonly EntryWithPayload[]): Tip['nextSequence'] {
  const next = new Map(items.map(({ entry }) => [keyOf(entry.author), entry.sequence + 1]))
  return (author, authorKey) => next.get(authorKey) ?? tip.nextSequence(author, authorKey)
}

function same<T>(value: T): T {
  return value
}

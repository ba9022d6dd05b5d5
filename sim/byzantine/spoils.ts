/**
 * Blocks that are wrong in one thing, and right in all else: each has the signature of its producer, stands
 * on a block that exists, and comes with the entries that it is about. Among them are the shapes that have
 * deceived other systems: a list whose last entry is doubled (CVE-2012-2459), a good header with contents
 * that are not its own, and payloads that were made longer on the way.
 */
import {
  type BlockContents,
  type EntryWithPayload,
  encodeBody,
  type GenesisDocument,
  type Header,
  utf8,
} from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import {
  type BlockChoice,
  type Forged,
  forgeBlock,
  forgeEntries,
  forgeEntry,
  withWrongSignature,
} from './forge.ts'
import { earliestTime, entriesAt, type Tip } from './tip.ts'
import { heightOf, newKey, type Workshop } from './tools.ts'

export interface SpoilContext {
  readonly shop: Workshop
  readonly tip: Tip
  /** Of the chain that the tip is of. */
  readonly disk: MemoryDisk
  readonly document: GenesisDocument
  /** How far ahead is too far for every clock. */
  readonly aheadMs: readonly [number, number]
}

export interface Spoiled extends Forged {
  /** The block with its own contents, when it is a good one. */
  readonly truth?: Forged
}

export type Spoil = (context: SpoilContext) => Spoiled

/** A header that says something wrong. */
const HEADERS: Readonly<Record<string, Spoil>> = {
  'a wrong root': (of) => changed(of, (header) => ({ ...header, root: of.shop.chance.bytes(32) })),
  'a wrong size': (of) =>
    changed(of, (header) => ({ ...header, size: header.size + of.shop.chance.pick([-1, 1, 7, 2 ** 40]) })),
  'a wrong height': (of) =>
    changed(of, (header) => ({
      ...header,
      height: header.height + of.shop.chance.pick([1, 2, 100, 2 ** 40]),
    })),
  'an unknown parent': (of) => changed(of, (header) => ({ ...header, parent: of.shop.chance.bytes(32) })),
  'a parent that is not below it': (of) =>
    changed(of, (header) => ({ ...header, parent: of.shop.ledgerId, height: header.height + 1 })),
  'a time too early': (of) =>
    changed(of, (header) => ({ ...header, time: of.shop.chance.pick([0, earliestTime(of.tip) - 1]) })),
  'a time far ahead': (of) => good(of, { aheadMs: of.shop.chance.between(...of.aheadMs) }),
  'a seal': (of) =>
    changed(of, (header) => ({ ...header, seal: of.shop.chance.bytes(of.shop.chance.pick([1, 40, 256])) })),
  'a wrong version': (of) => good(of, { spoil: withVersion2 }),
  'a signature for another ledger': (of) => good(of, { ledgerId: of.shop.chance.bytes(32) }),
  'the signature of another producer': (of) => {
    const other = newKey(of.shop).publicKey
    return changed(of, (header) => ({ ...header, producer: other }))
  },
}

/** Entries that must not stand there. */
const ENTRIES: Readonly<Record<string, Spoil>> = {
  'no entries': (of) => forgeBlock(of.tip, [], of.shop),
  'a replayed entry': (of) => forgeBlock(of.tip, [replayed(of)], of.shop),
  'a gap in its sequences': (of) => {
    const sequence = of.shop.chance.pick([1, 2, 1_000, Number.MAX_SAFE_INTEGER])
    return forgeBlock(of.tip, [forgeEntry(of.shop, { sequence })], of.shop)
  },
  'sequences in the wrong order': (of) => forgeBlock(of.tip, forgeEntries(of.shop, 2).reverse(), of.shop),
  'two entries for one sequence': (of) => {
    const signer = newKey(of.shop)
    return forgeBlock(of.tip, [forgeEntry(of.shop, { signer }), forgeEntry(of.shop, { signer })], of.shop)
  },
  'an entry twice': (of) => {
    const items = forgeEntries(of.shop, 1)
    return forgeBlock(of.tip, [...items, ...items], of.shop)
  },
  'a doubled last leaf under the root of the list without it': (of) => {
    const items = forgeEntries(of.shop, 3)
    const { header } = forgeBlock(of.tip, items, of.shop)
    const change = (wrong: Header): Header => ({ ...wrong, size: header.size, root: header.root })
    return forgeBlock(of.tip, [...items, items[2] as EntryWithPayload], of.shop, { change })
  },
  'an entry with a wrong signature': (of) =>
    forgeBlock(of.tip, [withWrongSignature(forgeEntry(of.shop), of.shop)], of.shop),
  'an entry of another ledger': (of) =>
    forgeBlock(of.tip, [forgeEntry(of.shop, { ledgerId: of.shop.chance.bytes(32) })], of.shop),
  'a payload that is none': (of) =>
    forgeBlock(of.tip, [forgeEntry(of.shop, { payload: of.shop.chance.bytes(40) })], of.shop),
  'a reading out of range': (of) => forgeBlock(of.tip, [forgeEntry(of.shop, { value: 9_999 })], of.shop),
  'a measure that the ledger has not': (of) =>
    forgeBlock(of.tip, [forgeEntry(of.shop, { measure: 'luck' })], of.shop),
  'too many entries': (of) =>
    forgeBlock(of.tip, forgeEntries(of.shop, of.document.limits.blockEntries + 1), of.shop),
}

/** Contents that are not those of a header that is good. What is wrong is the sender, not the block. */
const CONTENTS: Readonly<Record<string, Spoil>> = {
  'the body of another block': (of) => falsely(good(of), good(of).contents),
  'a doubled last leaf under a good header': (of) => {
    const items = forgeEntries(of.shop, limited(of, 3))
    const block = forgeBlock(of.tip, items, of.shop)
    const doubled = [...items, items.at(-1) as EntryWithPayload]
    const payloads = doubled.map(({ payload }) => payload)
    return falsely(block, { bodyBytes: encodeBody(doubled.map(({ entry }) => entry)), payloads })
  },
  'a payload that is not the committed one': (of) => withPayloads(of, () => [forgeEntry(of.shop).payload]),
  'a payload too few': (of) => withPayloads(of, (payloads) => payloads.slice(1)),
  'longer payloads': (of) => withPayloads(of, (payloads) => payloads.map(() => new Uint8Array(2_048))),
}

/** By what is wrong with the block. */
export const SPOILS: Readonly<Record<string, Spoil>> = { ...HEADERS, ...ENTRIES, ...CONTENTS }

function good({ tip, shop }: SpoilContext, choice?: BlockChoice): Forged {
  return forgeBlock(tip, [forgeEntry(shop)], shop, choice)
}

function changed(of: SpoilContext, change: (header: Header) => Header): Forged {
  return good(of, { change })
}

function withPayloads(of: SpoilContext, change: (payloads: readonly Uint8Array[]) => Uint8Array[]): Spoiled {
  const block = good(of)
  const { bodyBytes, payloads } = block.contents
  return falsely(block, { bodyBytes, payloads: change(payloads) })
}

function falsely(block: Forged, contents: BlockContents): Spoiled {
  return { ...block, contents, truth: block }
}

function limited({ document }: SpoilContext, count: number): number {
  return Math.min(count, document.limits.blockEntries)
}

/** An entry that is below the tip already; when there is none, one whose sequence is wrong in another way. */
function replayed({ disk, shop, tip }: SpoilContext): EntryWithPayload {
  const [item] = entriesAt(disk, shop.chance.between(0, Math.min(heightOf(disk), tip.header.height)))
  return item ?? forgeEntry(shop, { sequence: 1 })
}

/** The number after the key `version`. */
function withVersion2(headerBytes: Uint8Array): Uint8Array {
  const spoiled = headerBytes.slice()
  const at = Buffer.from(spoiled).indexOf(utf8('version')) + 'version'.length
  spoiled[at] = 2
  return spoiled
}

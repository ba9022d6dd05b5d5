import { type Block, medianTime } from '../block/block.ts'
import { encodeBody } from '../block/body.ts'
import type { GenesisDocument } from '../block/genesis.ts'
import { blockSigningBytes, encodeHeader, type Header, hashHeader } from '../block/header.ts'
import type { Hash } from '../bytes.ts'
import type { Engine, Prepared } from '../consensus/engine.ts'
import type { Crypto, Signer } from '../crypto.ts'
import type { Entry } from '../entry/entry.ts'
import { LIMITS } from '../limits.ts'
import { rangeRoot } from '../log/compact-range.ts'
import { invariant } from '../result.ts'
import { type BlockOutcome, growLog, type ParentView, sequenceSpans } from '../validation/block-on-parent.ts'
import type { Pending } from './pending.ts'

export interface ProducerContext {
  readonly document: GenesisDocument
  readonly ledgerId: Hash
  readonly engine: Engine
  readonly crypto: Crypto
  readonly signer: Signer
}

/** A block but for its seal, its hash and its signature. */
export interface Draft {
  /** With the seal as the engine prepared it. */
  readonly header: Header
  readonly bodyBytes: Uint8Array
  readonly entries: readonly Entry[]
  readonly payloads: readonly Uint8Array[]
  readonly prepared: Prepared
  readonly outcome: BlockOutcome
}

/** Bytes of a block beside its entries and payloads: header, signature, and the head of the body's list. */
const FRAME_BYTES = LIMITS.headerBytesMax + 64 + 9

/**
 * The next block on `parent` from what is pending, as large as the ledger allows; undefined when nothing
 * fits or the engine does not let this node make one now. Its time is `now`, or just after the median when
 * the clock is behind.
 */
export function draftBlock(
  parent: ParentView,
  pending: Pending,
  now: number,
  { document, engine, crypto, signer }: ProducerContext,
): Draft | undefined {
  const { blockEntries, blockBytes } = document.limits
  const limits = { entriesMax: blockEntries, bytesMax: blockBytes - FRAME_BYTES }
  const items = pending.take(limits, parent.nextSequence)
  if (items.length === 0) return undefined // whatever the engine says of empty blocks: they tell nothing
  const entries = items.map((item) => item.entry)
  const time = Math.max(now, medianTime(parent.times) + 1)
  const producer = signer.publicKey
  const prepared = engine.prepare({ parent: parent.header, producer, entryCount: entries.length, time })
  if (prepared === undefined) return undefined

  const log = growLog(parent.range, entries, crypto)
  const spans = sequenceSpans(entries, parent)
  invariant(spans.ok, "pending gives each author's next entries")
  const bodyBytes = encodeBody(entries)
  const header: Header = {
    version: 1,
    height: parent.header.height + 1,
    parent: parent.hash,
    time,
    size: log.range.size,
    root: rangeRoot(log.range, crypto),
    body: crypto.sha256(bodyBytes),
    producer,
    seal: prepared.seal,
  }
  const payloads = items.map((item) => item.payload)
  return { header, bodyBytes, entries, payloads, prepared, outcome: { ...log, spans: spans.value } }
}

/** The draft with this seal, signed. */
export function completeBlock(
  { header: drafted, bodyBytes, entries, payloads }: Draft,
  seal: Uint8Array,
  { ledgerId, crypto, signer }: ProducerContext,
): Block {
  const header: Header = { ...drafted, seal }
  const headerBytes = encodeHeader(header)
  const hash = hashHeader(headerBytes, crypto)
  const signature = signer.sign(blockSigningBytes(ledgerId, hash))
  return { header, headerBytes, hash, signature, bodyBytes, entries, payloads }
}

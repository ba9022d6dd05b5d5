import { hash as digest } from 'node:crypto'
import {
  type Block,
  decodePayload,
  ENGINES,
  type Fact,
  type GenesisDocument,
  type Hash,
} from '@pulseledger/core'

/** A block as people and programs see it: decoded, but not yet rendered. */
export interface BlockView {
  readonly height: number
  readonly hash: Hash
  /** Null for genesis. */
  readonly parent: Hash | null
  /** Milliseconds since 1970 UTC. */
  readonly time: number
  /** Ed25519 public key, 32 bytes; zeros in genesis. */
  readonly producer: Uint8Array
  /** Entries in the log after this block. */
  readonly size: number
  /** Entries in this block. */
  readonly readingCount: number
  /** What the seal says, where the engine has one. */
  readonly facts: readonly Fact[]
  /** The first `readingsMax` of them, in the order of the log. */
  readonly readings: readonly ReadingView[]
}

interface EntryView {
  readonly entryId: Hash
  readonly author: Uint8Array
  readonly sequence: number
}

export interface PresentReading extends EntryView {
  readonly kind: 'present'
  /** Name of the measure, and how people see it: `bpm`, `BPM`. */
  readonly measure: string
  readonly label: string
  readonly value: number
  /** Milliseconds since 1970 UTC. */
  readonly time: number
  readonly subject?: string
  readonly device?: string
  readonly note?: string
  /** CID of a file kept elsewhere, 36 bytes. */
  readonly file?: Uint8Array
}

/** Erased on purpose, or damaged: its bytes are not a payload. */
export interface MissingReading extends EntryView {
  readonly kind: 'erased' | 'damaged'
}

export type ReadingView = PresentReading | MissingReading

/** Decodes at most `readingsMax` payloads: whoever shows three of a thousand pays for three. */
export function blockView(
  block: Block,
  document: GenesisDocument,
  readingsMax = Number.POSITIVE_INFINITY,
): BlockView {
  const { header, hash, entries, payloads } = block
  const readings: ReadingView[] = []
  for (const [index, entry] of entries.entries()) {
    if (index >= readingsMax) break
    const { id, author, sequence } = entry
    readings.push({ entryId: id, author, sequence, ...content(payloads[index] ?? null, document) })
  }
  const { height, parent, time, producer, size } = header
  const facts = ENGINES[document.engine.name]?.explain(block, { sha256 }) ?? []
  return { height, hash, parent, time, producer, size, readingCount: entries.length, facts, readings }
}

function sha256(data: Uint8Array): Uint8Array {
  return digest('sha256', data, 'buffer')
}

/**
 * The same with bytes of its own. Those of a decoded block are parts of the bytes of the whole block, which a
 * view that is kept would keep from being freed.
 */
export function ownedView(view: BlockView): BlockView {
  const { hash, parent, producer, readings } = view
  return {
    ...view,
    hash: new Uint8Array(hash),
    parent: parent && new Uint8Array(parent),
    producer: new Uint8Array(producer),
    readings: readings.map(ownedReading),
  }
}

function ownedReading(reading: ReadingView): ReadingView {
  const owned = {
    ...reading,
    entryId: new Uint8Array(reading.entryId),
    author: new Uint8Array(reading.author),
  }
  if (owned.kind !== 'present' || owned.file === undefined) return owned
  return { ...owned, file: new Uint8Array(owned.file) }
}

type Content = Omit<PresentReading, keyof EntryView> | Omit<MissingReading, keyof EntryView>

function content(bytes: Uint8Array | null, document: GenesisDocument): Content {
  if (bytes === null) return { kind: 'erased' }
  const decoded = decodePayload(bytes)
  if (!decoded.ok) return { kind: 'damaged' }
  const { salt: _, ...payload } = decoded.value
  return { kind: 'present', ...payload, label: labelOf(document, payload.measure) }
}

/** How people see a measure. One that the document does not have keeps its name. */
function labelOf(document: GenesisDocument, measure: string): string {
  return document.measures.find(({ name }) => name === measure)?.label ?? measure
}

/**
 * What happens on a node, one JSON object a line, for machines: `start --json`, `log --json`, `show --json`.
 *
 *   {"event":"block","height":1,"hash":"<64 hex>","parent":"<64 hex>","time":"2026-11-22T11:16:33.120Z",
 *    "producer":"<64 hex>","size":1,"readings":[{"entry":"<64 hex>","author":"<64 hex>","sequence":0,
 *    "measure":"bpm","value":72,"time":"2026-11-22T11:16:33.118Z"}]}
 *
 * `event` comes first and says which other keys there are; docs/TERMINAL.md lists them. Keys are only ever
 * added. Lines are printable ASCII. Hashes and keys are lower-case hexadecimal, times RFC 3339 with
 * milliseconds.
 */
import {
  type Block,
  cidToText,
  ERRORS,
  type Failure,
  type GenesisDocument,
  type Hash,
  type SyncProgress,
  toHex,
} from '@pulseledger/core'
import type { StartNote } from '../options.ts'
import type {
  EntryState,
  ForeignMeeting,
  MiningStatus,
  PeerConnection,
  PeerId,
  Receipt,
  Status,
} from '../ports.ts'
import { type BlockView, blockView, type ReadingView } from './block-view.ts'
import { asciiJson } from './printable.ts'
import type { Place } from './text.ts'
import { millisecondsTime } from './time.ts'

/**
 * `addresses` are `host:port`, in the order in which they were given; `invite` is undefined without a
 * network.
 */
export function startedEvent(
  status: Status,
  addresses: readonly string[],
  invite: string | undefined,
): string {
  const { ledger, head } = status
  return asciiJson({
    event: 'started',
    ledger: { name: ledger.name, id: toHex(ledger.id), engine: ledger.engine },
    head: { height: head.height, hash: toHex(head.hash), time: millisecondsTime(head.time), size: head.size },
    publicKey: toHex(status.publicKey),
    addresses,
    nodeAddresses: status.network?.addresses,
    invite,
  })
}

/** Something at start that is not as usual. */
export function noteEvent({ kind, ...rest }: StartNote): string {
  return asciiJson({ event: kind, ...rest })
}

/** A block that is on the chain now. All its readings are listed. `place` where it is known. */
export function blockEvent(block: Block, document: GenesisDocument, place?: Place): string {
  const view = blockView(block, document)
  return asciiJson({
    event: 'block',
    ...blockFields(view),
    time: millisecondsTime(view.time),
    producer: toHex(view.producer),
    size: view.size,
    ...(view.facts.length > 0 && {
      seal: Object.fromEntries(view.facts.map(({ name, value }) => [name, value])),
    }),
    ...placeFields(place),
    readings: view.readings.map(readingFields),
  })
}

/** A block that left the chain because another branch won. Its readings come again in other blocks. */
export function disconnectedEvent({ header, hash }: Block): string {
  const { height, parent } = header
  return asciiJson({ event: 'disconnected', ...blockFields({ height, hash, parent }) })
}

/** One reading of a block, with where it stands: for lists of readings. `index` counts within the block. */
export function readingEvent(view: BlockView, index: number, place?: Place): string {
  const reading = view.readings[index] as ReadingView
  const { height, hash } = view
  return asciiJson({
    event: 'reading',
    height,
    hash: toHex(hash),
    ...placeFields(place),
    ...readingFields(reading),
  })
}

/** What became of one entry. The keys of the reading are there when it is on the chain. */
export function entryEvent(id: Hash, state: EntryState, reading: ReadingView | undefined): string {
  const base = { event: 'entry', entry: toHex(id), state: state.kind }
  if (state.kind === 'rejected') {
    const { code, message } = state.error
    return asciiJson({ ...base, code, message, remedy: ERRORS[code].remedy })
  }
  if (state.kind !== 'included' && state.kind !== 'final') return asciiJson(base)
  const { height, blockHash, index } = state.receipt
  const where = { height, hash: toHex(blockHash), index, depth: state.depth }
  return asciiJson({ ...base, ...where, ...(reading && readingFields(reading)) })
}

/** A reading that was confirmed here left its block; it waits for another one. */
export function withdrawnEvent(entryId: Hash): string {
  return asciiJson({ event: 'receipt-withdrawn', entry: toHex(entryId) })
}

/** It is on the chain again, at this place. */
export function movedEvent({ entryId, height, blockHash, index }: Receipt): string {
  return asciiJson({ event: 'receipt-moved', entry: toHex(entryId), height, hash: toHex(blockHash), index })
}

export function peerConnectedEvent({ id, publicKey, address, direction }: PeerConnection): string {
  return asciiJson({ event: 'peer-connected', id, publicKey: toHex(publicKey), address, direction })
}

export function peerGoneEvent(id: PeerId): string {
  return asciiJson({ event: 'peer-gone', id })
}

/** Somebody of another ledger was met and refused. */
export function foreignEvent({ address, ours, theirs }: ForeignMeeting): string {
  return asciiJson({ event: 'foreign-met', address, ours: toHex(ours), theirs: toHex(theirs) })
}

export function syncEvent(progress: SyncProgress): string {
  const { kind: state, ...rest } = progress
  return asciiJson({ event: 'sync', state, ...rest })
}

/** The search for a block of another height than before has begun. */
export function miningEvent(mining: MiningStatus): string {
  return asciiJson({ event: 'mining', ...miningFields(mining) })
}

/** What `status` and the event say of mining. */
export function miningFields({ threads, hashesPerSecond, search }: MiningStatus): object {
  return { threads, hashesPerSecond, search: search ?? null }
}

/** Something that an operator must look at. */
export function alarmEvent({ code, message }: Failure): string {
  return asciiJson({ event: 'alarm', code, message, remedy: ERRORS[code].remedy })
}

/** Events of which no line was written, because the reader of the lines was too slow. */
export function skippedEvent(count: number): string {
  return asciiJson({ event: 'skipped', count })
}

function blockFields({ height, hash, parent }: Pick<BlockView, 'height' | 'hash' | 'parent'>): object {
  return { height, hash: toHex(hash), parent: parent === null ? null : toHex(parent) }
}

function placeFields(place: Place | undefined): object {
  return place === undefined ? {} : { depth: place.depth, final: place.isFinal }
}

function readingFields(reading: ReadingView): object {
  const entry = {
    entry: toHex(reading.entryId),
    author: toHex(reading.author),
    sequence: reading.sequence,
  }
  if (reading.kind !== 'present') return { ...entry, [reading.kind]: true }
  const { measure, value, time, subject, device, note, file } = reading
  // Absent fields are undefined, which JSON leaves out.
  return {
    ...entry,
    measure,
    value,
    time: millisecondsTime(time),
    subject,
    device,
    note,
    file: file && cidToText(file),
  }
}

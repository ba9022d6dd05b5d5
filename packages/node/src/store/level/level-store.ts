import type { Change, Crypto, EntryWithPayload, Hash, StoredBlock, WeighedBlock } from '@pulseledger/core'
import { equalBytes, invariant, toHex } from '@pulseledger/core'
import type {
  AuthorRecord,
  BlockStore,
  EntryPosition,
  HeadPosition,
  StoreCensus,
  StoreFault,
} from '../../ports.ts'
import { headAfter } from '../head-move.ts'
import { AnchorFile } from './anchor.ts'
import { ChangeWriter, type PendingChange } from './change-writer.ts'
import { anchorPath, type Holder, makeDataDirectory, removeHolder, writeHolder } from './data-directory.ts'
import { firstRecords, openDatabase, readState } from './database.ts'
import { storeFailure } from './failures.ts'
import { findFaults } from './faults.ts'
import { keptLogs, releaseLogs } from './kept-logs.ts'
import {
  authorKey,
  authorSequenceKey,
  canonicalKey,
  entryKey,
  heightKey,
  KIND,
  kindRange,
  META,
  readUint64,
  siblingsKey,
} from './keys.ts'
import { LogNodes } from './log-nodes.ts'
import { type Database, RecordReader } from './record-reader.ts'
import {
  decodeHash,
  decodeHashes,
  decodeNumber,
  decodePosition,
  encodeState,
  type State,
  seal,
} from './records.ts'
import { readAuthors, takeCensus } from './scans.ts'
import { readBlock, readPayload, readPending } from './stored-blocks.ts'
import { refuseUnfinishedSwap } from './swap.ts'

export interface LevelStoreInit {
  /** The data directory; made when it is missing. */
  readonly directory: string
  readonly crypto: Crypto
  /**
   * What node.json says from the opening on. Whoever opened the store may write more there with
   * `writeHolder`.
   */
  readonly holder: Holder
  /**
   * Compare the checksums of all tables when opening, however large the ledger is. Otherwise only up to
   * `storeCheckBytesMax`, or after a process that did not end in order.
   */
  readonly checkTables?: boolean
}

/** What there is while the store is open. */
interface Opened {
  readonly database: Database
  readonly reader: RecordReader
  readonly nodes: LogNodes
  readonly anchor: AnchorFile
  /** What was last noted in the anchor. */
  note: State | undefined | 'damaged'
  /** Undefined before genesis. */
  state: State | undefined
  /** Counters of the pending entries, ascending. They are few: only entries whose block lost its place. */
  readonly pending: Set<number>
  nextCounter: number
}

/**
 * The store in LevelDB, by classic-level. docs/spec/store.md describes the records and what a crash at each
 * point leaves. A commit is one batch with one fsync; LevelDB applies the whole of it or nothing.
 */
export class LevelStore implements BlockStore {
  readonly #init: LevelStoreInit
  #opened: Opened | undefined
  #failure: Error | undefined
  #running: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(init: LevelStoreInit) {
    this.#init = init
  }

  /**
   * What a crash left needs no repair. STORE_LOCKED, STORE_FORMAT, STORE_DAMAGED, STORE_PERMISSION,
   * STORE_DISK_FULL, STORE_READ_FAILED, REJOIN_UNFINISHED; nothing of what is stored was lost then: a log of
   * which LevelDB drops the end is kept beside the ledger until the anchor has said that nothing confirmed
   * was in it.
   */
  async open(): Promise<void> {
    invariant(!this.#opened && !this.#closing, 'a store is opened once')
    const { directory, checkTables = false } = this.#init
    refuseUnfinishedSwap(directory)
    makeDataDirectory(directory)
    const { database, kept } = await openDatabase(directory, checkTables)
    const anchor = new AnchorFile(anchorPath(directory))
    const reader = new RecordReader(database, directory)
    try {
      // Once more, now that nobody else can begin one.
      refuseUnfinishedSwap(directory)
      const state = await readState(reader)
      const note = anchor.open()
      if (note !== undefined && note !== 'damaged') checkNote(note, state, reader, keptLogs(directory))
      // Without a note nobody can say whether the end was confirmed. In an empty database nothing was.
      const isJudged = note === undefined ? state === undefined : note !== 'damaged'
      if (isJudged) releaseLogs(directory, kept)
      const pending = await readPendingCounters(reader)
      const nextCounter = ([...pending].at(-1) ?? -1) + 1
      writeHolder(directory, this.#init.holder)
      const nodes = new LogNodes(reader)
      this.#opened = { database, reader, nodes, anchor, note, state, pending, nextCounter }
    } catch (error) {
      anchor.close()
      await reader.close()
      await database.close()
      throw storeFailure(error, 'opening', directory)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#running
    const opened = this.#opened
    if (opened === undefined) return
    this.#opened = undefined
    try {
      // While we still hold the lock: afterwards it may be the next holder's.
      removeHolder(this.#init.directory)
      opened.anchor.close()
    } finally {
      await opened.reader.close()
      await opened.database.close()
    }
  }

  commit(change: Change): Promise<void> {
    const commit = this.#running.then(() => this.#commit(change))
    this.#running = commit.catch(() => undefined)
    return commit
  }

  /**
   * A crash before the end of the fsync leaves the state before the change or the one after it; a crash
   * between the fsync and the note, a note that is one commit behind. Both are sound, and nobody was told
   * anything yet.
   */
  async #commit(change: Change): Promise<void> {
    const opened = this.#need()
    if (this.#failure !== undefined) throw this.#failure
    try {
      const { state, pending, write } = prepare(change, opened)
      await write()
      opened.anchor.write(state)
      opened.note = state
      opened.state = state
      for (const counter of pending.added) opened.pending.add(counter)
      for (const counter of pending.removed) opened.pending.delete(counter)
      opened.nextCounter += pending.added.length
      opened.reader.refresh()
      if (change.disconnect.length > 0) opened.nodes.forget()
    } catch (error) {
      this.#failure = storeFailure(error, 'writing', this.#init.directory)
      throw this.#failure
    }
  }

  head(): HeadPosition | undefined {
    return this.#need().state?.head
  }

  canonicalHash(height: number): Hash | undefined {
    return this.#need().reader.get(canonicalKey(height), decodeHash)
  }

  block(hash: Hash): StoredBlock | undefined {
    const height = this.#need().reader.get(heightKey(hash), decodeNumber)
    if (height === undefined) return undefined
    const canonical = this.canonicalHash(height)
    return { ...this.#block(height, hash), canonical: canonical !== undefined && equalBytes(canonical, hash) }
  }

  /** Heights of stored blocks have no gap, because a block is stored after its parent. */
  *blocksFrom(height: number): Iterable<WeighedBlock> {
    for (let at = height; ; at++) {
      const hashes = this.#need().reader.get(siblingsKey(at), decodeHashes)
      if (hashes === undefined) return
      for (const hash of hashes) yield this.#block(at, hash)
    }
  }

  #block(height: number, hash: Hash): WeighedBlock {
    return readBlock(this.#need().reader, this.#init.crypto, height, hash)
  }

  nextSequence(author: Uint8Array): number {
    return this.#need().reader.get(authorKey(author), decodeNumber) ?? 0
  }

  entryById(id: Hash): EntryPosition | undefined {
    return this.#need().reader.get(entryKey(id), decodePosition)
  }

  entryIdByAuthor(author: Uint8Array, sequence: number): Hash | undefined {
    return this.#need().reader.get(authorSequenceKey(author, sequence), decodeHash)
  }

  entryIdByIndex(index: number): Hash | undefined {
    return this.treeNode(0, index)
  }

  payload(entryId: Hash): Uint8Array | undefined {
    return readPayload(this.#need().reader, entryId)
  }

  treeNode(level: number, index: number): Hash | undefined {
    const { nodes, state } = this.#need()
    return state && nodes.get(level, index, state.head.height)
  }

  *pending(): Iterable<EntryWithPayload> {
    for (const counter of [...this.#need().pending]) {
      yield readPending(this.#need().reader, this.#init.crypto, counter)
    }
  }

  async census(): Promise<StoreCensus> {
    const reader = this.#frozenReader()
    try {
      return await takeCensus(reader)
    } finally {
      await reader.close()
    }
  }

  async *authors(): AsyncIterable<AuthorRecord> {
    const reader = this.#frozenReader()
    try {
      yield* readAuthors(reader)
    } finally {
      await reader.close()
    }
  }

  anchor(): HeadPosition | undefined | 'damaged' {
    const { note } = this.#need()
    return note === undefined || note === 'damaged' ? note : note.head
  }

  async *faults(): AsyncIterable<StoreFault> {
    const reader = this.#frozenReader()
    try {
      yield* findFaults(reader, this.#init.directory, this.#init.crypto)
    } finally {
      await reader.close()
    }
  }

  /** One that stays at this moment, for what takes longer than a commit. */
  #frozenReader(): RecordReader {
    return new RecordReader(this.#need().database, this.#init.directory)
  }

  #need(): Opened {
    invariant(this.#opened, 'the store is open')
    return this.#opened
  }
}

interface Prepared {
  readonly state: State
  readonly pending: PendingChange
  readonly write: () => Promise<void>
}

/** The synchronous part of a commit: everything but the disk. */
function prepare(change: Change, { database, reader, state, nextCounter }: Opened): Prepared {
  const next = { commits: (state?.commits ?? 0) + 1, head: headAfter(state?.head, change) }
  const batch = database.batch()
  try {
    const genesis = change.connect[0]?.block
    if (state === undefined && genesis) {
      for (const [key, value] of firstRecords(genesis.hash)) batch.put(key, value)
    }
    const pending = new ChangeWriter(reader, batch).write(change, nextCounter)
    batch.put(META.state, seal(META.state, encodeState(next)))
    return { state: next, pending, write: () => batch.write({ sync: true }) }
  } catch (error) {
    void batch.close()
    throw error
  }
}

/** A database behind its note has lost a commit that was confirmed. */
function checkNote(
  note: State,
  state: State | undefined,
  reader: RecordReader,
  kept: readonly string[],
): void {
  const { height, hash } = note.head
  const isKnown = reader.get(heightKey(hash), decodeNumber) === height
  if (state !== undefined && state.commits >= note.commits && isKnown) return
  const end = state === undefined ? 'it is empty' : `it ends at block #${state.head.height}`
  const lost = isKnown ? 'a change after' : 'block'
  const rest = kept.length === 0 ? '' : `; the damaged log is kept as ${kept.join(', ')}`
  throw reader.damaged(
    `it has lost ${lost} #${height} (${toHex(hash).slice(0, 12)}), which was confirmed; ${end}${rest}`,
  )
}

/** Only the keys: the entries themselves are read when they are asked for. */
async function readPendingCounters(reader: RecordReader): Promise<Set<number>> {
  const counters = new Set<number>()
  for await (const keys of reader.keys(kindRange(KIND.pending))) {
    for (const key of keys) counters.add(readUint64(key, 1))
  }
  return counters
}

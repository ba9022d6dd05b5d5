import type { Change, EntryWithPayload, Hash, StoredBlock, WeighedBlock } from '@pulseledger/core'
import {
  type AuthorRecord,
  type BlockStore,
  type EntryPosition,
  type HeadPosition,
  NodeFailure,
  type StoreCensus,
  type StoreFault,
} from '../../src/ports.ts'

/** How a commit fails: nothing of it was done, or all of it was done and yet a failure is reported. */
export type CommitFault = 'not-done' | 'done-but-reported'

export const COMMIT_FAULTS: readonly CommitFault[] = ['not-done', 'done-but-reported']

/**
 * A store whose commits fail when a test asks for it. After the first failure it is closed, as the port says.
 */
export class FaultStore implements BlockStore {
  readonly #inner: BlockStore
  #armed: { readonly fault: CommitFault; commitsBefore: number } | undefined
  #failure: NodeFailure | undefined

  constructor(inner: BlockStore) {
    this.#inner = inner
  }

  /** The next commit fails, or one later when some are let through before it. */
  arm(fault: CommitFault, commitsBefore = 0): void {
    this.#armed = { fault, commitsBefore }
  }

  async commit(change: Change): Promise<void> {
    if (this.#failure) throw this.#failure
    const armed = this.#armed
    if (armed === undefined) return this.#inner.commit(change)
    if (armed.commitsBefore > 0) {
      armed.commitsBefore -= 1
      return this.#inner.commit(change)
    }
    this.#failure = new NodeFailure('STORE_WRITE_FAILED', `a commit was made to fail: ${armed.fault}`)
    if (armed.fault === 'done-but-reported') await this.#inner.commit(change)
    throw this.#failure
  }

  open(): Promise<void> {
    return this.#inner.open()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  head(): HeadPosition | undefined {
    return this.#inner.head()
  }

  canonicalHash(height: number): Hash | undefined {
    return this.#inner.canonicalHash(height)
  }

  block(hash: Hash): StoredBlock | undefined {
    return this.#inner.block(hash)
  }

  blocksFrom(height: number): Iterable<WeighedBlock> {
    return this.#inner.blocksFrom(height)
  }

  nextSequence(author: Uint8Array): number {
    return this.#inner.nextSequence(author)
  }

  entryById(id: Hash): EntryPosition | undefined {
    return this.#inner.entryById(id)
  }

  entryIdByAuthor(author: Uint8Array, sequence: number): Hash | undefined {
    return this.#inner.entryIdByAuthor(author, sequence)
  }

  entryIdByIndex(index: number): Hash | undefined {
    return this.#inner.entryIdByIndex(index)
  }

  payload(entryId: Hash): Uint8Array | undefined {
    return this.#inner.payload(entryId)
  }

  treeNode(level: number, index: number): Hash | undefined {
    return this.#inner.treeNode(level, index)
  }

  pending(): Iterable<EntryWithPayload> {
    return this.#inner.pending()
  }

  census(): Promise<StoreCensus> {
    return this.#inner.census()
  }

  authors(): AsyncIterable<AuthorRecord> {
    return this.#inner.authors()
  }

  anchor(): HeadPosition | undefined | 'damaged' {
    return this.#inner.anchor()
  }

  faults(): AsyncIterable<StoreFault> {
    return this.#inner.faults()
  }
}

/**
 * The disk of a simulated node, with its faults. What a commit has done when it resolves survives everything
 * but a wipe. A commit takes a while; when the power fails meanwhile, it is chance whether it is all there
 * afterwards or not at all: that is what the store's port promises, and what the store on LevelDB is held to
 * by its own tests, which cut its files at every byte.
 */
import type { Change, EntryWithPayload, Hash, StoredBlock, WeighedBlock } from '@pulseledger/core'
import {
  type Clock,
  type EntryPosition,
  type HeadPosition,
  type MemoryDisk,
  MemoryStore,
  NodeFailure,
} from 'pulseledger/simulation'
import type { Chance } from '../kernel/chance.ts'

/** What is wrong with a disk at the moment. Faults switch these on and off. */
export interface DiskHealth {
  /** From the call of a commit to its end, ms. */
  commitMs: readonly [number, number]
  isFull: boolean
  /** Share of commits that fail, some before the write and about as many after it, at the fsync. */
  syncFailureShare: number
  /** Share of reads that fail. */
  readFailureShare: number
}

export function healthyDisk(): DiskHealth {
  return { commitMs: [0, 3], isFull: false, syncFailureShare: 0, readFailureShare: 0 }
}

export interface SimStoreInit {
  readonly disk: MemoryDisk
  readonly health: DiskHealth
  readonly clock: Clock
  readonly chance: Chance
  /** Told of each commit that is durable, before anybody else is. */
  readonly onCommitted: (change: Change) => void
  /** Told of each failure, before the node is. */
  readonly onFailed: (failure: NodeFailure) => void
}

export class SimStore extends MemoryStore {
  readonly #init: SimStoreInit
  /** Ends the wait of the commit under way, which is then applied. */
  #finish: (() => void) | undefined
  #isCrashed = false
  #failure: NodeFailure | undefined

  constructor(init: SimStoreInit) {
    super({ disk: init.disk, beforeCommit: () => this.#writing() })
    this.#init = init
  }

  /** The process is gone. `isWritten`: the commit under way reached the disk, though nobody learns of it. */
  crash(isWritten: boolean): void {
    this.#isCrashed = true
    if (isWritten) this.#finish?.()
    this.#init.disk.held = false
  }

  override async commit(change: Change): Promise<void> {
    const { onCommitted } = this.#init
    if (this.#isCrashed) return never()
    if (this.#failure) throw this.#failure
    try {
      await super.commit(change)
    } catch (error) {
      if (this.#isCrashed) return never()
      throw error
    }
    if (this.#isCrashed) return never()
    onCommitted(change)
    if (this.#isUnlucky(this.#init.health.syncFailureShare / 2)) {
      this.#failure = this.#failed('STORE_WRITE_FAILED', 'an fsync was made to fail after the write')
      throw this.#failure
    }
  }

  override head(): HeadPosition | undefined {
    this.#read()
    return super.head()
  }

  override canonicalHash(height: number): Hash | undefined {
    this.#read()
    return super.canonicalHash(height)
  }

  override block(hash: Hash): StoredBlock | undefined {
    this.#read()
    return super.block(hash)
  }

  override blocksFrom(height: number): Iterable<WeighedBlock> {
    this.#read()
    return super.blocksFrom(height)
  }

  override nextSequence(author: Uint8Array): number {
    this.#read()
    return super.nextSequence(author)
  }

  override entryById(id: Hash): EntryPosition | undefined {
    this.#read()
    return super.entryById(id)
  }

  override treeNode(level: number, index: number): Hash | undefined {
    this.#read()
    return super.treeNode(level, index)
  }

  override pending(): Iterable<EntryWithPayload> {
    this.#read()
    return super.pending()
  }

  async #writing(): Promise<void> {
    const { health, clock, chance } = this.#init
    if (this.#failure) throw this.#failure
    const [min, max] = health.commitMs
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#finish = resolve
    clock.after(chance.between(min, max), resolve)
    await promise
    this.#finish = undefined
    if (this.#isCrashed) return
    if (health.isFull) throw this.#failed('STORE_DISK_FULL', 'the disk was made full')
    if (this.#isUnlucky(health.syncFailureShare / 2)) {
      throw this.#failed('STORE_WRITE_FAILED', 'a write was made to fail')
    }
  }

  #read(): void {
    if (this.#isCrashed || !this.#isUnlucky(this.#init.health.readFailureShare)) return
    throw this.#failed('STORE_READ_FAILED', 'a read was made to fail')
  }

  #isUnlucky(share: number): boolean {
    return share > 0 && this.#init.chance.happens(share)
  }

  #failed(
    code: 'STORE_DISK_FULL' | 'STORE_WRITE_FAILED' | 'STORE_READ_FAILED',
    message: string,
  ): NodeFailure {
    const failure = new NodeFailure(code, message)
    this.#init.onFailed(failure)
    return failure
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}

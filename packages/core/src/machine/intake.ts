/**
 * Blocks from elsewhere: each is placed on its parent when it is valid there, waits for its parent or its
 * time, or is refused. See ledger.ts.
 */
import type { Block } from '../block/block.ts'
import type { GenesisDocument } from '../block/genesis.ts'
import type { Header } from '../block/header.ts'
import { type Hash, keyOf } from '../bytes.ts'
import { type Engine, isPreferred } from '../consensus/engine.ts'
import type { Crypto } from '../crypto.ts'
import { fail } from '../result.ts'
import { validateBlockLink, validateBlockOnParent } from '../validation/block-on-parent.ts'
import type { BlockTree, TreeBlock } from './block-tree.ts'
import type { ChainReader } from './change.ts'
import type { Notice } from './events.ts'
import { RefusedBlocks } from './refused.ts'
import { WaitingBlocks } from './waiting.ts'

export interface IntakeConfig {
  readonly document: GenesisDocument
  readonly engine: Engine
  readonly crypto: Crypto
  readonly reader: ChainReader
  readonly limits?: {
    readonly waiting?: { readonly blocksMax?: number; readonly bytesMax?: number }
    readonly refusedHeadersMax?: number
  }
}

/** What became of the blocks of one event. */
export interface Placed {
  readonly added: TreeBlock[]
  readonly notices: Notice[]
}

export class Intake {
  readonly #config: IntakeConfig
  readonly #tree: BlockTree
  readonly #waiting: WaitingBlocks
  readonly #early: WaitingBlocks
  readonly #refused: RefusedBlocks
  readonly #producers: ReadonlySet<string> | undefined
  /** Blocks that are being written: those that left the tree before the store has them are still known. */
  readonly #writing: ReadonlyMap<string, TreeBlock>

  constructor(config: IntakeConfig, tree: BlockTree, writing: ReadonlyMap<string, TreeBlock>) {
    this.#config = config
    this.#tree = tree
    this.#writing = writing
    this.#waiting = new WaitingBlocks(config.limits?.waiting)
    this.#early = new WaitingBlocks(config.limits?.waiting)
    this.#refused = new RefusedBlocks(config.limits?.refusedHeadersMax)
    const { producers } = config.document
    this.#producers = producers && new Set(producers.map(keyOf))
  }

  get waitingCount(): number {
    return this.#waiting.count + this.#early.count
  }

  /** When the first of the blocks whose time has not come is due; undefined when there is none. */
  get dueTime(): number | undefined {
    const earliest = this.#early.count === 0 ? undefined : this.#early.earliestTime()
    return earliest === undefined ? undefined : earliest - this.#config.document.limits.timeAhead
  }

  /** Removes and returns those whose time has come. */
  takeDue(now: number): Block[] {
    return this.#early.takeDue(now + this.#config.document.limits.timeAhead)
  }

  /** Puts each where it belongs, and after it those that waited for it. */
  place(blocks: readonly Block[], now: number, head: TreeBlock): Placed {
    const placed: Placed = { added: [], notices: [] }
    const queue = [...blocks]
    for (let i = 0; i < queue.length; i++) {
      const block = queue[i] as Block
      if (this.#place(block, now, head, placed)) queue.push(...this.#waiting.takeChildren(block))
    }
    return placed
  }

  /** A block that is not in the tree any more: it is below the final one or beside it. */
  past(hash: Hash): { readonly header: Header; readonly weight: bigint } | undefined {
    const writing = this.#writing.get(keyOf(hash))
    if (writing) return writing
    const stored = this.#config.reader.block(hash)
    return stored && { header: stored.block.header, weight: stored.weight }
  }

  /** True when blocks that wait for this one can be looked at again. */
  #place(block: Block, now: number, head: TreeBlock, { added, notices }: Placed): boolean {
    const parentHash = block.header.parent
    if (parentHash === null || this.#tree.get(block.hash) || this.#refused.get(block.hash)) return false
    const parent = this.#tree.get(parentHash)
    if (parent === undefined) return this.#placeOutside(block, parentHash, head, notices)

    const rules = { engine: this.#config.engine, timeAhead: this.#config.document.limits.timeAhead }
    const checked = validateBlockOnParent(block, this.#tree.viewOf(parent), rules, now, this.#config.crypto)
    if (checked.ok) {
      const weight = parent.weight + this.#config.engine.weight(block.header)
      added.push(this.#tree.add(block, weight, checked.value, parent))
      return true
    }
    notices.push({ kind: 'block-refused', block, error: checked.error })
    if (checked.error.code === 'BLOCK_TIME_AHEAD') this.#hold(this.#early, block, notices)
    return false
  }

  /** A block whose parent is not in the tree: known already, below the final block, or early. */
  #placeOutside(block: Block, parentHash: Hash, head: TreeBlock, notices: Notice[]): boolean {
    const { engine } = this.#config
    if (this.past(block.hash)) return false
    const refusedParent = this.#refused.get(parentHash)
    const parent = refusedParent ?? this.past(parentHash)
    if (parent === undefined) {
      this.#holdForParent(block, notices)
      return false
    }
    const linked = validateBlockLink(block, { ...parent, hash: parentHash }, engine)
    if (!linked.ok) {
      notices.push({ kind: 'block-refused', block, error: linked.error })
      return false
    }
    const weight = parent.weight + engine.weight(block.header)
    const forkHeight = refusedParent?.forkHeight ?? parent.header.height
    this.#refused.add(block, weight, forkHeight)
    const { height } = block.header
    const finalHeight = this.#tree.base.header.height
    const message = `block ${height} leaves the chain at ${forkHeight}; ${finalHeight} is final`
    const { error } = fail('BLOCK_BELOW_FINAL', message)
    notices.push({ kind: 'block-refused', block, error })
    const isHeavier = isPreferred({ hash: block.hash, weight }, head)
    if (isHeavier && this.#refused.isFirstAlarm(forkHeight)) notices.push({ kind: 'alarm', error })
    return true
  }

  /** Keys cost nothing: who may not produce must not fill the places of those who may. */
  #holdForParent(block: Block, notices: Notice[]): void {
    const { height, producer } = block.header
    if (this.#producers === undefined || this.#producers.has(keyOf(producer))) {
      this.#hold(this.#waiting, block, notices)
      return
    }
    const { error } = fail('BLOCK_PRODUCER_NOT_ALLOWED', `the producer of block ${height} is not listed`)
    notices.push({ kind: 'block-refused', block, error })
  }

  #hold(pool: WaitingBlocks, block: Block, notices: Notice[]): void {
    for (const dropped of pool.add(block)) {
      const { error } = fail('BLOCK_WAITING_FULL', `block ${dropped.header.height} was dropped`)
      notices.push({ kind: 'block-refused', block: dropped, error })
    }
  }
}

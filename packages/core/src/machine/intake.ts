/**
 * Blocks from elsewhere: each is placed on its parent when it is valid there, waits for its parent or its
 * time, or is refused. See ledger.ts.
 */
import type { Block } from '../block/block.ts'
import type { GenesisDocument } from '../block/genesis.ts'
import type { Header } from '../block/header.ts'
import { type Hash, keyOf } from '../bytes.ts'
import { chainWeight, type Engine, isPreferred } from '../consensus/engine.ts'
import type { Crypto } from '../crypto.ts'
import { fail, ok, type Result } from '../result.ts'
import { type BlockOutcome, validateBlockLink, validateBlockOnParent } from '../validation/block-on-parent.ts'
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
  /** Blocks that are being written: those that left the tree before the store has them are still known. */
  readonly #writing: ReadonlyMap<string, TreeBlock>

  constructor(config: IntakeConfig, tree: BlockTree, writing: ReadonlyMap<string, TreeBlock>) {
    this.#config = config
    this.#tree = tree
    this.#writing = writing
    this.#waiting = new WaitingBlocks(config.limits?.waiting)
    this.#early = new WaitingBlocks(config.limits?.waiting)
    this.#refused = new RefusedBlocks(config.limits?.refusedHeadersMax)
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

    const checked = this.#checkOn(parent, block, now)
    if (checked.ok) {
      added.push(this.#tree.add(block, checked.value.weight, checked.value.outcome, parent))
      return true
    }
    notices.push({ kind: 'block-refused', block, error: checked.error })
    if (checked.error.code === 'BLOCK_TIME_AHEAD') this.#hold(this.#early, block, notices)
    return false
  }

  #checkOn(parent: TreeBlock, block: Block, now: number): Result<{ weight: bigint; outcome: BlockOutcome }> {
    const { engine, crypto, document } = this.#config
    const rules = { engine, timeAhead: document.limits.timeAhead }
    const checked = validateBlockOnParent(block, this.#tree.viewOf(parent), rules, now, crypto)
    if (!checked.ok) return checked
    const weight = chainWeight(parent.weight, block.header, engine)
    return weight.ok ? ok({ weight: weight.value, outcome: checked.value }) : weight
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
    const weighed = linked.ok ? chainWeight(parent.weight, block.header, engine) : linked
    if (!weighed.ok) {
      notices.push({ kind: 'block-refused', block, error: weighed.error })
      return false
    }
    const weight = weighed.value
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

  /** Keys cost nothing: who may not produce, or did no work, must not fill the places of those who did. */
  #holdForParent(block: Block, notices: Notice[]): void {
    const alone = this.#config.engine.verifyAlone(block)
    if (alone.ok) this.#hold(this.#waiting, block, notices)
    else notices.push({ kind: 'block-refused', block, error: alone.error })
  }

  #hold(pool: WaitingBlocks, block: Block, notices: Notice[]): void {
    for (const dropped of pool.add(block)) {
      const { error } = fail('BLOCK_WAITING_FULL', `block ${dropped.header.height} was dropped`)
      notices.push({ kind: 'block-refused', block: dropped, error })
    }
  }
}

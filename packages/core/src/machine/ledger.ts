/**
 * The ledger as a state machine: which blocks there are, which chain is the head's, what waits for a block.
 *
 * `step` is told what happened and answers what must be done: persist, then publish, then notify. It
 * decides at once and in memory; the runner makes it durable and only then tells anyone. While a block made
 * here is being written, readings collect in pending; they make the next block when it is durable. That is
 * the group commit.
 *
 * A block is placed on its parent only when it is valid there, so every block of the tree is valid and
 * choosing the head compares weights and nothing else. Blocks whose parent is missing wait. A block that
 * would fork the chain below its final block is refused; an alarm is raised when the branch that it belongs
 * to outgrows ours.
 *
 * Entries of blocks that lose their place return to pending, in the same change that moves the head: no crash
 * can lose them. Ours and others' are treated alike.
 */
import type { Block } from '../block/block.ts'
import { checkReading, type GenesisDocument } from '../block/genesis.ts'
import type { Header } from '../block/header.ts'
import { type Hash, keyOf } from '../bytes.ts'
import { type Engine, isPreferred } from '../consensus/engine.ts'
import type { Crypto, Signer } from '../crypto.ts'
import { type EntryWithPayload, signEntry } from '../entry/entry.ts'
import { checkPayload, encodePayload } from '../entry/payload.ts'
import { type Failure, fail } from '../result.ts'
import { validateBlockLink, validateBlockOnParent } from '../validation/block-on-parent.ts'
import type { BlockTree, TreeBlock } from './block-tree.ts'
import type { ChainReader } from './change.ts'
import type { Effect, LedgerEvent, Notice, ReadingInput, Ticket } from './events.ts'
import { moveHead } from './head-move.ts'
import { type NextOnChain, Pending, type PendingLimits } from './pending.ts'
import { produceBlock } from './produce.ts'
import { RefusedBlocks } from './refused.ts'
import { WaitingBlocks } from './waiting.ts'

export interface LedgerConfig {
  readonly document: GenesisDocument
  readonly ledgerId: Hash
  readonly engine: Engine
  readonly crypto: Crypto
  /** The node's key: author of the readings submitted here, producer of the blocks made here. */
  readonly signer: Signer
  readonly reader: ChainReader
  readonly limits?: {
    readonly pending?: Partial<PendingLimits>
    readonly waiting?: { readonly blocksMax?: number; readonly bytesMax?: number }
    readonly refusedHeadersMax?: number
  }
}

/** A change that is being written. */
interface Unsettled {
  readonly token: number
  /** Height of the final block after it. */
  readonly baseHeight: number
  readonly added: readonly TreeBlock[]
}

/** What one step gathers before it answers. */
interface Outcome {
  readonly added: TreeBlock[]
  readonly notices: Notice[]
}

export class Ledger {
  readonly #config: LedgerConfig
  readonly #tree: BlockTree
  readonly #pending: Pending
  readonly #waiting: WaitingBlocks
  readonly #early: WaitingBlocks
  readonly #refused: RefusedBlocks
  readonly #unsettled: Unsettled[] = []
  /**
   * The blocks of `#unsettled` by key: those that left the tree before the store has them are still known.
   */
  readonly #writing = new Map<string, TreeBlock>()
  readonly #nextOnChain: NextOnChain = (author, key) => this.#tree.nextSequence(this.#head, author, key)
  #head: TreeBlock
  #token = 0

  /** `tree` holds the stored blocks above the final one, `head` is the stored head: see load.ts. */
  constructor(config: LedgerConfig, tree: BlockTree, head: TreeBlock, pending: Iterable<EntryWithPayload>) {
    this.#config = config
    this.#tree = tree
    this.#head = head
    this.#pending = new Pending(config.limits?.pending)
    this.#waiting = new WaitingBlocks(config.limits?.waiting)
    this.#early = new WaitingBlocks(config.limits?.waiting)
    this.#refused = new RefusedBlocks(config.limits?.refusedHeadersMax)
    this.#pending.restore([...pending], this.#nextOnChain)
  }

  get head(): TreeBlock {
    return this.#head
  }

  get finalHeight(): number {
    return this.#tree.base.header.height
  }

  get pending(): Pending {
    return this.#pending
  }

  get waitingCount(): number {
    return this.#waiting.count + this.#early.count
  }

  /** The author's next sequence on the chain of the head. */
  nextSequence(author: Uint8Array): number {
    return this.#nextOnChain(author, keyOf(author))
  }

  /** `now`: ms since 1970, an integer; it may go backwards. */
  step(event: LedgerEvent, now: number): Effect[] {
    switch (event.kind) {
      case 'started':
        return this.#produce(now)
      case 'reading-submitted':
        return this.#submitReading(event.ticket, event.reading, event.salt, now)
      case 'entries-submitted':
        return this.#submitEntries(event.firstTicket, event.items, now)
      case 'block-received':
        return this.#receive([event.block], now)
      case 'persisted':
        return this.#persisted(event.token, now)
      case 'tick':
        return this.#receive(this.#early.takeDue(now + this.#config.document.limits.timeAhead), now)
    }
  }

  #submitReading(ticket: Ticket, reading: ReadingInput, salt: Uint8Array, now: number): Effect[] {
    const { document, crypto, ledgerId, signer } = this.#config
    const checked = checkReading(document, reading.measure, reading.value)
    if (!checked.ok) return rejected(ticket, checked.error)
    const sealed = checkPayload({ salt, ...reading })
    if (!sealed.ok) return rejected(ticket, sealed.error)
    const payload = encodePayload(sealed.value)
    const sequence = this.#pending.nextSequence(signer.publicKey, this.#nextOnChain)
    const entry = signEntry({ ledgerId, sequence, commitment: crypto.sha256(payload) }, signer, crypto)
    return this.#submitEntries(ticket, [{ entry, payload }], now)
  }

  #submitEntries(firstTicket: Ticket, items: readonly EntryWithPayload[], now: number): Effect[] {
    const notices: Notice[] = []
    for (const [i, item] of items.entries()) {
      const ticket = firstTicket + i
      const added = this.#pending.add(item, this.#nextOnChain, ticket)
      if (!added.ok) notices.push({ kind: 'rejected', ticket, error: added.error })
    }
    return this.#produce(now, notices)
  }

  #receive(blocks: readonly Block[], now: number): Effect[] {
    const outcome: Outcome = { added: [], notices: [] }
    const queue = [...blocks]
    for (let block = queue.shift(); block; block = queue.shift()) {
      if (this.#place(block, now, outcome)) queue.push(...this.#waiting.takeChildren(block))
    }
    const effects = outcome.added.length > 0 ? this.#chooseHead(outcome) : notify(outcome.notices)
    const earliest = this.#early.earliestTime()
    if (earliest === undefined) return effects
    return [...effects, { kind: 'wake', time: earliest - this.#config.document.limits.timeAhead }]
  }

  /** Puts a block where it belongs. True when blocks that wait for it can be looked at again. */
  #place(block: Block, now: number, { added, notices }: Outcome): boolean {
    const parentHash = block.header.parent
    if (parentHash === null || this.#tree.get(block.hash) || this.#refused.get(block.hash)) return false
    const parent = this.#tree.get(parentHash)
    if (parent === undefined) return this.#placeOutside(block, parentHash, notices)

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
  #placeOutside(block: Block, parentHash: Hash, notices: Notice[]): boolean {
    const { engine } = this.#config
    if (this.#past(block.hash)) return false
    const refusedParent = this.#refused.get(parentHash)
    const parent = refusedParent ?? this.#past(parentHash)
    if (parent === undefined) {
      this.#hold(this.#waiting, block, notices)
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
    const message = `block ${height} leaves the chain at ${forkHeight}; ${this.finalHeight} is final`
    const { error } = fail('BLOCK_BELOW_FINAL', message)
    notices.push({ kind: 'block-refused', block, error })
    const isHeavier = isPreferred({ hash: block.hash, weight }, this.#head)
    if (isHeavier && this.#refused.isFirstAlarm(forkHeight)) notices.push({ kind: 'alarm', error })
    return true
  }

  /** A block that is not in the tree any more: it is below the final one or beside it. */
  #past(hash: Hash): { readonly header: Header; readonly weight: bigint } | undefined {
    const writing = this.#writing.get(keyOf(hash))
    if (writing) return writing
    const stored = this.#config.reader.block(hash)
    return stored && { header: stored.block.header, weight: stored.weight }
  }

  #hold(pool: WaitingBlocks, block: Block, notices: Notice[]): void {
    for (const dropped of pool.add(block)) {
      const { error } = fail('BLOCK_WAITING_FULL', `block ${dropped.header.height} was dropped`)
      notices.push({ kind: 'block-refused', block: dropped, error })
    }
  }

  /** Fork choice over what this step added, as one change. */
  #chooseHead({ added, notices }: Outcome): Effect[] {
    let best = this.#head
    for (const candidate of added) if (isPreferred(candidate, best)) best = candidate

    const move = moveHead(this.#head, best, added, {
      ...this.#config,
      tree: this.#tree,
      pending: this.#pending,
    })
    this.#head = best
    this.#tree.advanceBase(best, this.#config.engine.finalHeight(best.header.height))

    this.#token += 1
    this.#unsettled.push({ token: this.#token, baseHeight: this.finalHeight, added })
    for (const block of added) this.#writing.set(block.key, block)
    return [
      { kind: 'persist', token: this.#token, change: move.change },
      { kind: 'publish', blocks: move.change.blocks.map(({ block }) => block) },
      ...notify([...notices, ...move.notices]),
    ]
  }

  #persisted(token: number, now: number): Effect[] {
    for (let first = this.#unsettled[0]; first && first.token <= token; first = this.#unsettled[0]) {
      for (const block of first.added) {
        block.fresh = undefined
        this.#writing.delete(block.key)
      }
      this.#tree.settle(first.baseHeight)
      this.#unsettled.shift()
    }
    return this.#produce(now)
  }

  /** A block of what is pending, unless one is being written: then what comes meanwhile joins the next. */
  #produce(now: number, notices: Notice[] = []): Effect[] {
    if (this.#unsettled.length > 0 || this.#pending.count === 0) return notify(notices)
    const made = produceBlock(this.#tree.viewOf(this.#head), this.#pending, now, this.#config)
    if (made === undefined) return notify(notices)
    const weight = this.#head.weight + this.#config.engine.weight(made.block.header)
    const added = this.#tree.add(made.block, weight, made.outcome, this.#head)
    return this.#chooseHead({ added: [added], notices })
  }
}

function rejected(ticket: Ticket, error: Failure): Effect[] {
  return notify([{ kind: 'rejected', ticket, error }])
}

function notify(notices: Notice[]): Effect[] {
  return notices.length > 0 ? [{ kind: 'notify', notices }] : []
}

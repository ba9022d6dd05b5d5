/**
 * The ledger as a state machine: which blocks there are, which chain is the head's, what waits for a block.
 *
 * `step` is told what happened and answers what must be done: persist, then publish, then notify. It
 * decides at once and in memory; the runner makes it durable and only then tells anyone. While a block made
 * here is being written, readings collect in pending; they make the next block when it is durable. That is
 * the group commit. Blocks of others that are being written hold up nothing: changes are made durable in
 * order, so ours is never told of before what it stands on.
 *
 * A block is placed on its parent only when it is valid there, so every block of the tree is valid and
 * choosing the head compares weights and nothing else. Blocks whose parent is missing wait. A block that
 * would fork the chain below its final block is refused; an alarm is raised when the branch that it belongs
 * to outgrows ours. See intake.ts.
 *
 * Entries of blocks that lose their place return to pending, in the same change that moves the head: no crash
 * can lose them.
 *
 * Among peers, production-policy.ts says when to make a block. Where the engine asks for work, a miner is
 * given a draft at once, and what it finds completes it: see work.ts. Entries of ours that do not go into a
 * block at once are made durable as pending, again as many at a time as came meanwhile, and then told to the
 * peers. Behind the peers nothing is signed: readings are held.
 */
import type { Block } from '../block/block.ts'
import { checkReading, type GenesisDocument } from '../block/genesis.ts'
import type { Header } from '../block/header.ts'
import { equalBytes, type Hash, keyOf } from '../bytes.ts'
import { chainWeight, type Engine, isPreferred } from '../consensus/engine.ts'
import type { Crypto, Signer } from '../crypto.ts'
import { type EntryWithPayload, signEntry } from '../entry/entry.ts'
import { checkPayload, encodePayload } from '../entry/payload.ts'
import { LIMITS } from '../limits.ts'
import { fail, invariant } from '../result.ts'
import type { BlockTree, TreeBlock } from './block-tree.ts'
import { canonicalHash, findIncluded, type IncludedPlace } from './chain-lookup.ts'
import type { ChainReader, Change } from './change.ts'
import type { Effect, LedgerEvent, ReadingInput, Ticket } from './events.ts'
import { moveHead } from './head-move.ts'
import { Intake, type IntakeConfig } from './intake.ts'
import { type NextOnChain, Pending, type PendingEntry, type PendingLimits } from './pending.ts'
import { completeBlock, type Draft, draftBlock } from './produce.ts'
import { Receipts } from './receipts.ts'
import { Republish } from './republish.ts'
import { earliest, effectsOf, emptyStep, reject, type Step } from './step.ts'
import { Turns } from './turns.ts'
import { type ChangeKind, Unsettled } from './unsettled.ts'
import { Work, type WorkSituation } from './work.ts'

export interface LedgerConfig {
  readonly document: GenesisDocument
  readonly ledgerId: Hash
  readonly engine: Engine
  readonly crypto: Crypto
  /** The node's key: author of the readings submitted here, producer of the blocks made here. */
  readonly signer: Signer
  readonly reader: ChainReader
  /** Whether the effect `work` is carried out. Without it no block is made where the engine asks for work. */
  readonly hasMiner?: boolean
  readonly limits?: IntakeConfig['limits'] & {
    readonly pending?: Partial<PendingLimits>
    readonly heldReadingsMax?: number
    readonly receiptsWatchedMax?: number
  }
}

/** A reading that is signed once the node has caught up. */
interface HeldReading {
  readonly tickets: readonly Ticket[]
  readonly payload: Uint8Array
}

export class Ledger {
  readonly #config: LedgerConfig
  readonly #tree: BlockTree
  readonly #pending: Pending
  readonly #intake: Intake
  readonly #receipts: Receipts
  readonly #republish: Republish
  readonly #ownKey: string
  /** Whether this node makes blocks at all. */
  readonly #isProducer: boolean
  readonly #turns: Turns
  readonly #work = new Work()
  readonly #unsettled = new Unsettled()
  readonly #nextOnChain: NextOnChain = (author, key) => this.#tree.nextSequence(this.#head, author, key)
  #head: TreeBlock
  /** Key of the head on which the engine let this node make no block. */
  #refusedOn: string | undefined
  #network = { peerCount: 0, isBehind: false }
  #held: HeldReading[] = []
  #wakeTime: number | undefined

  /** `tree` holds the stored blocks above the final one, `head` is the stored head: see load.ts. */
  constructor(config: LedgerConfig, tree: BlockTree, head: TreeBlock, pending: Iterable<EntryWithPayload>) {
    const { document, engine, signer, limits, hasMiner = false } = config
    this.#config = config
    this.#tree = tree
    this.#head = head
    this.#pending = new Pending(limits?.pending)
    this.#intake = new Intake(config, tree, this.#unsettled.blocks)
    this.#receipts = new Receipts(limits?.receiptsWatchedMax)
    this.#republish = new Republish(this.#pending)
    this.#ownKey = keyOf(signer.publicKey)
    const isListed = document.producers?.some((key) => equalBytes(key, signer.publicKey)) ?? true
    this.#isProducer = isListed && (hasMiner || engine.making === 'turns')
    this.#turns = new Turns(config)
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
    return this.#intake.waitingCount
  }

  /** Readings that wait unsigned for the node to catch up. */
  get heldCount(): number {
    return this.#held.length
  }

  /** Submissions whose place may still change. */
  get watchedCount(): number {
    return this.#receipts.count
  }

  /** The author's next sequence on the chain of the head. */
  nextSequence(author: Uint8Array): number {
    return this.#nextOnChain(author, keyOf(author))
  }

  /** Of the head's chain; undefined above it. */
  canonicalHash(height: number): Hash | undefined {
    return canonicalHash(height, this.#head, this.#unsettled.blocks, this.#config.reader)
  }

  /** A valid block of any branch. `isOpen`: it is the final one or above it, so blocks may be put on it. */
  find(
    hash: Hash,
  ): { readonly header: Header; readonly weight: bigint; readonly isOpen: boolean } | undefined {
    const block = this.#tree.get(hash)
    const found = block ?? this.#intake.past(hash)
    return found && { header: found.header, weight: found.weight, isOpen: block !== undefined }
  }

  /** Where an entry is on the chain of the head, durable or not. */
  included(entryId: Hash): IncludedPlace | undefined {
    return findIncluded(entryId, this.#head, this.#unsettled.blocks, this.#config.reader)
  }

  /** `now`: ms since 1970, an integer; it may go backwards. */
  step(event: LedgerEvent, now: number): Effect[] {
    const step = emptyStep(now)
    this.#turns.pass(now)
    this.#handle(event, step)
    if (step.persist === undefined) this.#proceed(step)
    this.#search(step)
    if (this.#network.peerCount > 0) step.entries.push(...this.#republish.take(now))
    const effects = effectsOf(step)
    const time = this.#nextTime(now)
    if (time === undefined || time === this.#wakeTime) return effects
    this.#wakeTime = time
    effects.push({ kind: 'wake', time })
    return effects
  }

  #handle(event: LedgerEvent, step: Step): void {
    switch (event.kind) {
      case 'started':
        return
      case 'reading-submitted':
        this.#submitReading(event.ticket, event.reading, event.salt, step)
        return
      case 'entries-submitted':
        for (const [i, item] of event.items.entries()) {
          this.#submit(item, { tickets: [event.firstTicket + i] }, step)
        }
        return
      case 'entries-received':
        for (const item of event.items) {
          const isOurs = keyOf(item.entry.author) === this.#ownKey
          this.#pending.add(item, this.#nextOnChain, { isOurs, now: step.now })
        }
        return
      case 'blocks-received':
        this.#receive(event.blocks, step)
        return
      case 'network':
        this.#setNetwork(event, step)
        return
      case 'work-found': {
        const found = this.#work.found(event.job, event.nonce)
        if (found) this.#make(found.draft, found.seal, step)
        return
      }
      case 'persisted':
        this.#unsettled.settle(event.token, this.#tree)
        return
      case 'tick':
        this.#wakeTime = undefined
        this.#receive(this.#intake.takeDue(step.now), step)
    }
  }

  #submitReading(ticket: Ticket, reading: ReadingInput, salt: Uint8Array, step: Step): void {
    const checked = checkReading(this.#config.document, reading.measure, reading.value)
    const sealed = checked.ok ? checkPayload({ salt, ...reading }) : checked
    const heldMax = this.#config.limits?.heldReadingsMax ?? LIMITS.heldReadingsMax
    if (!sealed.ok) {
      reject([ticket], sealed.error, step)
      return
    }
    const held = { tickets: [ticket], payload: encodePayload(sealed.value) }
    if (!this.#network.isBehind) this.#sign(held, step)
    else if (this.#held.length < heldMax) this.#held.push(held)
    else reject([ticket], fail('PENDING_FULL', `${heldMax} readings wait to be signed already`).error, step)
  }

  /** With the next sequence of this node. */
  #sign({ payload, tickets }: HeldReading, step: Step): void {
    const { crypto, ledgerId, signer } = this.#config
    const sequence = this.#pending.nextSequence(signer.publicKey, this.#nextOnChain)
    const entry = signEntry({ ledgerId, sequence, commitment: crypto.sha256(payload) }, signer, crypto)
    this.#submit({ entry, payload }, { tickets, isReading: true }, step)
  }

  #submit(
    item: EntryWithPayload,
    { tickets, isReading = false }: { tickets: readonly Ticket[]; isReading?: boolean },
    step: Step,
  ): void {
    const origin = { tickets, isReading, isOurs: true, now: step.now }
    const added = this.#pending.add(item, this.#nextOnChain, origin)
    if (added.ok) return
    const place = added.error.code === 'ENTRY_SEQUENCE_TAKEN' && this.included(item.entry.id)
    if (!place) reject(tickets, added.error, step)
    else for (const ticket of tickets) step.notices.push(this.#receipts.tell(ticket, place))
  }

  #receive(blocks: readonly Block[], step: Step): void {
    if (blocks.length === 0) return
    const { added, notices } = this.#intake.place(blocks, step.now, this.#head)
    step.notices.push(...notices)
    if (added.length === 0) return
    this.#turns.placed(added, this.#head, step.now)
    this.#chooseHead(added, 'foreign', step)
  }

  #setNetwork({ peerCount, isBehind }: { peerCount: number; isBehind: boolean }, step: Step): void {
    const before = this.#network.peerCount
    this.#network = { peerCount, isBehind }
    this.#turns.networkChanged(this.#network)
    if (!isBehind) for (const held of this.#held.splice(0)) this.#sign(held, step)
    if (peerCount > before && before > 0) this.#republish.reset()
    if (peerCount > 0 && before === 0) step.entries.push(...this.#republish.takeAll(step.now))
  }

  /** Fork choice over what this step added, as one change. */
  #chooseHead(added: readonly TreeBlock[], kind: ChangeKind, step: Step): void {
    let best = this.#head
    for (const candidate of added) if (isPreferred(candidate, best)) best = candidate

    const { now } = step
    const { change, notices, returned, displaced } = moveHead(this.#head, best, added, {
      ...this.#config,
      tree: this.#tree,
      pending: this.#pending,
      receipts: this.#receipts,
      ownKey: this.#ownKey,
      now,
    })
    if (best !== this.#head) this.#turns.headMoved(now)
    this.#head = best
    this.#tree.advanceBase(best, this.#config.engine.finalHeight(best.header.height))
    this.#receipts.final(this.finalHeight)
    if (change.pendingRemove.length > 0) this.#republish.reset()

    this.#persist(change, kind, added, step)
    step.notices.push(...notices)
    for (const item of displaced) this.#replace(item, step)
    if (this.#network.peerCount > 0) this.#publish(returned, step)
  }

  /** Another entry has its sequence. A reading that was never confirmed gets the next one. */
  #replace({ entry, payload, tickets, isReading }: PendingEntry, step: Step): void {
    const message = `sequence ${entry.sequence} was taken by another entry of the same author`
    if (!isReading) reject(tickets, fail('ENTRY_SEQUENCE_TAKEN', message).error, step)
    else if (this.#network.isBehind) this.#held.push({ payload, tickets })
    else this.#sign({ payload, tickets }, step)
  }

  #persist(change: Change, kind: ChangeKind, added: readonly TreeBlock[], step: Step): void {
    step.persist = { token: this.#unsettled.add(kind, this.finalHeight, added), change }
  }

  #publish(items: readonly PendingEntry[], step: Step): void {
    this.#pending.markPublished(items, step.now)
    step.entries.push(...items)
  }

  /**
   * A block of what is pending, if its time has come. While one is being written what comes joins the next.
   */
  #proceed(step: Step): void {
    if (this.#unsettled.has('own-block')) return
    const time = this.#productionTime(step.now)
    if (time !== undefined && time <= step.now && this.#produce(step)) return
    if (this.#mustShelter()) this.#shelter(step)
  }

  #produce(step: Step): boolean {
    const draft = this.#draft(step.now)
    if (draft?.prepared.kind !== 'sealed') return false
    this.#make(draft, draft.prepared.seal, step)
    return true
  }

  #draft(now: number): Draft | undefined {
    const draft = draftBlock(this.#tree.viewOf(this.#head), this.#pending, now, this.#config)
    if (draft === undefined) this.#refusedOn = this.#head.key
    return draft
  }

  /** The drafted block, which stands on the head. What was found for it is trusted no more than a peer. */
  #make(draft: Draft, seal: Uint8Array, step: Step): void {
    const { engine } = this.#config
    const parent = this.#head
    const block = completeBlock(draft, seal, this.#config)
    const verified = engine.verify(block, { parent: parent.header, entryCount: block.entries.length })
    const weight = verified.ok ? chainWeight(parent.weight, block.header, engine) : verified
    invariant(weight.ok, weight.ok ? '' : `a block made here obeys the rule: ${weight.error.message}`)
    step.block = block
    this.#turns.made()
    this.#chooseHead([this.#tree.add(block, weight.value, draft.outcome, parent)], 'own-block', step)
  }

  /** Whether the engine may let this node make a block on the head. */
  get #mayProduce(): boolean {
    return this.#isProducer && this.#refusedOn !== this.#head.key
  }

  /** When a block is to be made; undefined: not as things are. */
  #productionTime(now: number): number | undefined {
    const isReady = this.#mayProduce && this.#pending.readyCount > 0
    if (!isReady || this.#config.engine.making !== 'turns') return undefined
    return this.#turns.time(this.#head, this.#pending, this.#network, now)
  }

  /** What the miner is to do now, if there is one: it begins as soon as something is pending. */
  #search(step: Step): void {
    if (this.#config.engine.making !== 'search') return
    const draft = () => this.#draft(step.now)
    step.work = this.#work.update(this.#workSituation(step.now), this.#isSearching, draft)
  }

  get #isSearching(): boolean {
    const isReady = this.#mayProduce && this.#pending.readyCount > 0 && !this.#network.isBehind
    return isReady && !this.#unsettled.has('own-block')
  }

  #workSituation(now: number): WorkSituation {
    return { headKey: this.#head.key, pendingCount: this.#pending.changeCount, now }
  }

  /** Entries of ours that no block takes at once are not left to memory alone. */
  #mustShelter(): boolean {
    const { peerCount, isBehind } = this.#network
    const isAtOnce = this.#mayProduce && this.#config.engine.making === 'turns'
    const isAlone = peerCount === 0 && !isBehind && isAtOnce
    return !isAlone && this.#pending.unstored.size > 0 && !this.#unsettled.has('own-entries')
  }

  #shelter(step: Step): void {
    const items = this.#pending.store(LIMITS.republishEntriesMax)
    const change: Change = { blocks: [], disconnect: [], connect: [], pendingAdd: items, pendingRemove: [] }
    this.#persist(change, 'own-entries', [], step)
    if (this.#network.peerCount > 0) this.#publish(items, step)
  }

  /** When this ledger must be woken; undefined when only events can bring anything new. */
  #nextTime(now: number): number | undefined {
    const times = [this.#intake.dueTime, this.#work.dueTime(this.#workSituation(now))]
    if (this.#network.peerCount > 0) times.push(this.#republish.dueTime(now))
    if (!this.#unsettled.has('own-block')) {
      times.push(this.#productionTime(now))
      if (this.#mustShelter()) times.push(now)
    }
    return earliest(times)
  }
}

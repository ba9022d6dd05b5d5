import type { Block } from '../../src/block/block.ts'
import { equalBytes, toHex } from '../../src/bytes.ts'
import type { Signer } from '../../src/crypto.ts'
import type { Entry, EntryWithPayload } from '../../src/entry/entry.ts'
import type { Effect, LedgerEvent, Notice, Ticket, WorkJob } from '../../src/machine/events.ts'
import type { Ledger, LedgerConfig } from '../../src/machine/ledger.ts'
import { genesisChange, loadLedger } from '../../src/machine/load.ts'
import { authors, crypto, LATER, producers, type Rules, stranger, unwrap } from './block-builder.ts'
import { checkEffects } from './check-effects.ts'
import type { ChainState } from './dumb-chain.ts'
import { DumbStore } from './dumb-store.ts'
import { searchNonce } from './search.ts'

export interface HarnessChoice {
  /** The node's key; by default one that is no producer where producers are listed. */
  readonly signer?: Signer
  readonly limits?: LedgerConfig['limits']
  /** By default it has a miner, which finds what it is given when it settles. */
  readonly hasMiner?: boolean
}

/**
 * A ledger with a store, and a runner whose pace the test decides: when a change becomes durable, when the
 * ledger is told so, and when the process dies. Every step's effects are checked, and so is every state of
 * the store.
 */
export class LedgerHarness {
  readonly rules: Rules
  readonly store = new DumbStore()
  /** What was told and published so far: only what came after its persist. */
  readonly told: Notice[] = []
  readonly published: Block[] = []
  readonly publishedEntries: EntryWithPayload[] = []
  /** When the ledger last asked to be woken; undefined once it was. */
  wakeTime: number | undefined
  /** What the miner was given last, and has not found. */
  job: WorkJob | undefined
  readonly #choice: HarnessChoice
  readonly #final = new Set<Ticket>()
  /** Every entry that was on the durable canonical chain at some time. */
  readonly #acknowledged = new Map<string, Entry>()
  /** Effects that are still to be done, in order. */
  #queue: Effect[] = []
  /** Tokens of changes that are durable, which the ledger has not been told. */
  #unreported: number[] = []
  #lastToken = 0
  #nextTicket = 0
  ledger: Ledger

  constructor(rules: Rules, choice: HarnessChoice = {}) {
    this.rules = rules
    this.#choice = choice
    this.store.apply(genesisChange(rules.document, rules.engine, crypto))
    this.ledger = this.#load()
  }

  /** Changes that are not durable yet. */
  get unwrittenCount(): number {
    return this.#queue.filter(({ kind }) => kind === 'persist').length
  }

  get unreportedCount(): number {
    return this.#unreported.length
  }

  send(event: LedgerEvent, now = LATER): Effect[] {
    if (event.kind === 'tick') this.wakeTime = undefined
    const effects = this.ledger.step(event, now)
    for (const effect of effects) if (effect.kind === 'wake') this.wakeTime = effect.time
    this.#lastToken = checkEffects(effects, this.#lastToken)
    for (const ticket of finalTickets(effects)) {
      if (this.#final.has(ticket)) throw new Error(`ticket ${ticket} is answered twice`)
      this.#final.add(ticket)
    }
    this.#queue.push(...effects)
    this.#perform()
    return effects
  }

  receive(block: Block, now = LATER): Effect[] {
    return this.send({ kind: 'blocks-received', blocks: [block] }, now)
  }

  /** The ledger has this many peers, and is not behind them. */
  connect(peerCount = 1, now = LATER): Effect[] {
    return this.send({ kind: 'network', peerCount, isBehind: false }, now)
  }

  /** Wakes the ledger, if it asked for that by now. */
  wake(now = LATER): boolean {
    if (this.wakeTime === undefined || this.wakeTime > now) return false
    this.send({ kind: 'tick' }, now)
    return true
  }

  /** Submits entries and returns their tickets. */
  submit(items: readonly EntryWithPayload[], now = LATER): Ticket[] {
    const firstTicket = this.#nextTicket
    this.#nextTicket += items.length
    this.send({ kind: 'entries-submitted', firstTicket, items }, now)
    return items.map((_, i) => firstTicket + i)
  }

  submitReading(value: number, now = LATER): Ticket {
    const ticket = this.#nextTicket
    this.#nextTicket += 1
    const salt = new Uint8Array(16).fill(ticket)
    this.send({ kind: 'reading-submitted', ticket, reading: { measure: 'bpm', value, time: 0 }, salt }, now)
    return ticket
  }

  /** Makes the next change durable and does what waited for it. False when there was none. */
  write(): boolean {
    const [persist] = this.#queue
    if (persist?.kind !== 'persist') return false
    this.#queue.shift()
    this.store.apply(persist.change)
    this.#unreported.push(persist.token)
    for (const { block } of persist.change.connect) {
      for (const entry of block.entries) this.#acknowledged.set(toHex(entry.id), entry)
    }
    this.checkNothingLost()
    this.#perform()
    return true
  }

  /** Tells the ledger of the first `count` durable changes, by the token of the last of them. */
  report(count = 1, now = LATER): boolean {
    const token = this.#unreported.splice(0, count).at(-1)
    if (token === undefined) return false
    this.send({ kind: 'persisted', token }, now)
    return true
  }

  /** The miner finds what it was given. False when it has nothing to do. */
  mine(now = LATER): boolean {
    const { job } = this
    if (job === undefined) return false
    this.job = undefined
    this.send({ kind: 'work-found', job: job.id, nonce: searchNonce(job, crypto) }, now)
    return true
  }

  /** Until nothing is left to write, to report and to mine, and the ledger need not be woken now. */
  settle(now = LATER): void {
    while (this.write() || this.report(1, now) || this.mine(now) || this.wake(now)) {}
  }

  /** The process dies: what is not durable is lost, and so is what nobody was told. */
  crash(): void {
    this.#queue = []
    this.#unreported = []
    this.#lastToken = 0
    this.wakeTime = undefined
    this.job = undefined
    this.ledger = this.#load()
    this.checkNothingLost()
  }

  /** Forgets a payload, as an operator may have to: that entry cannot come back to pending any more. */
  erase(id: Uint8Array): void {
    this.store.erase(id)
    this.#acknowledged.delete(toHex(id))
  }

  /** How a submission ended, as far as it was told. */
  answer(ticket: Ticket): Notice | undefined {
    return this.told.find((notice) => 'ticket' in notice && notice.ticket === ticket)
  }

  /**
   * Every entry that was ever on the durable chain is on it once, or is pending in the store, or has lost its
   * sequence to another entry of its author that is.
   */
  checkNothingLost(): void {
    const canonical = this.store.canonicalBlocks().flatMap(({ entries }) => entries)
    const all = [...canonical, ...this.store.pending().map(({ entry }) => entry)]
    for (const [id, { author, sequence }] of this.#acknowledged) {
      const holders = all.filter((other) => other.sequence === sequence && equalBytes(other.author, author))
      if (holders.length !== 1) throw new Error(`${holders.length} hold the sequence of entry ${id}`)
    }
  }

  /** What the ledger and its store say of the chain; they must have settled and agree. */
  state(): ChainState {
    const { ledger, store } = this
    const head = store.head()
    if (!head || !equalBytes(head.hash, ledger.head.hash)) throw new Error('ledger and store disagree')
    if (ledger.head.range.size !== store.log.length) throw new Error('ledger and store disagree on the size')
    const kept = [...ledger.pending.entries()].filter(({ isStored }) => isStored)
    if (
      kept
        .map(({ entry }) => toHex(entry.id))
        .sort()
        .join() !== [...store.waiting.keys()].sort().join()
    ) {
      throw new Error('ledger and store disagree on what is pending')
    }
    const next: Record<string, number> = {}
    for (const { publicKey } of [...authors, ...producers, this.#choice.signer ?? stranger]) {
      const sequence = ledger.nextSequence(publicKey)
      if (sequence > 0) next[toHex(publicKey)] = sequence
    }
    return {
      hashes: store.canonical,
      root: toHex(ledger.head.header.root),
      log: store.log,
      next,
      nodes: Object.fromEntries([...store.nodes].map(([key, hash]) => [key, toHex(hash)])),
    }
  }

  #load(): Ledger {
    const { document, ledgerId, engine } = this.rules
    const { signer = stranger, limits, hasMiner = true } = this.#choice
    const config = { document, ledgerId, engine, crypto, signer, hasMiner, reader: this.store }
    return unwrap(loadLedger({ ...config, ...(limits && { limits }) }))
  }

  /** What may be done before the next change is durable. */
  #perform(): void {
    for (let effect = this.#queue[0]; effect && effect.kind !== 'persist'; effect = this.#queue[0]) {
      this.#queue.shift()
      if (effect.kind === 'publish-block') this.published.push(effect.block)
      if (effect.kind === 'publish-entries') this.publishedEntries.push(...effect.items)
      if (effect.kind === 'work') this.job = effect.job
      if (effect.kind === 'cancel-work') this.job = undefined
      if (effect.kind === 'notify') for (const notice of effect.notices) this.#tell(notice)
    }
  }

  #tell(notice: Notice): void {
    if (notice.kind === 'included' && !this.#acknowledged.has(toHex(notice.entryId))) {
      throw new Error(`ticket ${notice.ticket} is told of an entry that is not durable`)
    }
    this.told.push(notice)
  }
}

function finalTickets(effects: readonly Effect[]): Ticket[] {
  return effects
    .flatMap((effect) => (effect.kind === 'notify' ? effect.notices : []))
    .flatMap((notice) => (notice.kind === 'included' || notice.kind === 'rejected' ? [notice.ticket] : []))
}

import {
  type Block,
  type Engine,
  type EntryWithPayload,
  equalBytes,
  type Failure,
  fail,
  type GenesisDocument,
  type Hash,
  invariant,
  keyOf,
  type Ledger,
  type LedgerEvent,
  type Notice,
  ok,
  type Result,
  SALT_BYTES,
  type Signer,
  validateReading,
} from '@pulseledger/core'
import { NODE_LIMITS } from './limits.ts'
import type {
  BlockStore,
  Clock,
  EntryState,
  MiningStatus,
  NetworkStatus,
  NewReading,
  NodeEvent,
  NodeFailure,
  NodeService,
  PeerView,
  Random,
  Receipt,
  Status,
  VerifyOptions,
  VerifyReport,
} from './ports.ts'

export interface ServiceInit {
  readonly document: GenesisDocument
  readonly ledgerId: Hash
  readonly engine: Engine
  readonly ledger: Ledger
  readonly store: BlockStore
  readonly clock: Clock
  readonly random: Random
  readonly signer: Signer
  /** Hands an event to the runner. */
  readonly dispatch: (event: LedgerEvent) => void
  /** Stateless checks of entries, off this thread when they are many. */
  readonly checkEntries: (items: readonly EntryWithPayload[]) => Promise<readonly Result<undefined>[]>
  readonly verify: (options: VerifyOptions) => Promise<VerifyReport>
  /** Left out where blocks take no work. */
  readonly mining?: () => MiningStatus
  /** What the network says of itself; all three are left out by a node without one. */
  readonly networkStatus?: () => NetworkStatus | undefined
  readonly peers?: () => readonly PeerView[]
  readonly invite?: () => string | undefined
}

type Answered = Promise<Result<Receipt>>
/** Of the submission with this ticket. */
type Answer = (result: Result<Receipt>, ticket: number) => void

/** The node as its adapters see it: submissions with their answers, reads of what is durable, events. */
export class LedgerService implements NodeService {
  readonly document: GenesisDocument
  readonly ledgerId: Hash
  readonly #init: ServiceInit
  readonly #answers = new Map<number, Answer>()
  readonly #listeners = new Set<(event: NodeEvent) => void>()
  /** Entries that were refused, by `keyOf` their id; the oldest are forgotten. */
  readonly #rejected = new Map<string, Failure>()
  readonly #startedAt: number
  #nextTicket = 0
  #failure: NodeFailure | undefined
  #head: Status['head'] | undefined

  constructor(init: ServiceInit) {
    this.document = init.document
    this.ledgerId = init.ledgerId
    this.#init = init
    this.#startedAt = init.clock.now()
  }

  submit(reading: NewReading): Answered {
    const { clock, random, dispatch } = this.#init
    if (this.#failure) return Promise.resolve(stopped(this.#failure))
    const ticket = this.#nextTicket++
    return new Promise((resolve) => {
      this.#answers.set(ticket, resolve)
      const timed = { ...reading, time: clock.now() }
      dispatch({ kind: 'reading-submitted', ticket, reading: timed, salt: random.bytes(SALT_BYTES) })
    })
  }

  /**
   * Readings that their authors signed. Results stand in the order of `items`; one bad item harms no other.
   */
  async submitEntries(items: readonly EntryWithPayload[]): Promise<Result<Receipt>[]> {
    if (this.#failure) return items.map(() => stopped(this.#failure as NodeFailure))
    const checked = await this.#init.checkEntries(items)
    // The node may have failed while the entries were checked: nobody would answer these any more.
    const failure = this.#failure
    if (failure) return items.map(() => stopped(failure))
    const results: Result<Receipt>[] = []
    const valid: number[] = []
    for (const [i, item] of items.entries()) {
      const stateless = checked[i] as Result<undefined>
      const reading = stateless.ok ? validateReading(item.payload, this.document) : stateless
      if (reading.ok) valid.push(i)
      else results[i] = this.#refuse(item, reading.error)
    }
    if (valid.length > 0) await this.#submitValid(items, valid, results)
    return results
  }

  /** Resolves when the items with the indices `valid` have their results. One promise for all of them. */
  #submitValid(
    items: readonly EntryWithPayload[],
    valid: readonly number[],
    results: Result<Receipt>[],
  ): Promise<void> {
    const firstTicket = this.#nextTicket
    this.#nextTicket += valid.length
    return new Promise((resolve) => {
      let left = valid.length
      const answer: Answer = (result, ticket) => {
        const i = valid[ticket - firstTicket] as number
        const item = items[i] as EntryWithPayload
        results[i] = result.ok || this.#failure ? result : this.#refuse(item, result.error)
        left -= 1
        if (left === 0) resolve()
      }
      for (let i = 0; i < valid.length; i++) this.#answers.set(firstTicket + i, answer)
      const submitted = valid.map((i) => items[i] as EntryWithPayload)
      this.#init.dispatch({ kind: 'entries-submitted', firstTicket, items: submitted })
    })
  }

  #refuse({ entry }: EntryWithPayload, error: Failure): Result<never> {
    this.#rejected.set(keyOf(entry.id), error)
    if (this.#rejected.size > NODE_LIMITS.rejectedEntriesMax) {
      this.#rejected.delete(this.#rejected.keys().next().value as string)
    }
    return { ok: false, error }
  }

  /** Submissions that wait for their answer. */
  get unansweredCount(): number {
    return this.#answers.size
  }

  status(): Status {
    const { engine, ledger, signer } = this.#init
    const head = this.#durableHead()
    return {
      ledger: { name: this.document.name, id: this.ledgerId, engine: engine.name },
      head,
      finalHeight: engine.finalHeight(head.height),
      pendingCount: ledger.pending.count + ledger.heldCount,
      publicKey: signer.publicKey,
      startedAt: this.#startedAt,
      network: this.#init.networkStatus?.(),
      mining: this.#init.mining?.(),
    }
  }

  *blocks(from: number, to: number): Iterable<Block> {
    const { store } = this.#init
    for (let height = Math.max(0, from); height <= to; height++) {
      const hash = store.canonicalHash(height)
      const stored = hash && store.block(hash)
      if (!stored) return
      yield stored.block
    }
  }

  blockByHash(hash: Hash): Block | undefined {
    return this.#init.store.block(hash)?.block
  }

  entryState(id: Hash): EntryState {
    const { store, ledger, engine } = this.#init
    const position = store.entryById(id)
    const blockHash = position && store.canonicalHash(position.height)
    if (blockHash) {
      const headHeight = this.#durableHead().height
      const kind = position.height <= engine.finalHeight(headHeight) ? 'final' : 'included'
      const receipt = { entryId: id, height: position.height, blockHash, index: position.index }
      return { kind, receipt, depth: headHeight - position.height }
    }
    // On the chain in memory alone: its block is being written.
    if (ledger.pending.get(id) || ledger.included(id)) return { kind: 'pending' }
    const error = this.#rejected.get(keyOf(id))
    return error ? { kind: 'rejected', error } : { kind: 'unknown' }
  }

  peers(): readonly PeerView[] {
    return this.#init.peers?.() ?? []
  }

  invite(): string | undefined {
    return this.#init.invite?.()
  }

  /** Passes an event on to all who subscribed. */
  tell(event: NodeEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    return this.#init.verify(options)
  }

  /** What the runner calls once the effects before are done. */
  onNotices(notices: readonly Notice[]): void {
    for (const notice of notices) {
      switch (notice.kind) {
        case 'included': {
          const { entryId, height, blockHash, index } = notice
          this.#answer(notice.ticket, ok({ entryId, height, blockHash, index }))
          break
        }
        case 'rejected':
          this.#answer(notice.ticket, { ok: false, error: notice.error })
          break
        case 'block-refused':
          break // the exchange sees to the peer that sent it
        case 'receipt-moved': {
          const { entryId, height, blockHash, index } = notice
          this.tell({ kind: 'receipt-moved', receipt: { entryId, height, blockHash, index } })
          break
        }
        default:
          this.tell(notice)
      }
    }
  }

  /** The node failed: everybody who waits is told so, and nothing is taken any more. */
  onFailure(failure: NodeFailure): void {
    this.#failure = failure
    for (const ticket of [...this.#answers.keys()]) this.#answer(ticket, stopped(failure))
  }

  #answer(ticket: number, result: Result<Receipt>): void {
    const answer = this.#answers.get(ticket)
    this.#answers.delete(ticket)
    answer?.(result, ticket)
  }

  /** Remembered until the head moves: reading it decodes a whole block. */
  #durableHead(): Status['head'] {
    const { store } = this.#init
    const head = store.head()
    invariant(head, 'a running node has a head')
    if (this.#head === undefined || !equalBytes(this.#head.hash, head.hash)) {
      const stored = store.block(head.hash)
      invariant(stored, 'the head is stored')
      const { time, size } = stored.block.header
      this.#head = { ...head, time, size }
    }
    return this.#head
  }
}

/** What failed is for the operator's log: whoever is connected may not be one. */
function stopped({ code }: NodeFailure): Result<never> {
  return fail('NODE_STOPPING', `not confirmed, because the node failed (${code})`)
}

import {
  type Block,
  type Engine,
  type EntryWithPayload,
  equalBytes,
  fail,
  type GenesisDocument,
  type Hash,
  invariant,
  type Ledger,
  type LedgerEvent,
  type Notice,
  ok,
  type Result,
  SALT_BYTES,
  type Signer,
  validateReading,
} from '@pulseledger/core'
import type {
  BlockStore,
  Clock,
  NewReading,
  NodeEvent,
  NodeFailure,
  NodeService,
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
}

type Answered = Promise<Result<Receipt>>
type Answer = (result: Result<Receipt>) => void

/** The node as its adapters see it: submissions with their answers, reads of what is durable, events. */
export class LedgerService implements NodeService {
  readonly document: GenesisDocument
  readonly ledgerId: Hash
  readonly #init: ServiceInit
  readonly #answers = new Map<number, Answer>()
  readonly #listeners = new Set<(event: NodeEvent) => void>()
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
    const results = items.map((item, i) => {
      const stateless = checked[i] as Result<undefined>
      return stateless.ok ? validateReading(item.payload, this.document) : stateless
    })
    const answers = this.#submitValid(items.filter((_, i) => results[i]?.ok)).values()
    return Promise.all(results.map((result) => (result.ok ? (answers.next().value as Answered) : result)))
  }

  #submitValid(items: readonly EntryWithPayload[]): Answered[] {
    // The node may have failed while the entries were checked: nobody would answer these any more.
    const failure = this.#failure
    if (failure) return items.map(() => Promise.resolve(stopped(failure)))
    const firstTicket = this.#nextTicket
    this.#nextTicket += items.length
    const answers = items.map(
      (_, i) => new Promise<Result<Receipt>>((resolve) => this.#answers.set(firstTicket + i, resolve)),
    )
    this.#init.dispatch({ kind: 'entries-submitted', firstTicket, items })
    return answers
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
      pendingCount: ledger.pending.count,
      publicKey: signer.publicKey,
      startedAt: this.#startedAt,
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
          break // told to the peer that sent it, once there are peers
        default:
          for (const listener of this.#listeners) listener(notice)
      }
    }
  }

  /** The node failed: everybody who waits is told so, and nothing is taken any more. */
  onFailure(failure: NodeFailure): void {
    this.#failure = failure
    for (const ticket of [...this.#answers.keys()]) this.#answer(ticket, stopped(failure))
  }

  #answer(ticket: number, result: Result<Receipt>): void {
    this.#answers.get(ticket)?.(result)
    this.#answers.delete(ticket)
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

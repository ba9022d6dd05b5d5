import type { Block, Effect, EntryWithPayload, Ledger, LedgerEvent, Notice, WorkJob } from '@pulseledger/core'
import { type BlockStore, type Clock, type Logger, type Miner, NodeFailure } from './ports.ts'

export interface RunnerInit {
  readonly ledger: Ledger
  readonly store: BlockStore
  readonly clock: Clock
  readonly logger: Logger
  /** What the ledger was told to have; without it no work is ever asked for. */
  readonly miner?: Pick<Miner, 'mine' | 'cancel'> | undefined
  /** Tell other nodes, if there are any: a block made here, or entries that were accepted here. */
  readonly publishBlock: (block: Block) => void
  readonly publishEntries: (items: readonly EntryWithPayload[]) => void
  /** Told of every notice once all effects before it are done. */
  readonly onNotices: (notices: readonly Notice[]) => void
  /** Told once, of the first failure: nothing is done after it. */
  readonly onFailure: (failure: NodeFailure) => void
}

/** Stands in the queue behind the effects of a step whose end somebody waits for. */
interface Done {
  readonly kind: 'done'
  readonly onDone: () => void
}

/**
 * Carries out what the ledger decides. An event is stepped at once; its effects join one queue and are done
 * in order, the whole list of one step before that of the next: persist, then publish, then notify. So
 * nothing is told to anyone before it is durable. While a persist is under way further events are stepped;
 * the ledger gathers what they submit into its next block, which is the group commit.
 *
 * The first failure stops everything: what follows in the queue is dropped, so no later acknowledgement can
 * leave. An fsync that failed is never tried again, because the kernel may have dropped the pages it was
 * about.
 */
export class Runner {
  readonly #init: RunnerInit
  #queue: (Effect | Done)[] = []
  #isRunning = false
  #failure: NodeFailure | undefined
  #idleWaiters: (() => void)[] = []
  #cancelWake: (() => void) | undefined
  #isStopped = false

  constructor(init: RunnerInit) {
    this.#init = init
  }

  get failure(): NodeFailure | undefined {
    return this.#failure
  }

  /**
   * Events after a failure are ignored. `onDone` is called once, when all effects of this event and of those
   * before it are done: what the event brought is durable then, or refused. Never after a failure.
   */
  dispatch(event: LedgerEvent, onDone?: () => void): void {
    if (this.#failure) return
    try {
      this.#queue.push(...this.#init.ledger.step(event, this.#init.clock.now()))
      if (onDone) this.#queue.push({ kind: 'done', onDone })
    } catch (error) {
      this.fail(error)
      return
    }
    if (!this.#isRunning && this.#queue.length > 0) void this.#run()
  }

  /** Resolves when every effect is done, and those that they caused, or at the first failure. */
  async idle(): Promise<void> {
    if (!this.#isRunning) return
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  /** No timer and no search is left behind. What is queued still runs: await `idle` first. */
  stop(): void {
    this.#isStopped = true
    this.#init.miner?.cancel()
    this.#cancelWake?.()
    this.#cancelWake = undefined
  }

  /** The node cannot go on: what else stands on the store found it unreadable, for instance. */
  fail(error: unknown): void {
    if (this.#failure) return
    this.#failure = asFailure(error)
    this.#queue = []
    this.#init.miner?.cancel()
    this.#init.logger.error({ code: this.#failure.code, err: error }, this.#failure.message)
    this.#init.onFailure(this.#failure)
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    try {
      while (this.#queue.length > 0 && !this.#failure) {
        const effects = this.#queue
        this.#queue = []
        for (const effect of effects) {
          if (effect.kind === 'persist') await this.#persist(effect)
          else this.#perform(effect)
          if (this.#failure) break
        }
      }
    } catch (error) {
      this.fail(error)
    }
    this.#isRunning = false
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  async #persist({ change, token }: Effect & { kind: 'persist' }): Promise<void> {
    await this.#init.store.commit(change)
    // Stepped here, so that what collected meanwhile is on its way before anyone is notified of this.
    this.dispatch({ kind: 'persisted', token })
  }

  #perform(effect: Exclude<Effect, { kind: 'persist' }> | Done): void {
    switch (effect.kind) {
      case 'publish-block':
        this.#init.publishBlock(effect.block)
        break
      case 'publish-entries':
        this.#init.publishEntries(effect.items)
        break
      case 'done':
        effect.onDone()
        break
      case 'notify':
        this.#init.onNotices(effect.notices)
        break
      case 'work':
        void this.#mine(effect.job)
        break
      case 'cancel-work':
        this.#init.miner?.cancel()
        break
      case 'wake':
        this.#wakeAt(effect.time)
    }
  }

  /** What is found in the moment in which the runner is stopped is left: its store is about to be closed. */
  async #mine(job: WorkJob): Promise<void> {
    try {
      const nonce = await this.#init.miner?.mine(job)
      if (nonce !== undefined && !this.#isStopped) this.dispatch({ kind: 'work-found', job: job.id, nonce })
    } catch (error) {
      this.fail(error)
    }
  }

  #wakeAt(time: number): void {
    this.#cancelWake?.()
    const delayMs = Math.max(0, time - this.#init.clock.now())
    this.#cancelWake = this.#init.clock.after(delayMs, () => this.dispatch({ kind: 'tick' }))
  }
}

function asFailure(error: unknown): NodeFailure {
  if (error instanceof NodeFailure) return error
  return new NodeFailure('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error })
}

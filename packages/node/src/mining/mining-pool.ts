/**
 * Looks for the nonce of one job at a time, on worker threads.
 *
 * The threads share a board for each job (`job-board.ts`), from which they take slices of some 10 ms. A new
 * job, `cancel` and `stop` close the board of the old one, which every thread sees at the end of its slice;
 * then it sleeps until the next message. So a thread without a job costs nothing, and no time is lost between
 * two jobs but the rest of a slice.
 *
 * Mining never keeps a process alive. A thread that ends by itself is a fault of ours or of the machine: the
 * pool fails with it, and so does every later call.
 */
import { Worker } from 'node:worker_threads'
import { invariant } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import { type Clock, type Miner, NodeFailure } from '../ports.ts'
import { JobBoard, type SharedBoard } from './job-board.ts'
import { checkJob, type MiningJob } from './nonce-search.ts'
import { RateMeter } from './rate-meter.ts'
import { SharedCount } from './shared-count.ts'

export interface MiningPoolInit {
  /** Worker threads, at most `miningThreadsMax`. With 0 nothing is ever found. */
  readonly threads: number
  readonly clock: Clock
  /** The module that a thread runs, when it is not the one beside this file. */
  readonly worker?: URL
}

/** What a thread is given when it starts: the memory of the count of all nonces that were tried. */
export interface MinerWorkerData {
  readonly total: SharedArrayBuffer
}

/** To a thread. */
export interface JobMessage {
  readonly id: number
  readonly job: MiningJob
  readonly board: SharedBoard
}

/** What a thread says: that it can begin, or what it found before the others did. */
export type MinerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'found'; readonly id: number; readonly nonce: bigint }

interface Current {
  readonly id: number
  readonly board: JobBoard
  readonly done: PromiseWithResolvers<bigint | undefined>
}

interface Thread {
  readonly worker: Worker
  readonly name: string
  readonly ready: PromiseWithResolvers<void>
}

type State =
  | { readonly kind: 'new' | 'starting' | 'running' | 'stopped' }
  | { readonly kind: 'failed'; readonly error: NodeFailure }

export class MiningPool implements Miner {
  readonly #init: MiningPoolInit
  #state: State = { kind: 'new' }
  readonly #threads: Thread[] = []
  readonly #total = new SharedCount()
  readonly #meter = new RateMeter()
  #current: Current | undefined
  #jobsCount = 0
  /** Of the last job, once it has ended. */
  #lastBoard: JobBoard | undefined
  #stopped: Promise<void> | undefined

  constructor(init: MiningPoolInit) {
    this.#init = init
  }

  get threads(): number {
    return this.#init.threads
  }

  /**
   * New -> running: resolves when every thread can work. A `NodeFailure`: INTERNAL when one cannot, or when
   * the pool was stopped meanwhile.
   */
  async start(): Promise<void> {
    const { threads } = this.#init
    const { miningThreadsMax } = NODE_LIMITS
    invariant(
      Number.isInteger(threads) && threads >= 0 && threads <= miningThreadsMax,
      `a mining pool of ${threads} threads, not 0 to ${miningThreadsMax}`,
    )
    invariant(this.#state.kind === 'new', `a mining pool that is ${this.#state.kind} cannot start`)
    this.#state = { kind: 'starting' }
    for (let i = 1; i <= threads; i++) this.#threads.push(this.#spawn(`miner-${i}`))
    await Promise.allSettled(this.#threads.map((thread) => thread.ready.promise))
    await this.#throwIfEnded()
    for (const { worker } of this.#threads) worker.unref()
    this.#note()
    this.#state = { kind: 'running' }
  }

  /** Any state -> stopped: idempotent, resolves when the threads are gone. The job is given up. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.cancel()
    if (this.#state.kind !== 'failed') this.#state = { kind: 'stopped' }
    for (const { ready } of this.#threads) ready.resolve()
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }

  /**
   * The nonce of the job, in place of the job before. It is one that meets the target, not always the least.
   * Undefined when the job was given up: replaced, cancelled, or the pool stopped. A `NodeFailure`: INTERNAL
   * when a thread is lost, now or before. The bytes of the job may be used again at once.
   */
  mine(job: MiningJob): Promise<bigint | undefined> {
    checkJob(job)
    this.cancel()
    if (this.#state.kind === 'failed') return Promise.reject(this.#state.error)
    if (this.#state.kind === 'stopped') return Promise.resolve(undefined)
    invariant(this.#state.kind === 'running', 'the mining pool is not started')
    const current: Current = { id: this.#jobsCount++, board: new JobBoard(), done: Promise.withResolvers() }
    this.#current = current
    // Sending a view sends all of the memory behind it, so each of these gets memory of its own.
    const own: MiningJob = { prefix: Uint8Array.from(job.prefix), target: Uint8Array.from(job.target) }
    const message: JobMessage = { id: current.id, job: own, board: current.board.shared }
    for (const { worker } of this.#threads) worker.postMessage(message)
    return current.done.promise
  }

  /** Gives the job up, if there is one: the threads sleep when their slices end. */
  cancel(): void {
    this.#settle(undefined)
  }

  /** Nonces that were tried for the job, or for the last one when there is none. */
  attempts(): number {
    return (this.#current?.board ?? this.#lastBoard)?.attempts() ?? 0
  }

  /** Nonces that were tried so far, for whatever job. */
  triedTotal(): number {
    return this.#total.value
  }

  /** Nonces a second that all threads tried in the last `hashRateWindowMs`, times without a job included. */
  hashRate(): number {
    this.#note()
    return this.#meter.perSecond(this.#init.clock.now(), this.#total.value)
  }

  #note(): void {
    this.#meter.note(this.#init.clock.now(), this.#total.value)
  }

  /** The job, if there is one, ends with this answer. */
  #settle(nonce: bigint | undefined): void {
    const current = this.#take()
    current?.done.resolve(nonce)
  }

  /** Closes the job, so that no thread goes on with it, and takes it off. */
  #take(): Current | undefined {
    const current = this.#current
    if (current === undefined) return undefined
    this.#note()
    current.board.close()
    this.#lastBoard = current.board
    this.#current = undefined
    return current
  }

  #spawn(name: string): Thread {
    const workerData: MinerWorkerData = { total: this.#total.buffer }
    const worker = new Worker(this.#init.worker ?? workerUrl(), { name, workerData })
    const thread: Thread = { worker, name, ready: Promise.withResolvers() }
    worker.on('message', (message: MinerMessage) => {
      if (message.kind === 'ready') thread.ready.resolve()
      // An answer may still be on its way when its job is given up.
      else if (message.id === this.#current?.id) this.#settle(message.nonce)
    })
    worker.on('error', (cause) => this.#lost(thread, `failed: ${describe(cause)}`, cause))
    worker.on('messageerror', (cause) =>
      this.#lost(thread, `sent what cannot be read: ${describe(cause)}`, cause),
    )
    worker.on('exit', (code) => this.#lost(thread, `ended by itself with code ${code}`))
    return thread
  }

  /** Starting or running -> failed, unless the pool ended the thread itself. The first reason is kept. */
  #lost(thread: Thread, what: string, cause?: unknown): void {
    if (this.#state.kind === 'failed' || this.#state.kind === 'stopped') return
    const error = new NodeFailure('INTERNAL', `thread ${thread.name} of the mining pool ${what}`, { cause })
    this.#state = { kind: 'failed', error }
    for (const { ready } of this.#threads) ready.resolve()
    this.#take()?.done.reject(error)
  }

  /** A start that did not succeed leaves no thread behind. */
  async #throwIfEnded(): Promise<void> {
    // Read again: the threads may have changed it while they were awaited.
    const state = this.#state as State
    if (state.kind === 'starting') return
    await this.stop()
    throw state.kind === 'failed'
      ? state.error
      : new NodeFailure('INTERNAL', 'the mining pool was stopped while it started')
  }
}

/** The worker beside this file: TypeScript in the checkout, JavaScript in the published package. */
function workerUrl(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('./miner-worker.ts', import.meta.url)
    : new URL('./miner-worker.js', import.meta.url)
}

function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
}

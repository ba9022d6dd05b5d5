/**
 * Stateless checks of entries on several cores. Verifying a signature is the wall of the node (68 to 139 us
 * a reading, when all the rest together needs 6), and it depends on nothing but the entry, so worker
 * threads do it.
 *
 * A call is cut into chunks. A chunk is packed into one buffer that is transferred, not copied, to a thread
 * (see `chunk.ts`). A thread has at most two chunks in flight: one that it works on and one so that it need
 * not wait for the next. Everything else waits here, and the calls take turns, chunk by chunk, so that a
 * large one from a peer that syncs does not hold up a small one from a terminal.
 *
 * A thread that ends by itself is a fault of ours or of the machine: the pool fails with it, every waiting
 * call rejects, and so does every later one. Starting it again would hide which entry did it.
 */
import { Worker } from 'node:worker_threads'
import {
  type EntryWithPayload,
  type Failure,
  type Hash,
  invariant,
  ok,
  type Result,
  validateEntry,
} from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { NodeCrypto } from '../ports.ts'
import { packChunk } from './chunk.ts'
import { loadCrypto } from './load.ts'

export interface VerifierPoolInit {
  /** Worker threads, at least 1. */
  readonly threads: number
  /** Which library verifies. */
  readonly crypto: NodeCrypto['name']
  /** The module that a thread runs, when it is not the one beside this file. */
  readonly worker?: URL
}

/** What a thread is given when it starts. */
export interface VerifierWorkerData {
  readonly crypto: NodeCrypto['name']
}

/** One chunk, to a thread. */
export interface ChunkMessage {
  readonly id: number
  readonly chunk: ArrayBuffer
}

/** What a thread says: that it can begin, or which items of a chunk are wrong; all others are right. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'checked'; readonly id: number; readonly failures: readonly ItemFailure[] }

export interface ItemFailure {
  readonly index: number
  readonly error: Failure
}

/** The pool cannot answer: it is not running, it was stopped, or one of its threads ended by itself. */
export class VerifierPoolError extends Error {
  override readonly name = 'VerifierPoolError'
}

/** One call of `check`. */
interface Job {
  readonly ledgerId: Hash
  readonly items: readonly EntryWithPayload[]
  readonly results: Result<undefined>[]
  readonly chunkItems: number
  /** Items [0, sent) were given to threads. */
  sent: number
  /** Items whose result is known. */
  checked: number
  readonly done: PromiseWithResolvers<Result<undefined>[]>
}

interface Thread {
  readonly worker: Worker
  readonly name: string
  readonly ready: PromiseWithResolvers<void>
  readonly inFlight: Map<number, { readonly job: Job; readonly start: number; readonly count: number }>
}

type State =
  | { readonly kind: 'new' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly crypto: NodeCrypto }
  | { readonly kind: 'failed' | 'stopped'; readonly error: VerifierPoolError }

export class VerifierPool {
  readonly #init: VerifierPoolInit
  #state: State = { kind: 'new' }
  readonly #threads: Thread[] = []
  /** Calls with items that no thread was given yet, in the order in which they take turns. */
  #waiting: Job[] = []
  /** Every call that is not answered yet. */
  readonly #open = new Set<Job>()
  #nextChunkId = 0
  #stopped: Promise<void> | undefined

  constructor(init: VerifierPoolInit) {
    this.#init = init
  }

  /** New -> running: resolves when every thread can work. Throws a VerifierPoolError when one cannot. */
  async start(): Promise<void> {
    invariant(this.#init.threads >= 1, 'a verifier pool has at least one thread')
    this.#throwIfEnded()
    if (this.#state.kind !== 'new') throw new VerifierPoolError('the verifier pool was started before')
    this.#state = { kind: 'starting' }
    const crypto = await loadCrypto(this.#init.crypto === 'sodium-native' ? 'sodium' : 'node')
    this.#throwIfEnded()
    for (let i = 1; i <= this.#init.threads; i++) this.#threads.push(this.#spawn(`verifier-${i}`))
    await Promise.allSettled(this.#threads.map((thread) => thread.ready.promise))
    await this.#stopIfEnded()
    this.#state = { kind: 'running', crypto }
  }

  /** Any state -> stopped: idempotent, resolves when the threads are gone. Unanswered calls reject. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#end('stopped', new VerifierPoolError('the verifier pool was stopped'))
    await Promise.all(this.#threads.map((thread) => thread.worker.terminate()))
  }

  /**
   * The result of `validateEntry` for each item, in order. The items must not change until it resolves.
   * Rejects with a VerifierPoolError when the pool is not running, is stopped meanwhile, or loses a thread.
   */
  async check(ledgerId: Hash, items: readonly EntryWithPayload[]): Promise<Result<undefined>[]> {
    this.#throwIfEnded()
    if (this.#state.kind !== 'running') throw new VerifierPoolError('the verifier pool is not started')
    const { crypto } = this.#state
    if (items.length <= NODE_LIMITS.verifierInlineItemsMax) {
      return items.map((item) => validateEntry(item, ledgerId, crypto))
    }

    const job: Job = {
      ledgerId,
      items,
      results: items.map(() => ok()),
      chunkItems: chunkItems(items.length, this.#threads.length),
      sent: 0,
      checked: 0,
      done: Promise.withResolvers(),
    }
    this.#open.add(job)
    this.#waiting.push(job)
    this.#dispatch()
    return job.done.promise
  }

  /** Gives chunks to threads until all are busy or nothing waits; the least busy thread first. */
  #dispatch(): void {
    for (;;) {
      const thread = this.#threads.reduce((a, b) => (b.inFlight.size < a.inFlight.size ? b : a))
      if (thread.inFlight.size >= NODE_LIMITS.verifierChunksInFlightMax) return
      const job = this.#waiting.shift()
      if (job === undefined) return
      this.#send(thread, job)
      if (job.sent < job.items.length) this.#waiting.push(job)
    }
  }

  #send(thread: Thread, job: Job): void {
    const start = job.sent
    const items = job.items.slice(start, start + job.chunkItems)
    const id = this.#nextChunkId++
    const message: ChunkMessage = { id, chunk: packChunk(job.ledgerId, items) }
    job.sent += items.length
    thread.inFlight.set(id, { job, start, count: items.length })
    thread.worker.postMessage(message, [message.chunk])
  }

  #spawn(name: string): Thread {
    const workerData: VerifierWorkerData = { crypto: this.#init.crypto }
    const worker = new Worker(this.#init.worker ?? workerUrl(), { name, workerData })
    const thread: Thread = { worker, name, ready: Promise.withResolvers(), inFlight: new Map() }
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'ready') thread.ready.resolve()
      else this.#checked(thread, message.id, message.failures)
    })
    worker.on('error', (cause) => this.#lost(thread, `failed: ${describe(cause)}`, cause))
    worker.on('messageerror', (cause) =>
      this.#lost(thread, `sent what cannot be read: ${describe(cause)}`, cause),
    )
    worker.on('exit', (code) => this.#lost(thread, `ended by itself with code ${code}`))
    return thread
  }

  #checked(thread: Thread, id: number, failures: readonly ItemFailure[]): void {
    const chunk = thread.inFlight.get(id)
    // A thread that the pool has given up may still have an answer on its way.
    if (chunk === undefined) return
    thread.inFlight.delete(id)
    const { job, start, count } = chunk
    for (const { index, error } of failures) job.results[start + index] = { ok: false, error }
    job.checked += count
    if (job.checked === job.items.length) {
      this.#open.delete(job)
      job.done.resolve(job.results)
    }
    this.#dispatch()
  }

  /** Running or starting -> failed, unless the pool ended the thread itself. */
  #lost(thread: Thread, what: string, cause?: unknown): void {
    const error = new VerifierPoolError(`thread ${thread.name} of the verifier pool ${what}`, { cause })
    thread.ready.reject(error)
    this.#end('failed', error)
  }

  /** Rejects every call; the threads work no more. The first reason to end is the one that is told. */
  #end(kind: 'failed' | 'stopped', error: VerifierPoolError): void {
    if (this.#state.kind === 'failed' || this.#state.kind === 'stopped') return
    this.#state = { kind, error }
    for (const job of this.#open) job.done.reject(error)
    this.#open.clear()
    this.#waiting = []
    for (const thread of this.#threads) {
      thread.inFlight.clear()
      thread.ready.reject(error)
    }
  }

  /** A start that failed leaves no thread behind. */
  async #stopIfEnded(): Promise<void> {
    if (this.#state.kind === 'failed' || this.#state.kind === 'stopped') await this.stop()
    this.#throwIfEnded()
  }

  #throwIfEnded(): void {
    if (this.#state.kind === 'failed' || this.#state.kind === 'stopped') throw this.#state.error
  }
}

/** Items of each chunk: all threads get as many chunks as each other, of about the same size. */
function chunkItems(itemCount: number, threads: number): number {
  const { verifierChunkItemsMin, verifierChunkItemsMax } = NODE_LIMITS
  const rounds = Math.ceil(itemCount / (verifierChunkItemsMax * threads))
  return Math.max(verifierChunkItemsMin, Math.ceil(itemCount / (rounds * threads)))
}

/** The worker beside this file: TypeScript in the checkout, JavaScript in the published package. */
function workerUrl(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('./verifier-worker.ts', import.meta.url)
    : new URL('./verifier-worker.js', import.meta.url)
}

function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
}

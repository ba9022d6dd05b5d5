/**
 * Worker processes that have runs, one at a time each. A worker whose event loop stands still for a minute
 * hangs in one task and is killed; one that ends by itself has crashed; both are told with the seed they
 * were at, and another worker goes on with the next one.
 */
import { fork } from 'node:child_process'
import { everyWallMs, wallMs } from '../wall-clock.ts'
import { ALIVE_MS, type Order, type SeedResult, type WorkerMessage } from './orders.ts'

const HANG_MS_DEFAULT = 60_000

/** What a crash leaves behind goes with its process: seeds that come later are not to suffer from it. */
const SEEDS_PER_WORKER = 100

/** Of what a worker wrote before it crashed. */
const LAST_WORDS_CHARACTERS = 2_000

export interface PoolInit {
  readonly workerCount: number
  /** The next one; undefined when there is none. */
  readonly next: () => Order | undefined
  readonly onDone: (result: SeedResult) => void
  /** A worker hangs or has crashed. */
  readonly onLost: (order: Order, what: string) => void
  /** The program of a worker. */
  readonly worker?: URL | undefined
  readonly hangMs?: number | undefined
}

interface Worker {
  readonly child: ReturnType<typeof fork>
  order: Order | undefined
  heardAt: number
  doneCount: number
  lastWords: string
}

export class Pool {
  readonly #init: PoolInit
  readonly #workers = new Set<Worker>()
  readonly #over = Promise.withResolvers<void>()
  #isStopped = false

  constructor(init: PoolInit) {
    this.#init = init
  }

  /** Seeds that workers are at. */
  get underWay(): number[] {
    return [...this.#workers].flatMap(({ order }) => (order ? [order.seed] : []))
  }

  /** Resolves when there is no next order and all are done, or when it is stopped. */
  async run(): Promise<void> {
    const { workerCount, hangMs = HANG_MS_DEFAULT } = this.#init
    for (let i = 0; i < workerCount; i++) this.#begin()
    const end = everyWallMs(Math.min(ALIVE_MS, hangMs), () => this.#lookForHangs(hangMs))
    await this.#over.promise
    end()
  }

  /** At once: what workers are at is given up. */
  stop(): void {
    this.#isStopped = true
    for (const { child } of this.#workers) child.kill('SIGKILL')
    this.#workers.clear()
    this.#over.resolve()
  }

  /** A new worker with the next order, if there is one. */
  #begin(): void {
    const order = this.#isStopped ? undefined : this.#init.next()
    if (order === undefined) {
      if (this.#workers.size === 0) this.#over.resolve()
      return
    }
    const program = this.#init.worker ?? new URL('./worker.ts', import.meta.url)
    const child = fork(program, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    const worker: Worker = { child, order, heardAt: wallMs(), doneCount: 0, lastWords: '' }
    this.#workers.add(worker)
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      worker.lastWords = (worker.lastWords + text).slice(-LAST_WORDS_CHARACTERS)
    })
    child.on('message', (message: WorkerMessage) => this.#onMessage(worker, message))
    child.on('error', (error) => this.#onLost(worker, `cannot run: ${error.message}`))
    // Not 'exit': what it wrote is to be read first.
    child.on('close', (code, signal) => {
      this.#onLost(worker, `ended with ${signal ?? `code ${code}`}: ${worker.lastWords.trim()}`)
    })
    child.send(order)
  }

  #onMessage(worker: Worker, message: WorkerMessage): void {
    if (!this.#workers.has(worker)) return
    worker.heardAt = wallMs()
    if (message.kind !== 'done') return
    this.#init.onDone(message.result)
    worker.doneCount += 1
    worker.order = worker.doneCount < SEEDS_PER_WORKER ? this.#init.next() : undefined
    if (worker.order) worker.child.send(worker.order)
    else this.#end(worker)
  }

  #lookForHangs(hangMs: number): void {
    for (const worker of this.#workers) {
      const silentMs = wallMs() - worker.heardAt
      if (silentMs >= hangMs) this.#onLost(worker, `hangs: nothing for ${Math.round(silentMs / 1_000)} s`)
    }
  }

  #onLost(worker: Worker, what: string): void {
    if (!this.#workers.has(worker)) return
    if (worker.order) this.#init.onLost(worker.order, what)
    this.#end(worker)
  }

  #end(worker: Worker): void {
    this.#workers.delete(worker)
    worker.child.kill('SIGKILL')
    this.#begin()
  }
}

import type { Clock, NodeService, VerifyReport } from '../ports.ts'

interface Run {
  readonly controller: AbortController
  readonly report: Promise<VerifyReport>
  askerCount: number
}

/**
 * One verification for everyone who asks while it runs: it reads the whole ledger, and anyone with a terminal
 * may ask. After each it rests for as long as it took, so that together they never cost more than half of a
 * core.
 */
export class SharedVerify {
  readonly #service: Pick<NodeService, 'verify'>
  readonly #clock: Clock
  #run: Run | undefined
  #restUntil = 0

  constructor(service: Pick<NodeService, 'verify'>, clock: Clock) {
    this.#service = service
    this.#clock = clock
  }

  /** Rejects when the node fails, and when every asker has gone away (`signal`). */
  ask(signal: AbortSignal): Promise<VerifyReport> {
    this.#run ??= this.#start()
    const run = this.#run
    run.askerCount += 1
    const leave = () => {
      run.askerCount -= 1
      if (run.askerCount === 0) this.#abandon(run)
    }
    signal.addEventListener('abort', leave, { once: true })
    return run.report.finally(() => signal.removeEventListener('abort', leave))
  }

  #start(): Run {
    const controller = new AbortController()
    return { controller, report: this.#verify(controller.signal), askerCount: 0 }
  }

  async #verify(signal: AbortSignal): Promise<VerifyReport> {
    await this.#rest(signal)
    const startedAt = this.#clock.now()
    try {
      return await this.#service.verify({ signal })
    } finally {
      const endedAt = this.#clock.now()
      this.#restUntil = endedAt + (endedAt - startedAt)
      // An abandoned run may end after the next one has begun.
      if (this.#run?.controller.signal === signal) this.#run = undefined
    }
  }

  #rest(signal: AbortSignal): Promise<void> {
    const leftMs = Math.max(0, this.#restUntil - this.#clock.now())
    if (leftMs === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(leftMs, resolve)
      signal.addEventListener('abort', () => {
        cancel()
        reject(signal.reason)
      })
    })
  }

  #abandon(run: Run): void {
    if (this.#run === run) this.#run = undefined
    run.controller.abort()
  }
}

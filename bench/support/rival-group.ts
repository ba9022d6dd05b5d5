import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Answers, Order, Ready } from '../rivals/protocol.ts'
import type { Group, Latencies, Throughput } from './network-figures.ts'
import { bytesWritten, rssMib } from './process-figures.ts'
import { perSecond } from './report.ts'

const PROCESS = new URL('../rivals/process.ts', import.meta.url).pathname
const COUNTER = new URL('./count-sockets.ts', import.meta.url).href

/** One process of a rival, and the orders it has not answered yet. */
class RivalProcess {
  readonly child: ChildProcess
  readonly #ready = Promise.withResolvers<Ready>()
  readonly #answers = new Map<number, PromiseWithResolvers<never>>()
  #orderCount = 0

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, ['--import', COUNTER, PROCESS, ...args], {
      stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
    })
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const message = JSON.parse(line) as Ready | { id: number; answer: never }
      if ('port' in message) return this.#ready.resolve(message)
      this.#answers.get(message.id)?.resolve(message.answer)
      this.#answers.delete(message.id)
    })
    this.child.once('exit', (code) => {
      const error = new Error(`a rival's process ended with code ${code}`)
      for (const waiting of [this.#ready, ...this.#answers.values()]) waiting.reject(error)
    })
  }

  ready(): Promise<Ready> {
    return this.#ready.promise
  }

  ask<K extends Order['kind']>(order: Order & { kind: K }): Promise<Answers[K]> {
    const id = ++this.#orderCount
    const answer = Promise.withResolvers<Answers[K]>()
    this.#answers.set(id, answer as unknown as PromiseWithResolvers<never>)
    this.child.stdin?.write(`${JSON.stringify({ id, order })}\n`)
    return answer.promise
  }
}

/** Processes of one rival. The first one writes, and the others are connected to it. */
export class RivalGroup implements Group {
  readonly #processes: readonly RivalProcess[]
  /** Readings that were appended. */
  #count = 0

  private constructor(processes: readonly RivalProcess[]) {
    this.#processes = processes
  }

  static async start(name: string, directory: string, size: number): Promise<RivalGroup> {
    const processes: RivalProcess[] = []
    let first: Ready | undefined
    try {
      for (let i = 0; i < size; i++) {
        const joining = first === undefined ? ['-'] : [first.database, String(first.port)]
        const started = new RivalProcess([name, join(directory, `${name}-${i}`), ...joining])
        processes.push(started)
        const ready = await started.ready()
        first ??= ready
      }
    } catch (error) {
      for (const { child } of processes) child.kill('SIGKILL')
      throw error
    }
    return new RivalGroup(processes)
  }

  async warmUp(count: number): Promise<void> {
    await this.oneAtATime(count)
  }

  async oneAtATime(count: number): Promise<Latencies> {
    const latencies: number[] = []
    for (let i = 0; i < count; i++) {
      const { at } = await this.#append(1, 1)
      const times = await this.#replicasHaveAll()
      latencies.push(...times.map((time) => time - at))
    }
    return latencies
  }

  async atRate(count: number, intervalMs: number): Promise<Latencies> {
    const from = this.#count
    this.#count += count
    const { times } = await this.#writer.ask({ kind: 'trickle', count, intervalMs })
    await this.#replicasHaveAll()
    const seen = await Promise.all(this.#replicas.map((replica) => replica.ask({ kind: 'times', from })))
    return seen.flatMap((each) => each.times.map((time, i) => time - (times[i] as number)))
  }

  /** `together`: readings given to one call of the rival's append. */
  async throughput(count: number, together: number): Promise<Throughput> {
    const bytesBefore = await this.#bytesSent()
    const { at } = await this.#append(count, together)
    const elapsedMs = Math.max(...(await this.#replicasHaveAll())) - at
    const bytes = (await this.#bytesSent()) - bytesBefore
    return { count, perSecond: perSecond(count, elapsedMs), bytesEach: bytes / count }
  }

  /** Throws unless a replica can read all readings back from its store. */
  async check(): Promise<void> {
    for (const replica of this.#replicas.slice(0, 1)) {
      const { count } = await replica.ask({ kind: 'count' })
      if (count !== this.#count) throw new Error(`a replica has ${count} of ${this.#count} readings`)
    }
  }

  rssMib(): readonly number[] {
    return this.#processes.map(({ child }) => rssMib(child.pid as number))
  }

  async stop(): Promise<void> {
    for (const { child } of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
  }

  get #writer(): RivalProcess {
    return this.#processes[0] as RivalProcess
  }

  get #replicas(): readonly RivalProcess[] {
    return this.#processes.slice(1)
  }

  #append(count: number, together: number): Promise<Answers['append']> {
    this.#count += count
    return this.#writer.ask({ kind: 'append', count, together })
  }

  /** When each replica had them. */
  async #replicasHaveAll(): Promise<number[]> {
    const order = { kind: 'wait', count: this.#count } as const
    const answers = await Promise.all(this.#replicas.map((replica) => replica.ask(order)))
    return answers.map(({ at }) => at)
  }

  async #bytesSent(): Promise<number> {
    const flows = await Promise.all(this.#processes.map(({ child }) => bytesWritten(child)))
    return flows.flat().reduce((sum, { bytes }) => sum + bytes, 0)
  }
}

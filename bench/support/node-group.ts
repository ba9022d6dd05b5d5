import { join } from 'node:path'
import type { Group, Latencies, Throughput } from './network-figures.ts'
import { NodeProcess, openTerminal } from './node-process.ts'
import { perSecond } from './report.ts'
import { type Typed, type } from './typing.ts'

/** How long nodes may take to agree after the typing has ended, before the bench gives up. */
const AGREE_MS = 120_000

/** Nodes of one ledger, which the others joined through the first one. Everything is typed into terminals. */
export class NodeGroup implements Group {
  readonly #nodes: readonly NodeProcess[]
  readonly #terminalPorts: readonly number[]
  /** Readings on the chain of every node. */
  #count = 0

  private constructor(nodes: readonly NodeProcess[], terminalPorts: readonly number[]) {
    this.#nodes = nodes
    this.#terminalPorts = terminalPorts
  }

  static async start(directory: string, size: number): Promise<NodeGroup> {
    const nodes: NodeProcess[] = []
    const ports: number[] = []
    let first: string | undefined
    try {
      for (let i = 0; i < size; i++) {
        const node = new NodeProcess(join(directory, `node-${i}`), first)
        nodes.push(node)
        const { terminalPort, nodeAddress } = await node.started()
        first ??= nodeAddress
        ports.push(terminalPort)
      }
    } catch (error) {
      for (const node of nodes) await node.stop()
      throw error
    }
    return new NodeGroup(nodes, ports)
  }

  async warmUp(count: number): Promise<void> {
    await this.oneAtATime(count)
  }

  async oneAtATime(count: number): Promise<Latencies> {
    const terminal = await openTerminal(this.#terminalPorts[0] as number)
    const latencies: number[] = []
    for (let i = 0; i < count; i++) {
      const typedAt = performance.now()
      terminal.write('72\n')
      this.#count += 1
      const shownAt = await Promise.all(this.#others.map((node) => node.shows(this.#count)))
      latencies.push(...shownAt.map((at) => at - typedAt))
    }
    terminal.destroy()
    return latencies
  }

  async atRate(count: number, intervalMs: number): Promise<Latencies> {
    const terminal = await openTerminal(this.#terminalPorts[0] as number)
    const from = this.#count
    const typedAt: number[] = []
    const startedAt = performance.now()
    for (let i = 0; i < count; i++) {
      const waitMs = startedAt + i * intervalMs - performance.now()
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      typedAt.push(performance.now())
      terminal.write('72\n')
    }
    this.#count += count
    await this.#allShow()
    terminal.destroy()
    return this.#others.flatMap((node) => node.shownAt(from).map((at, i) => at - (typedAt[i] as number)))
  }

  /** Closed loop: each terminal types again once its number is confirmed. */
  async throughput(nodeCount: number, terminalsEach: number, durationMs: number): Promise<Throughput> {
    const bytesBefore = await this.#bytesSent()
    const typed = await Promise.all(
      this.#terminalPorts.slice(0, nodeCount).map((port) => type(terminalsEach, port, durationMs)),
    )
    const count = typed.reduce((sum, { latencies }) => sum + latencies.length, 0)
    this.#count += count
    const shownAt = await this.#allShow()
    const elapsedMs = shownAt - localTime(typed)
    const bytes = (await this.#bytesSent()) - bytesBefore
    return { count, perSecond: perSecond(count, elapsedMs), bytesEach: bytes / count }
  }

  rssMib(): readonly number[] {
    return this.#nodes.map((node) => node.rssMib())
  }

  async stop(): Promise<void> {
    for (const node of this.#nodes) await node.stop()
  }

  get #others(): readonly NodeProcess[] {
    return this.#nodes.slice(1)
  }

  /** When the last of all nodes showed all readings. */
  async #allShow(): Promise<number> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      const sizes = this.#nodes.map((node) => node.size).join(', ')
      late.reject(new Error(`after ${AGREE_MS} ms the nodes have ${sizes} of ${this.#count} readings`))
    }, AGREE_MS)
    try {
      const shown = Promise.all(this.#nodes.map((node) => node.shows(this.#count)))
      return Math.max(...(await Promise.race([shown, late.promise])))
    } finally {
      clearTimeout(timer)
    }
  }

  async #bytesSent(): Promise<number> {
    const isNetwork = (port: number): boolean => !this.#terminalPorts.includes(port)
    const bytes = await Promise.all(this.#nodes.map((node) => node.bytesSent(isNetwork)))
    return bytes.reduce((sum, each) => sum + each, 0)
  }
}

/** When the first terminal began, by the clock of this process. */
function localTime(typed: readonly Typed[]): number {
  const beganAt = Math.min(...typed.map((each) => each.beganAt))
  return performance.now() - (Number(process.hrtime.bigint()) / 1e6 - beganAt)
}

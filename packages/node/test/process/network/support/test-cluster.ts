import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../../src/adapters/clock.ts'
import { Cluster } from '../../../../src/devnet/cluster.ts'
import type { DevnetEvent, NodeNumber } from '../../../../src/devnet/events.ts'
import type { NodeLine } from '../../../../src/devnet/node-line.ts'
import type { World } from '../../support/world.ts'
import { hashAt, headOf } from './ask.ts'
import { found, Hopeless } from './patience.ts'

const COMMAND = fileURLToPath(new URL('../../../../bin/pulseledger.js', import.meta.url))
const COMPILE_CACHE = fileURLToPath(new URL('../../../../../../node_modules/.cache/compile', import.meta.url))

export interface TestClusterInit {
  readonly world: World
  readonly nodeCount: number
  /** Of the genesis document, beside time and salt. */
  readonly document?: object
  readonly finalDepth?: number
  /** What a node is started with beside the rest. */
  readonly argumentsOf?: (node: NodeNumber) => readonly string[]
}

const SERIAL = { name: 'serial', label: 'Serial', unit: '1', minimum: 0, maximum: 1_000_000_000 }

/** A cluster of real nodes of a ledger of serial numbers, that notes what they print. */
export class TestCluster {
  readonly cluster: Cluster
  readonly #events: DevnetEvent[] = []
  readonly #genesis: string
  readonly #nodeCount: number
  disconnectedCount = 0
  reorgCount = 0
  #lastWasDisconnect = new Set<NodeNumber>()
  onUp: (node: NodeNumber, port: number) => void = () => undefined

  constructor({ world, nodeCount, document = {}, finalDepth = 10_000, argumentsOf }: TestClusterInit) {
    const directory = world.directory()
    this.#nodeCount = nodeCount
    this.#genesis = join(directory, 'genesis.json')
    const salt = '00'.repeat(16)
    const engine = { name: 'longest-chain', finalDepth }
    const time = Date.now()
    const whole = { name: 'serials', measures: [SERIAL], engine, time, salt, ...document }
    writeFileSync(this.#genesis, JSON.stringify(whole))
    const { PATH = '', HOME = '' } = process.env
    this.cluster = new Cluster({
      nodeCount,
      directory,
      clock: systemClock,
      environment: { PATH, HOME, NODE_COMPILE_CACHE: COMPILE_CACHE },
      onEvent: (event) => this.#onEvent(event),
      commandOf: ({ node, directory, peerPorts }) => [
        process.execPath,
        COMMAND,
        'start',
        ...['--data-dir', directory],
        ...['--genesis', this.#genesis],
        ...['--addr', '127.0.0.1:0', '--listen', '127.0.0.1:0'],
        ...['--peer', peerPorts.map((port) => `127.0.0.1:${port}`).join(',')],
        ...['--no-mdns', '--no-peer-exchange', '--json', '--exit-with-parent', '--broadcast-interval', '0'],
        ...(argumentsOf?.(node) ?? []),
      ],
    })
    world.later(() => this.cluster.stop())
  }

  get nodes(): NodeNumber[] {
    return Array.from({ length: this.#nodeCount }, (_, index) => index + 1)
  }

  get genesis(): string {
    return this.#genesis
  }

  /** Starts all nodes and waits until each serves terminals. */
  async start(): Promise<void> {
    await this.cluster.start()
    await this.allUp()
  }

  async allUp(): Promise<void> {
    for (const node of this.nodes) await this.up(node)
  }

  up(node: NodeNumber): Promise<number> {
    return found(
      `node ${node} to be up`,
      () => {
        if (this.fallen.length > 0) throw new Hopeless(`${this.fallen}: ${this.complaints}`)
        return this.cluster.terminalPortOf(node)
      },
      () => this.complaints,
    )
  }

  directoryOf(node: NodeNumber): string {
    return this.cluster.directoryOf(node)
  }

  headsOf(nodes: readonly NodeNumber[]): Promise<string[]> {
    return Promise.all(nodes.map((node) => headOf(this.directoryOf(node))))
  }

  /** Until these nodes have one head of at least this height; gives it. */
  oneHead(nodes: readonly NodeNumber[] = this.nodes, heightMin = 0): Promise<string> {
    let heads: string[] = []
    return found(
      `one head of ${nodes}`,
      async () => {
        heads = await this.headsOf(nodes)
        const [head = ''] = heads
        return new Set(heads).size === 1 && Number.parseInt(head, 10) >= heightMin ? head : undefined
      },
      () => `${heads.join(', ')}; ${this.complaints}`,
    )
  }

  /** Until these nodes have one and the same block at this height; blocks may follow on it meanwhile. */
  async agreeAt(height: number, nodes: readonly NodeNumber[] = this.nodes): Promise<void> {
    let hashes: (string | undefined)[] = []
    await found(
      `one block at height ${height}`,
      async () => {
        hashes = await Promise.all(nodes.map((node) => hashAt(this.directoryOf(node), height)))
        return hashes[0] !== undefined && new Set(hashes).size === 1 ? true : undefined
      },
      () => `${hashes.join(', ')}; ${this.complaints}`,
    )
  }

  /** Types a number into a node and waits until it is confirmed. */
  async type(node: NodeNumber, value: number): Promise<string> {
    await this.up(node)
    const answer = await this.cluster.type(node, String(value))
    if (!answer?.includes(' stored in block ')) throw new Error(`node ${node} said ${answer} to ${value}`)
    return answer
  }

  linesOf(node: NodeNumber): NodeLine[] {
    return this.#events.flatMap((event) => (event.kind === 'line' && event.node === node ? [event.line] : []))
  }

  alarmsOf(node: NodeNumber): string[] {
    return this.linesOf(node).flatMap((line) =>
      line.kind === 'alarm' ? [`${line.code}: ${line.message}`] : [],
    )
  }

  /** What the nodes wrote to standard error. */
  get complaints(): string {
    return this.#events
      .flatMap((event) => (event.kind === 'complaint' ? [`${event.node}: ${event.text}`] : []))
      .slice(-10)
      .join('\n')
  }

  /** Nodes that ended and were not told to. */
  get fallen(): string[] {
    return this.#events.flatMap((event) =>
      event.kind === 'ended' && !event.isWanted ? [`node ${event.node} ${event.how}`] : [],
    )
  }

  #onEvent(event: DevnetEvent): void {
    if (event.kind === 'line') {
      const { node, line } = event
      if (line.kind === 'disconnected') {
        this.disconnectedCount += 1
        if (!this.#lastWasDisconnect.has(node)) this.reorgCount += 1
        this.#lastWasDisconnect.add(node)
      } else if (line.kind === 'block') {
        this.#lastWasDisconnect.delete(node)
        // Blocks are many, and each node has them all: they are asked for when they matter.
        return
      } else if (line.kind === 'started' && line.terminalPort !== undefined) {
        this.onUp(node, line.terminalPort)
      }
    }
    this.#events.push(event)
  }
}

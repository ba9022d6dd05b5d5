/**
 * Nodes as real processes on this machine, and the network between them. Node a dials node b through a proxy
 * of its own, a to b, so every pair of nodes is joined by two connections that can be cut in each direction:
 *
 *     node 1 --dials--> proxy 1->2 --> node 2 (127.0.0.1, a port that the system chose)
 *     node 2 --dials--> proxy 2->1 --> node 1
 *
 * A node learns of no other address than those of its proxies. Everything that happens is told in events.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { invariant } from '@pulseledger/core'
import type { Clock } from '../ports.ts'
import { ChildNode } from './child-node.ts'
import type { DevnetEvent, NodeNumber, OneWayPair } from './events.ts'
import { parseNodeLine } from './node-line.ts'
import { Partition } from './partition.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { typeLine } from './typist.ts'

export interface ClusterInit {
  readonly nodeCount: number
  /** Has `node-1`, `node-2`, ... below it. */
  readonly directory: string
  /** The whole command line that runs a node. */
  readonly commandOf: (plan: NodePlan) => readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly onEvent: (event: DevnetEvent) => void
}

export interface NodePlan {
  readonly node: NodeNumber
  /** Its data directory, absolute. */
  readonly directory: string
  /** Where it finds each other node: ports of this machine. */
  readonly peerPorts: readonly number[]
}

export interface WipeOptions {
  /** The node comes back as the same author, having forgotten what it signed. */
  readonly keepKey?: boolean
}

interface Member {
  readonly node: NodeNumber
  readonly directory: string
  child: ChildNode | undefined
  terminalPort: number | undefined
}

interface ProxiedPair extends OneWayPair {
  readonly proxy: TcpProxy
  readonly port: number
}

export class Cluster {
  readonly #init: ClusterInit
  readonly #members: readonly Member[]
  #pairs: readonly ProxiedPair[] = []
  #partition: Partition
  #typedCount = 0
  #started: Promise<void> | undefined
  #isStopping = false

  constructor(init: ClusterInit) {
    this.#init = init
    this.#partition = Partition.whole(init.nodeCount)
    this.#members = Array.from({ length: init.nodeCount }, (_, index) => ({
      node: index + 1,
      directory: join(init.directory, `node-${index + 1}`),
      child: undefined,
      terminalPort: undefined,
    }))
  }

  /** Starts the proxies and all nodes. Does not wait for the nodes to be up: events tell. */
  start(): Promise<void> {
    this.#started = this.#startAll()
    return this.#started
  }

  /** Stops all nodes in good order and ends the network. Leaves no process behind. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#started?.catch(() => undefined)
    await Promise.all(this.#members.map(({ child }) => child?.stop()))
    await Promise.all(this.#pairs.map(({ proxy }) => proxy.close()))
  }

  /** For those that do not want to stop. */
  async killAll(): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#members.map(({ child }) => child?.kill()))
  }

  /** Absolute. */
  directoryOf(node: NodeNumber): string {
    return this.#member(node).directory
  }

  /** Undefined while it does not serve. */
  terminalPortOf(node: NodeNumber): number | undefined {
    return this.#member(node).terminalPort
  }

  /** Undefined while it does not run. */
  pidOf(node: NodeNumber): number | undefined {
    const { child } = this.#member(node)
    return child?.isRunning ? child.pid : undefined
  }

  get partition(): Partition {
    return this.#partition
  }

  /** Types a line into the first terminal of a node; the answer comes as an event, and is returned too. */
  async type(node: NodeNumber, text: string): Promise<string | undefined> {
    this.#typedCount += 1
    const id = this.#typedCount
    const port = this.terminalPortOf(node)
    this.#init.onEvent({ kind: 'typed', id, node, text })
    const answer = port === undefined ? undefined : await typeLine(port, text)
    this.#init.onEvent({ kind: 'answered', id, answer })
    return answer
  }

  async kill(node: NodeNumber): Promise<void> {
    await this.#member(node).child?.kill()
  }

  async stopNode(node: NodeNumber): Promise<void> {
    await this.#member(node).child?.stop()
  }

  /** In good order, if it runs, and started again. */
  async restart(node: NodeNumber): Promise<void> {
    const member = this.#member(node)
    await member.child?.stop()
    this.#launch(member)
  }

  /** Kills it, deletes what it stored and starts it with nothing. */
  async wipe(node: NodeNumber, { keepKey = false }: WipeOptions = {}): Promise<void> {
    const member = this.#member(node)
    await member.child?.kill()
    for (const name of namesIn(member.directory)) {
      if (keepKey && name === 'key') continue
      rmSync(join(member.directory, name), { recursive: true, force: true })
    }
    this.#init.onEvent({ kind: 'wiped', node })
    this.#launch(member)
  }

  /** Replaces what was cut: only nodes of one group hear each other; those in no group make another one. */
  split(groups: readonly (readonly NodeNumber[])[]): void {
    this.#cut(Partition.whole(this.#init.nodeCount).split(groups))
  }

  /** In addition to what is cut. */
  isolate(node: NodeNumber): void {
    this.#cut(this.#partition.isolate(node))
  }

  /** One way only: nothing of `from` reaches `to`, in addition to what is cut. */
  mute(from: NodeNumber, to: NodeNumber): void {
    this.#cut(this.#partition.with([{ from, to }]))
  }

  heal(): void {
    this.#cut(Partition.whole(this.#init.nodeCount))
  }

  /** Of every connection, each way. */
  delay(delayMs: number): void {
    for (const { proxy } of this.#pairs) proxy.delay(delayMs)
  }

  #cut(partition: Partition): void {
    this.#partition = partition
    for (const { from, to, proxy } of this.#pairs) {
      const forward = partition.isSilenced(from, to)
      const backward = partition.isSilenced(to, from)
      // Healed and cut again at once where only part of a cut remains: nothing passes in between.
      if (proxy.isCut && !(forward && backward)) proxy.heal()
      if (forward) proxy.cut('forward')
      if (backward) proxy.cut('backward')
    }
    this.#init.onEvent({ kind: 'network', silenced: partition.pairs() })
  }

  async #startAll(): Promise<void> {
    for (const from of this.#members) {
      for (const to of this.#members) {
        if (from !== to && !this.#isStopping) await this.#addProxy(from.node, to.node)
      }
    }
    for (const member of this.#members) this.#launch(member)
  }

  async #addProxy(from: NodeNumber, to: NodeNumber): Promise<void> {
    const proxy = new TcpProxy({ clock: this.#init.clock })
    const port = await proxy.listen()
    this.#pairs = [...this.#pairs, { from, to, proxy, port }]
  }

  #launch(member: Member): void {
    // Told to stop while it was being killed, wiped or restarted.
    if (this.#isStopping) return
    const { node, directory } = member
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    // Whoever dials it from now on is held until it serves, and need not try again.
    this.#toNode(node, (proxy) => proxy.forgetTarget())
    const peerPorts = this.#pairs.filter(({ from }) => from === node).map(({ port }) => port)
    const { commandOf, environment, clock, onEvent } = this.#init
    const child: ChildNode = new ChildNode({
      command: commandOf({ node, directory, peerPorts }),
      directory,
      environment,
      clock,
      onLine: (line) => this.#onLine(member, line),
      onComplaint: (text) => onEvent({ kind: 'complaint', node, text }),
      onEnd: (how) => {
        member.terminalPort = undefined
        this.#toNode(node, (proxy) => proxy.refuse())
        onEvent({ kind: 'ended', node, how, isWanted: child.isWanted })
      },
    })
    member.child = child
    onEvent({ kind: 'starting', node, pid: child.pid ?? 0 })
  }

  #onLine(member: Member, text: string): void {
    const { node } = member
    const line = parseNodeLine(text)
    if (line === undefined) {
      this.#init.onEvent({ kind: 'complaint', node, text })
      return
    }
    if (line.kind === 'started') {
      const { peerPort } = line
      member.terminalPort = line.terminalPort
      if (peerPort !== undefined) this.#toNode(node, (proxy) => proxy.setTarget(peerPort))
    }
    this.#init.onEvent({ kind: 'line', node, line })
  }

  #toNode(node: NodeNumber, act: (proxy: TcpProxy) => void): void {
    for (const { to, proxy } of this.#pairs) if (to === node) act(proxy)
  }

  #member(node: NodeNumber): Member {
    const member = this.#members[node - 1]
    invariant(member !== undefined, `node ${node} of ${this.#members.length}`)
    return member
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

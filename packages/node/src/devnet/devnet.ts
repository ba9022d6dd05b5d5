import { NODE_LIMITS } from '../limits.ts'
import { type Clock, NodeFailure } from '../ports.ts'
import { Cluster, type ClusterInit } from './cluster.ts'
import { COMMAND_HELP, type DevnetCommand, type WaitedFor } from './commands.ts'
import type { DevnetEvent, NodeNumber, NodeStatus } from './events.ts'
import { DevnetModel, type NodeView, shortText } from './model.ts'

export interface DevnetInit extends Omit<ClusterInit, 'onEvent'> {
  /** Asks the node of a data directory how it is; undefined when it does not answer. */
  readonly askStatus: (directory: string) => Promise<NodeStatus | undefined>
}

/** Told after each event, with the lines about it; none when only figures have changed. */
export type DevnetListener = (lines: readonly string[]) => void

/** The conductor of a devnet: what the nodes tell goes into the model, what people want goes to the nodes. */
export class Devnet {
  readonly model: DevnetModel
  readonly cluster: Cluster
  readonly #clock: Clock
  readonly #askStatus: DevnetInit['askStatus']
  readonly #listeners = new Set<DevnetListener>()
  /** Of each node, so that an answer can be told from one that is out of date. */
  readonly #lineCounts: number[]
  #cancelPoll: (() => void) | undefined
  #isStopped = false

  constructor({ askStatus, ...init }: DevnetInit) {
    this.model = new DevnetModel(init.nodeCount)
    this.cluster = new Cluster({ ...init, onEvent: (event) => this.#onEvent(event) })
    this.#clock = init.clock
    this.#askStatus = askStatus
    this.#lineCounts = Array.from({ length: init.nodeCount }, () => 0)
  }

  subscribe(listener: DevnetListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when all nodes serve; rejects with DEVNET_FAILED when one of them ends before. */
  async start(): Promise<void> {
    await this.cluster.start()
    this.#pollAgain()
    await this.#until(() => this.model.isUp || this.#isStopped)
    const down = this.model.nodes.find(({ state }) => state.kind === 'down')
    if (this.#isStopped || down?.state.kind !== 'down') return
    const start = `node ${down.node} says `
    const said = this.model.log
      .filter((line) => line.startsWith(start))
      .map((line) => line.slice(start.length))
    const why = said.find((line) => /error/i.test(line)) ?? said.at(-1)
    const message = `node ${down.node} ${down.state.how}${why ? `: ${why}` : ''}`
    throw new NodeFailure('DEVNET_FAILED', message)
  }

  /** All nodes in good order. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelPoll?.()
    this.#tell([])
    await this.cluster.stop()
  }

  /** Undefined when it was done, else what was wrong. Does not wait for the answer to a typed line. */
  async carryOut(command: DevnetCommand): Promise<string | undefined> {
    const { cluster } = this
    switch (command.kind) {
      case 'type':
        return this.#type(command.node, command.text)
      case 'split':
        cluster.split(command.groups)
        return undefined
      case 'isolate':
        cluster.isolate(command.node)
        return undefined
      case 'mute':
        cluster.mute(command.from, command.to)
        return undefined
      case 'heal':
        cluster.heal()
        return undefined
      case 'kill':
        return this.#whenUp(command.node, () => cluster.kill(command.node))
      case 'stop':
        return this.#whenUp(command.node, () => cluster.stopNode(command.node))
      case 'restart':
        await cluster.restart(command.node)
        return undefined
      case 'wipe':
        await cluster.wipe(command.node)
        return undefined
      case 'status':
        await this.#poll()
        this.note(...this.model.nodes.map(statusLine))
        return undefined
      case 'help':
        this.note(...COMMAND_HELP)
        return undefined
      case 'wait':
        return this.#wait(command.what, command.seconds)
      case 'quit':
        return undefined
    }
  }

  /** Lines for people, among those of the nodes. */
  note(...lines: readonly string[]): void {
    for (const text of lines) this.#onEvent({ kind: 'note', text })
  }

  #type(node: NodeNumber, text: string): string | undefined {
    if (this.cluster.terminalPortOf(node) === undefined) return `node ${node} does not run`
    // Never rejects; the model tells of the answer.
    void this.cluster.type(node, text)
    return undefined
  }

  async #whenUp(node: NodeNumber, act: () => Promise<void>): Promise<string | undefined> {
    if (this.cluster.pidOf(node) === undefined) return `node ${node} does not run`
    await act()
    return undefined
  }

  async #wait(what: WaitedFor, seconds: number): Promise<string | undefined> {
    const { model } = this
    let isLate = false
    const cancel = this.#clock.after(seconds * 1_000, () => {
      isLate = true
      this.#tell([])
    })
    try {
      while (!isLate && !this.#isStopped) {
        if (await this.#holds(what)) {
          const head = model.commonHead
          this.note(what === 'synced' && head ? `synced ${head.height} ${shortText(head.hash)}` : what)
          return undefined
        }
        await this.#changeOrPause()
      }
    } finally {
      cancel()
    }
    return this.#isStopped
      ? undefined
      : `not ${what} after ${seconds} s: ${model.nodes.map(brief).join(', ')}`
  }

  /** By what the nodes say now, not by what they said before: a lag must not look like an agreement. */
  async #holds(what: WaitedFor): Promise<boolean> {
    const { model } = this
    switch (what) {
      case 'up':
        return model.isUp
      case 'answered':
        return model.unansweredCount === 0
      case 'joined':
        return model.isUp && (await this.#poll()) && model.isJoined
      case 'synced':
        return (await this.#isSynced()) && (await this.#isSyncedStill())
    }
  }

  async #isSynced(): Promise<boolean> {
    const { model } = this
    if (model.commonHead === undefined || model.unansweredCount > 0) return false
    return (await this.#poll()) && model.isSynced
  }

  /**
   * Asked a second time, a little later: an entry in a block that is being written is not pending any more,
   * and not on the chain yet.
   */
  async #isSyncedStill(): Promise<boolean> {
    const before = this.model.commonHead?.hash
    await new Promise<void>((resolve) => this.#clock.after(NODE_LIMITS.devnetWaitPollMs, resolve))
    return (await this.#isSynced()) && this.model.commonHead?.hash === before
  }

  /** Asks all nodes that are up. True when all answered, and none told anything while it was asked. */
  async #poll(): Promise<boolean> {
    const up = this.model.nodes.filter(({ state }) => state.kind === 'up')
    const asked = await Promise.all(up.map(({ node }) => this.#ask(node)))
    return asked.every(Boolean)
  }

  async #ask(node: NodeNumber): Promise<boolean> {
    const lineCount = this.#lineCounts[node - 1]
    const status = await this.#askStatus(this.cluster.directoryOf(node))
    if (status === undefined) return false
    const isCurrent = lineCount === this.#lineCounts[node - 1]
    const head = isCurrent ? status.head : undefined
    this.#onEvent({ kind: 'status', node, status: { ...status, head } })
    return isCurrent
  }

  #pollAgain(): void {
    if (this.#isStopped) return
    this.#cancelPoll = this.#clock.after(NODE_LIMITS.devnetPollMs, () => {
      void this.#poll().then(() => this.#pollAgain())
    })
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#change()
  }

  async #changeOrPause(): Promise<void> {
    const cancel = this.#clock.after(NODE_LIMITS.devnetWaitPollMs, () => this.#tell([]))
    await this.#change()
    cancel()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const unsubscribe = this.subscribe(() => {
        unsubscribe()
        resolve()
      })
    })
  }

  #onEvent(event: DevnetEvent): void {
    if (event.kind === 'line' || event.kind === 'ended') {
      this.#lineCounts[event.node - 1] = (this.#lineCounts[event.node - 1] ?? 0) + 1
    }
    this.#tell(this.model.step(event))
  }

  #tell(lines: readonly string[]): void {
    for (const listener of [...this.#listeners]) listener(lines)
  }
}

function statusLine(view: NodeView): string {
  const { node, state, pendingCount, peerCount, catchingUp } = view
  const parts = [brief(view)]
  if (state.kind === 'up') {
    parts.push(`peers ${peerCount ?? '?'} pending ${pendingCount ?? '?'} pid ${state.pid}`)
    if (state.terminalPort !== undefined) parts.push(`terminal 127.0.0.1:${state.terminalPort}`)
  }
  if (catchingUp) parts.push(`catching up ${catchingUp.height} of ${catchingUp.target}`)
  return `status ${parts.join(' ').replace(`node ${node}`, String(node))}`
}

function brief({ node, state, head }: NodeView): string {
  const how = state.kind === 'down' ? state.how : state.kind
  return `node ${node} ${how}${head ? ` head ${head.height} ${shortText(head.hash)}` : ''}`
}

/**
 * What is known of a devnet, from the events of its nodes and of its network. Pure: `step` takes an event
 * and gives the lines that tell people and scripts of it; the screen is drawn from what is readable here.
 *
 *     node 2 up terminal 127.0.0.1:41003
 *     node 2 head 3 9b21c3d4
 *     stored 2 72 #3 9b21c3d4
 *     network 1,2 | 3,4
 */
import { NODE_LIMITS } from '../limits.ts'
import { printable } from '../views/printable.ts'
import { BlockTree } from './block-tree.ts'
import type { DevnetEvent, NodeNumber, NodeStatus } from './events.ts'
import type { BlockLine, LinePosition, NodeLine } from './node-line.ts'
import { Partition } from './partition.ts'

export type NodeState =
  | { readonly kind: 'down'; readonly how: string }
  | { readonly kind: 'starting'; readonly pid: number }
  | { readonly kind: 'up'; readonly pid: number; readonly terminalPort: number | undefined }

export interface NodeView {
  readonly node: NodeNumber
  readonly state: NodeState
  /** As it last told; kept while it is down. */
  readonly head: LinePosition | undefined
  readonly pendingCount: number | undefined
  readonly peerCount: number | undefined
  readonly catchingUp: NodeStatus['catchingUp']
}

interface TypedLine {
  readonly node: NodeNumber
  readonly text: string
}

const COMPLAINT_CHARACTERS_MAX = 300
const ANSWER_CHARACTERS_MAX = 160

export class DevnetModel {
  readonly tree = new BlockTree()
  readonly #nodes: NodeView[]
  readonly #nodeOfKey = new Map<string, NodeNumber>()
  readonly #typed = new Map<number, TypedLine>()
  readonly #log: string[] = []
  #partition: Partition
  #ledgerId: string | undefined

  constructor(nodeCount: number) {
    this.#partition = Partition.whole(nodeCount)
    this.#nodes = Array.from({ length: nodeCount }, (_, index) => ({
      node: index + 1,
      state: { kind: 'down', how: 'not started' },
      head: undefined,
      pendingCount: undefined,
      peerCount: undefined,
      catchingUp: undefined,
    }))
  }

  get nodes(): readonly NodeView[] {
    return this.#nodes
  }

  get partition(): Partition {
    return this.#partition
  }

  get ledgerId(): string | undefined {
    return this.#ledgerId
  }

  /** The latest lines, oldest first. */
  get log(): readonly string[] {
    return this.#log
  }

  /** Lines typed and not answered. */
  get unansweredCount(): number {
    return this.#typed.size
  }

  node(node: NodeNumber): NodeView {
    return this.#nodes[node - 1] as NodeView
  }

  /** Who made a block, also with a key that was wiped since; undefined for genesis and for strangers. */
  producerOf(publicKey: string): NodeNumber | undefined {
    return this.#nodeOfKey.get(publicKey)
  }

  /** Every node that was started serves. */
  get isUp(): boolean {
    return this.#nodes.every(({ state }) => state.kind !== 'starting')
  }

  /** Every node that is up is connected to as many as it can reach. */
  get isJoined(): boolean {
    return this.#up().every(({ node, peerCount }) => peerCount === this.#reachable(node))
  }

  /** The head that all nodes have that are up; undefined when they differ, or not all that started are up. */
  get commonHead(): LinePosition | undefined {
    const [first, ...rest] = this.#up()
    if (!this.isUp || first?.head === undefined) return undefined
    const isCommon = rest.every(({ head }) => head?.hash === first.head?.hash)
    return isCommon ? first.head : undefined
  }

  /** By the last answers of all nodes that are up: one head, nobody behind, nothing waits for a block. */
  get isSynced(): boolean {
    if (this.commonHead === undefined || this.unansweredCount > 0) return false
    return this.#up().every(({ pendingCount, catchingUp }) => pendingCount === 0 && catchingUp === undefined)
  }

  /** The lines that tell of it; none when there is nothing to tell. */
  step(event: DevnetEvent): readonly string[] {
    const lines = this.#step(event)
    this.#log.push(...lines)
    this.#log.splice(0, this.#log.length - NODE_LIMITS.devnetLogLinesMax)
    return lines
  }

  #step(event: DevnetEvent): readonly string[] {
    switch (event.kind) {
      case 'starting':
        this.#set(event.node, { state: { kind: 'starting', pid: event.pid } })
        return [`node ${event.node} starting pid ${event.pid}`]
      case 'line':
        return this.#line(event.node, event.line)
      case 'complaint':
        return [`node ${event.node} says ${printable(event.text, COMPLAINT_CHARACTERS_MAX)}`]
      case 'status':
        return this.#status(event.node, event.status)
      case 'ended':
        return this.#ended(event.node, event.how)
      case 'wiped':
        this.#set(event.node, { head: undefined })
        return [`node ${event.node} wiped`]
      case 'network':
        this.#partition = Partition.of(this.#nodes.length, event.silenced)
        return [`network ${this.#partition}`]
      case 'typed':
        this.#typed.set(event.id, event)
        return [`typed ${event.node} ${printable(event.text)}`]
      case 'answered':
        return this.#answered(event.id, event.answer)
      case 'note':
        return [event.text]
    }
  }

  #line(node: NodeNumber, line: NodeLine): readonly string[] {
    switch (line.kind) {
      case 'started': {
        const { ledgerId, publicKey, head, terminalPort } = line
        this.#ledgerId = ledgerId
        this.#nodeOfKey.set(publicKey, node)
        const { state } = this.node(node)
        const pid = state.kind === 'down' ? 0 : state.pid
        this.#set(node, { state: { kind: 'up', pid, terminalPort }, head })
        const terminal = terminalPort === undefined ? '' : ` terminal 127.0.0.1:${terminalPort}`
        return [`node ${node} up${terminal} head ${positionText(head)}`]
      }
      case 'block':
        this.tree.add({ ...line, summary: summaryOf(line) })
        // Genesis is told at every start, after the head.
        if (line.height === 0) return []
        this.#set(node, { head: line })
        return [`node ${node} head ${positionText(line)} ${summaryOf(line)}`]
      case 'disconnected':
        return this.#disconnected(node, line)
      case 'alarm':
        return [`node ${node} alarm ${printable(line.code)} ${printable(line.message)}`]
      case 'other':
        return []
    }
  }

  /** Until the blocks of the other branch are told, its head is the parent of what left the chain. */
  #disconnected(node: NodeNumber, { height, hash }: LinePosition): readonly string[] {
    const parent = this.tree.get(hash)?.parent
    if (parent) this.#set(node, { head: { height: height - 1, hash: parent } })
    return [`node ${node} left ${positionText({ height, hash })}`]
  }

  #status(node: NodeNumber, status: NodeStatus): readonly string[] {
    const before = this.node(node)
    // An answer that comes after the process has ended is about nothing.
    if (before.state.kind !== 'up') return []
    const { head, pendingCount, peerCount, catchingUp } = status
    this.#set(node, { head: head ?? before.head, pendingCount, peerCount, catchingUp })
    const lines: string[] = []
    if (peerCount !== undefined && peerCount !== before.peerCount)
      lines.push(`node ${node} peers ${peerCount}`)
    if (catchingUp && catchingUp.target !== before.catchingUp?.target) {
      lines.push(`node ${node} catching up ${catchingUp.height} of ${catchingUp.target}`)
    } else if (!catchingUp && before.catchingUp) {
      lines.push(`node ${node} caught up`)
    }
    return lines
  }

  #ended(node: NodeNumber, how: string): readonly string[] {
    const nothing = { pendingCount: undefined, peerCount: undefined, catchingUp: undefined }
    this.#set(node, { state: { kind: 'down', how }, ...nothing })
    return [`node ${node} ${how}`]
  }

  #answered(id: number, answer: string | undefined): readonly string[] {
    const typed = this.#typed.get(id)
    if (typed === undefined) return []
    this.#typed.delete(id)
    const what = `${typed.node} ${printable(typed.text)}`
    if (answer === undefined) return [`unanswered ${what}`]
    const stored = /^#(\d+) .* stored in block ([0-9a-f]+)$/.exec(answer)
    if (stored === null) return [`answer ${what}: ${printable(answer, ANSWER_CHARACTERS_MAX)}`]
    return [`stored ${what} #${stored[1]} ${stored[2]}`]
  }

  #set(node: NodeNumber, changed: Partial<NodeView>): void {
    this.#nodes[node - 1] = { ...this.node(node), ...changed }
  }

  #up(): NodeView[] {
    return this.#nodes.filter(({ state }) => state.kind === 'up')
  }

  #reachable(node: NodeNumber): number {
    const others = this.#up().filter((other) => other.node !== node)
    return others.filter((other) => {
      return !this.#partition.isSilenced(node, other.node) && !this.#partition.isSilenced(other.node, node)
    }).length
  }
}

/** Of a hash, as everywhere else for people. */
export function shortText(hash: string): string {
  return hash.slice(0, 8)
}

function positionText({ height, hash }: LinePosition): string {
  return `${height} ${shortText(hash)}`
}

function summaryOf({ height, values, readingCount }: BlockLine): string {
  if (height === 0) return 'genesis'
  if (readingCount === 1 && values.length === 1) return String(values[0])
  return readingCount <= 3 ? values.join(',') : `${readingCount} readings`
}

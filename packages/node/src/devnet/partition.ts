import type { NodeNumber, OneWayPair } from './events.ts'

/**
 * Which node hears nothing of which: the state of a network that is cut on purpose. A value; each change
 * makes a new one.
 */
export class Partition {
  readonly nodeCount: number
  /** `from * (nodeCount + 1) + to` of each pair. */
  readonly #silenced: ReadonlySet<number>

  private constructor(nodeCount: number, silenced: ReadonlySet<number>) {
    this.nodeCount = nodeCount
    this.#silenced = silenced
  }

  static whole(nodeCount: number): Partition {
    return new Partition(nodeCount, new Set())
  }

  static of(nodeCount: number, pairs: readonly OneWayPair[]): Partition {
    return Partition.whole(nodeCount).with(pairs)
  }

  /** Only nodes of one group hear each other. Nodes that are in none make one more group. */
  split(groups: readonly (readonly NodeNumber[])[]): Partition {
    const groupOf = (node: NodeNumber) => groups.findIndex((group) => group.includes(node))
    const pairs = this.#allPairs().filter(({ from, to }) => groupOf(from) !== groupOf(to))
    return Partition.whole(this.nodeCount).with(pairs)
  }

  /** In addition to what is cut. */
  isolate(node: NodeNumber): Partition {
    return this.with(this.#allPairs().filter(({ from, to }) => from === node || to === node))
  }

  with(pairs: readonly OneWayPair[]): Partition {
    const silenced = new Set(this.#silenced)
    for (const { from, to } of pairs) silenced.add(this.#key(from, to))
    return new Partition(this.nodeCount, silenced)
  }

  isSilenced(from: NodeNumber, to: NodeNumber): boolean {
    return this.#silenced.has(this.#key(from, to))
  }

  get isWhole(): boolean {
    return this.#silenced.size === 0
  }

  pairs(): OneWayPair[] {
    return this.#allPairs().filter(({ from, to }) => this.isSilenced(from, to))
  }

  /** Nodes that can talk to each other, directly or through others; each group ascending. */
  groups(): NodeNumber[][] {
    const groups: NodeNumber[][] = []
    for (const node of this.#nodes()) {
      const near = groups.filter((group) => group.some((other) => this.#canTalk(node, other)))
      const merged = [...near.flat(), node].sort((a, b) => a - b)
      groups.splice(0, groups.length, ...groups.filter((group) => !near.includes(group)), merged)
    }
    return groups.sort((a, b) => (a[0] as number) - (b[0] as number))
  }

  /** `whole`, `1,2 | 3,4`, `1,2,3 without 1->2`. */
  toString(): string {
    if (this.isWhole) return 'whole'
    const groups = this.groups()
    const within = this.pairs().filter(({ from, to }) =>
      groups.some((group) => group.includes(from) && group.includes(to)),
    )
    const text = groups.map((group) => group.join(',')).join(' | ')
    return within.length === 0
      ? text
      : `${text} without ${within.map(({ from, to }) => `${from}->${to}`).join(' ')}`
  }

  #canTalk(a: NodeNumber, b: NodeNumber): boolean {
    return !this.isSilenced(a, b) && !this.isSilenced(b, a)
  }

  #key(from: NodeNumber, to: NodeNumber): number {
    return from * (this.nodeCount + 1) + to
  }

  #nodes(): NodeNumber[] {
    return Array.from({ length: this.nodeCount }, (_, index) => index + 1)
  }

  #allPairs(): OneWayPair[] {
    const nodes = this.#nodes()
    return nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to })))
  }
}

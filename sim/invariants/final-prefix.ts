/**
 * What is final stays: no head moves off a block that has the final depth of blocks on it, and a reading that
 * somebody could have been told is final keeps its place. It is the part of invariant 1 that holds for
 * engines without certificates: for each node, on its own disk.
 */
import type { MemoryDisk } from 'pulseledger/simulation'
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'final-prefix'

export class FinalPrefix implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  /** Height of the highest block that ever was final on a disk. */
  readonly #final = new Map<MemoryDisk, number>()

  constructor(context: CheckerContext) {
    this.#context = context
  }

  observe(observation: Observation): void {
    if (observation.kind === 'wiped') this.#final.delete(observation.disk)
    if (observation.kind === 'booted') this.#start(observation.node)
    if (observation.kind !== 'committed') return
    const { node, change } = observation
    const { finalDepth } = this.#context.scenario
    const final = this.#final.get(node.disk) ?? 0
    for (const { block } of change.disconnect) {
      const { height } = block.header
      if (height > final) continue
      const message = `takes block ${height} off its chain, and ${final} was final`
      this.#context.report({ invariant: NAME, node: node.name, message })
    }
    this.#final.set(node.disk, Math.max(final, (node.disk.head?.height ?? 0) - finalDepth))
  }

  /**
   * What was final is not stored: a node counts it down from its head when it starts. Where the heavier chain
   * may be the shorter one, that is lower by as many blocks as it became shorter.
   */
  #start({ disk }: ObservedNode): void {
    const { engine, finalDepth } = this.#context.scenario
    if (engine !== 'proof-of-work') return
    this.#final.set(disk, Math.max(0, (disk.head?.height ?? 0) - finalDepth))
  }

  /** What the node says is final is what has, or had, the final depth on it. */
  agreed(nodes: readonly ObservedNode[]): void {
    for (const { name, ledger, disk } of nodes) {
      if (ledger === undefined) continue
      const { height } = ledger.head.header
      // A heavier chain may be a shorter one.
      const due = Math.max(this.#final.get(disk) ?? 0, height - this.#context.scenario.finalDepth)
      if (ledger.finalHeight === due) continue
      const message = `says that ${ledger.finalHeight} is final at height ${height}, where it is ${due}`
      this.#context.report({ invariant: NAME, node: name, message })
    }
  }
}

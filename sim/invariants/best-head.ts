/**
 * Invariant 4: the head is the best chain that a node knows, by the published rule: of the chains whose
 * blocks it has, that of most blocks, and of two equally long ones that with the lower hash. Which came
 * first does not matter. Computed here from the blocks alone, as the rule is written, not as the product
 * computes it.
 */
import type { MemoryDisk } from 'pulseledger/simulation'
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'best-head'

interface Best {
  readonly height: number
  readonly hash: Uint8Array
}

export class BestHead implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  readonly #best = new Map<MemoryDisk, Best>()

  constructor(context: CheckerContext) {
    this.#context = context
  }

  observe(observation: Observation): void {
    const { kind, node } = observation
    if (kind === 'wiped') this.#best.delete(observation.disk)
    if (kind === 'booted') this.#best.set(node.disk, bestOf(node.disk))
    if (kind !== 'committed') return
    let best = this.#best.get(node.disk) ?? bestOf(node.disk)
    for (const { block } of observation.change.blocks) {
      best = better(best, { height: block.header.height, hash: block.hash })
    }
    this.#best.set(node.disk, best)
    this.#check(node, best)
  }

  #check(node: ObservedNode, best: Best): void {
    const { head } = node.disk
    if (head !== undefined && Buffer.compare(head.hash, best.hash) === 0) return
    const found = `its head is block ${head?.height}, ${hex(head?.hash)}`
    const message = `${found}; the best is ${best.height}, ${hex(best.hash)}`
    this.#context.report({ invariant: NAME, node: node.name, message })
  }
}

/** Stored blocks all stand on stored ones, down to genesis. */
function bestOf(disk: MemoryDisk): Best {
  let best: Best = { height: -1, hash: new Uint8Array() }
  for (const { block } of disk.blocks.values()) {
    best = better(best, { height: block.header.height, hash: block.hash })
  }
  return best
}

function better(a: Best, b: Best): Best {
  if (a.height !== b.height) return a.height > b.height ? a : b
  return Buffer.compare(a.hash, b.hash) <= 0 ? a : b
}

function hex(hash: Uint8Array | undefined): string {
  return hash === undefined ? 'none' : Buffer.from(hash).toString('hex').slice(0, 8)
}

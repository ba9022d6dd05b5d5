/**
 * Invariant 4: the head is the best chain that a node knows, by the published rule: of the chains whose
 * blocks it has the heaviest, and of two equally heavy ones that with the lower hash. Which came first does
 * not matter. Computed here from the headers alone, as the rule is written, not as the product computes it.
 */
import { type Block, type Header, keyOf } from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'best-head'

interface Best {
  readonly height: number
  readonly weight: bigint
  readonly hash: Uint8Array
}

/** What is known of the blocks of one disk: the weight of each one's chain, and the best of them. */
class Known {
  readonly #weights = new Map<string, bigint>()
  best: Best = { height: -1, weight: -1n, hash: new Uint8Array() }

  /** What is on the disk and was not seen to be committed, as what a kill left of a commit under way. */
  catchUp({ blocks }: MemoryDisk): void {
    if (this.#weights.size === blocks.size) return
    for (const { block } of blocks.values()) if (!this.#weights.has(keyOf(block.hash))) this.add(block)
  }

  /** Parents come first. */
  add({ header, hash }: Block): void {
    const parent = header.parent === null ? 0n : (this.#weights.get(keyOf(header.parent)) ?? 0n)
    const weight = parent + weightOf(header)
    this.#weights.set(keyOf(hash), weight)
    const isHeavier = weight > this.best.weight
    const isLower = weight === this.best.weight && Buffer.compare(hash, this.best.hash) < 0
    if (isHeavier || isLower) this.best = { height: header.height, weight, hash }
  }
}

export class BestHead implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  readonly #known = new Map<MemoryDisk, Known>()

  constructor(context: CheckerContext) {
    this.#context = context
  }

  observe(observation: Observation): void {
    const { kind, node } = observation
    if (kind === 'wiped') this.#known.delete(observation.disk)
    if (kind === 'booted') this.#of(node.disk).catchUp(node.disk)
    if (kind !== 'committed') return
    const known = this.#of(node.disk)
    for (const { block } of observation.change.blocks) known.add(block)
    this.#check(node, known.best)
  }

  #of(disk: MemoryDisk): Known {
    const known = this.#known.get(disk) ?? new Known()
    this.#known.set(disk, known)
    return known
  }

  #check(node: ObservedNode, best: Best): void {
    const { head } = node.disk
    if (head !== undefined && Buffer.compare(head.hash, best.hash) === 0) return
    const found = `its head is block ${head?.height}, ${hex(head?.hash)}`
    const message = `${found}; the best is ${best.height}, ${hex(best.hash)}`
    this.#context.report({ invariant: NAME, node: node.name, message })
  }
}

/** One, or the expected number of hashes for the target with which a proof-of-work seal begins. */
function weightOf({ seal }: Header): bigint {
  if (seal.length === 0) return 1n
  return (1n << 256n) / (BigInt(`0x${Buffer.from(seal.subarray(0, 32)).toString('hex')}`) + 1n)
}

function hex(hash: Uint8Array | undefined): string {
  return hash === undefined ? 'none' : Buffer.from(hash).toString('hex').slice(0, 8)
}

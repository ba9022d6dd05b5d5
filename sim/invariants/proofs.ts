/**
 * Invariant 7: whatever is on the chain can be proved, to somebody who has nothing but two headers. The
 * proofs of the product, made from what nodes store, are checked by the product's verifier against roots that
 * are computed here as RFC 6962 section 2.1 defines them; and what was final once is consistent with every
 * later chain.
 */
import {
  type Crypto,
  consistencyProof,
  EMPTY_ROOT,
  equalBytes,
  type Hash,
  type Header,
  inclusionProof,
  keyOf,
  leafHash,
  type NodeReader,
  nodeHash,
  verifyConsistency,
  verifyInclusion,
} from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import { Chance } from '../kernel/chance.ts'
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'proofs'

/** Leaves up to which the root is computed as the RFC writes it: in between, some are enough. */
const NAIVE_LEAVES_MAX = 400

/** In the place of a node that is not stored: no proof with it holds. */
const LOST_NODE: Hash = new Uint8Array(32)

interface FinalPoint {
  readonly node: string
  readonly header: Header
}

export class Proofs implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  readonly #chance = new Chance(0, NAME)
  /** The last final block of each disk that was looked at. */
  readonly #finals = new Map<MemoryDisk, FinalPoint>()

  constructor(context: CheckerContext) {
    this.#context = context
  }

  observe(observation: Observation): void {
    if (observation.kind === 'wiped') this.#finals.delete(observation.disk)
    if (observation.kind !== 'committed') return
    const { node } = observation
    const height = (node.disk.head?.height ?? 0) - this.#context.scenario.finalDepth
    if (height > 0) this.#finals.set(node.disk, { node: node.name, header: headerAt(node.disk, height) })
  }

  agreed(nodes: readonly ObservedNode[]): void {
    const node = this.#chance.pick(nodes)
    const height = node.disk.head?.height ?? 0
    if (height === 0) return
    const to = headerAt(node.disk, height)
    for (let i = 0; i < 8; i++)
      this.#checkInclusion(node, headerAt(node.disk, this.#chance.between(1, height)))
    for (let i = 0; i < 4; i++) {
      const from = headerAt(node.disk, this.#chance.below(height + 1))
      this.#checkConsistency(node, { node: node.name, header: from }, to)
    }
    for (const final of this.#finals.values()) this.#checkConsistency(node, final, to)
    this.#checkRoot(node, headerAt(node.disk, this.#chance.between(1, height)))
  }

  #checkInclusion(node: ObservedNode, { size, root, height }: Header): void {
    const { crypto } = this.#context
    const index = this.#chance.below(size)
    const leaf = leavesOf(node.disk, size)[index] as Hash
    const proof = inclusionProof(index, size, readerOf(node.disk), crypto)
    if (!proof.ok) {
      this.#report(node, `no proof of entry ${index} in block ${height}: ${proof.error.message}`)
      return
    }
    const claim = { leaf, index, size, root, proof: proof.value }
    if (!verifyInclusion(claim, crypto))
      this.#report(node, `its proof of entry ${index} in block ${height} is wrong`)
    const other = { ...claim, leaf: leafHash(leaf, crypto) }
    if (verifyInclusion(other, crypto)) this.#report(node, 'its proof holds for something else too')
  }

  #checkConsistency(node: ObservedNode, from: FinalPoint, to: Header): void {
    const { crypto } = this.#context
    const what = `block ${from.header.height} of ${from.node} with block ${to.height}`
    if (from.header.size > to.size) {
      this.#report(node, `there is no consistency of ${what}: the log is shorter`)
      return
    }
    const proof = consistencyProof(from.header.size, to.size, readerOf(node.disk), crypto)
    if (!proof.ok) {
      this.#report(node, `cannot prove the consistency of ${what}: ${proof.error.message}`)
      return
    }
    const sizes = { from: from.header.size, to: to.size }
    const claim = { ...sizes, fromRoot: from.header.root, toRoot: to.root, proof: proof.value }
    if (!verifyConsistency(claim, crypto))
      this.#report(node, `its proof of the consistency of ${what} is wrong`)
  }

  #checkRoot(node: ObservedNode, { size, root, height }: Header): void {
    if (size > NAIVE_LEAVES_MAX) return
    if (equalBytes(naiveRoot(leavesOf(node.disk, size), this.#context.crypto), root)) return
    this.#report(node, `the root of block ${height} is not that of its ${size} entries`)
  }

  #report(node: ObservedNode, message: string): void {
    this.#context.report({ invariant: NAME, node: node.name, message })
  }
}

function headerAt(disk: MemoryDisk, height: number): Header {
  const hash = disk.canonical[height]
  const stored = hash && disk.blocks.get(keyOf(hash))
  if (!stored) throw new Error(`no block at height ${height}`)
  return stored.block.header
}

/** The first `size` entries of the chain, from the blocks themselves. */
function leavesOf(disk: MemoryDisk, size: number): Hash[] {
  const leaves: Hash[] = []
  for (const hash of disk.canonical) {
    if (leaves.length >= size) break
    for (const { id } of disk.blocks.get(keyOf(hash))?.block.entries ?? []) leaves.push(id)
  }
  return leaves.slice(0, size)
}

function readerOf(disk: MemoryDisk): NodeReader {
  return (level, index) => disk.treeNodes.get(`${level}/${index}`) ?? LOST_NODE
}

/** MTH, as it is defined. RFC 6962 section 2.1 */
function naiveRoot(leaves: readonly Hash[], crypto: Crypto): Hash {
  if (leaves.length === 0) return EMPTY_ROOT
  if (leaves.length === 1) return leaves[0] as Hash
  let split = 1
  while (2 * split < leaves.length) split *= 2
  return nodeHash(naiveRoot(leaves.slice(0, split), crypto), naiveRoot(leaves.slice(split), crypto), crypto)
}

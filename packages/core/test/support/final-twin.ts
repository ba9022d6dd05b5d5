/**
 * The final rule once more: what a node with a final depth does with blocks in the order in which they
 * come. Every question about a branch is answered by going through it from genesis.
 */
import type { Block } from '../../src/block/block.ts'
import { equalBytes, toHex } from '../../src/bytes.ts'
import type { Rules } from './block-builder.ts'
import { DumbChain, isBetter, isLinked } from './dumb-chain.ts'

export interface Verdict {
  /** Hashes of blocks refused as below the final one. */
  readonly belowFinal: string[]
  /** Hashes of blocks refused for another reason. */
  readonly invalid: string[]
  /** Hashes of blocks that joined the tree. */
  readonly accepted: string[]
  alarmCount: number
}

export class FinalTwin {
  readonly chain: DumbChain
  readonly #rules: Rules
  readonly #accepted: Block[]
  readonly #waiting: Block[] = []
  /** Height of the accepted block that each refused branch stands on. */
  readonly #refused = new Map<string, number>()
  readonly #alarmed = new Set<number>()
  head: Block
  final: Block

  constructor(rules: Rules) {
    this.#rules = rules
    this.chain = new DumbChain(rules)
    this.head = rules.genesis
    this.final = rules.genesis
    this.#accepted = [rules.genesis]
  }

  receive(received: Block): Verdict {
    const verdict: Verdict = { belowFinal: [], invalid: [], accepted: [], alarmCount: 0 }
    const before = this.#accepted.length
    const queue = [received]
    for (let block = queue.shift(); block; block = queue.shift()) {
      if (!this.#place(block, verdict)) continue
      const hash = block.hash
      const children = this.#waiting.filter(({ header }) => header.parent && equalBytes(header.parent, hash))
      for (const child of children) this.#waiting.splice(this.#waiting.indexOf(child), 1)
      queue.push(...children)
    }
    for (const block of this.#accepted.slice(before)) if (isBetter(block, this.head)) this.head = block
    const finalHeight = this.head.header.height - Number(this.#rules.document.engine.finalDepth)
    if (finalHeight > this.final.header.height) {
      this.final = (this.chain.branch(this.head) as Block[])[finalHeight] as Block
    }
    return verdict
  }

  #place(block: Block, verdict: Verdict): boolean {
    const hash = toHex(block.hash)
    if (this.#has(this.#accepted, hash) || this.#refused.has(hash)) return false
    const parentHash = toHex(block.header.parent as Uint8Array)
    const parent = this.chain.get(block.header.parent as Uint8Array)
    const isParentAccepted = this.#has(this.#accepted, parentHash)
    const refusedAt = this.#refused.get(parentHash)
    if (parent === undefined || (!isParentAccepted && refusedAt === undefined)) {
      const { producers } = this.#rules.document
      const { producer, seal } = block.header
      const isAllowed = producers?.some((key) => equalBytes(key, producer)) ?? true
      if (!isAllowed || seal.length > 0) {
        verdict.invalid.push(hash)
      } else if (!this.#has(this.#waiting, hash)) this.#waiting.push(block)
      return false
    }
    const isAboveFinal = isParentAccepted && (this.chain.branch(parent) as Block[]).includes(this.final)
    this.chain.add(block)
    if (isAboveFinal ? !this.chain.isValid(block) : !isLinked(block, parent, this.#rules)) {
      verdict.invalid.push(hash)
      return false
    }
    if (isAboveFinal) {
      this.#accepted.push(block)
      verdict.accepted.push(hash)
      return true
    }
    const forkHeight = refusedAt ?? parent.header.height
    this.#refused.set(hash, forkHeight)
    verdict.belowFinal.push(hash)
    if (isBetter(block, this.head) && !this.#alarmed.has(forkHeight)) {
      this.#alarmed.add(forkHeight)
      verdict.alarmCount += 1
    }
    return true
  }

  #has(blocks: readonly Block[], hash: string): boolean {
    return blocks.some((block) => toHex(block.hash) === hash)
  }
}

/**
 * The chain rule once more, as it is published and without a thought for cost: every block is kept, and
 * whether one is valid is found out by going through its whole branch from genesis. Nothing is shared with
 * the code under test but the parsed fields of headers and entries.
 */
import type { Block } from '../../src/block/block.ts'
import { compareBytes, equalBytes, toHex } from '../../src/bytes.ts'
import { leaf, TwinLog } from '../log/twin.ts'
import type { Rules } from './block-builder.ts'

/** Everything that follows from which block is the head. */
export interface ChainState {
  readonly hashes: readonly string[]
  readonly root: string
  /** Entry ids in the order of the log. */
  readonly log: readonly string[]
  /** Next sequence by author. */
  readonly next: Readonly<Record<string, number>>
  /** The complete nodes of the log's tree, by level/index. */
  readonly nodes: Readonly<Record<string, string>>
}

export class DumbChain {
  readonly #rules: Rules
  readonly #known = new Map<string, Block>()
  readonly #valid = new Map<string, boolean>()

  constructor(rules: Rules) {
    this.#rules = rules
    this.add(rules.genesis)
  }

  add(block: Block): void {
    this.#known.set(toHex(block.hash), block)
  }

  get(hash: Uint8Array): Block | undefined {
    return this.#known.get(toHex(hash))
  }

  /** From genesis to `block`; undefined while one of them is missing. */
  branch(block: Block): Block[] | undefined {
    const parentHash = block.header.parent
    if (parentHash === null) return [block]
    const parent = this.get(parentHash)
    const before = parent && this.branch(parent)
    return before && [...before, block]
  }

  isValid(block: Block): boolean {
    const key = toHex(block.hash)
    const known = this.#valid.get(key)
    if (known !== undefined) return known
    const branch = this.branch(block)
    if (branch === undefined) return false
    const before = branch.slice(0, -1)
    const parent = before.at(-1)
    const valid = parent === undefined || (this.isValid(parent) && isValidNext(block, before, this.#rules))
    this.#valid.set(key, valid)
    return valid
  }

  /** The head by the rule of the longest chain: most blocks, and of those the one with the lowest hash. */
  best(candidates: Iterable<Block> = this.#known.values()): Block {
    return [...candidates].filter((block) => this.isValid(block)).reduce((a, b) => (isBetter(b, a) ? b : a))
  }

  state(head: Block): ChainState {
    const branch = this.branch(head) as Block[]
    const entries = branch.flatMap((block) => block.entries)
    const leaves = entries.map((entry) => leaf(entry.bytes))
    const log = new TwinLog(leaves)
    const next: Record<string, number> = {}
    for (const { author } of entries) next[toHex(author)] = (next[toHex(author)] ?? 0) + 1
    const nodes: Record<string, string> = {}
    for (let level = 0; 2 ** level <= leaves.length; level++) {
      for (let index = 0; (index + 1) * 2 ** level <= leaves.length; index++) {
        nodes[`${level}/${index}`] = toHex(log.root((index + 1) * 2 ** level, index * 2 ** level))
      }
    }
    return {
      hashes: branch.map((block) => toHex(block.hash)),
      root: toHex(log.root(leaves.length)),
      log: leaves.map(toHex),
      next,
      nodes,
    }
  }
}

/** Whether a chain that ends with `a` wins over one that ends with `b`. */
export function isBetter(a: Block, b: Block): boolean {
  return a.header.height - b.header.height > 0 || (a.header.height === b.header.height && isLower(a, b))
}

function isLower(a: Block, b: Block): boolean {
  return compareBytes(a.hash, b.hash) < 0
}

/** What a block must have in relation to its parent's header alone. */
export function isLinked({ header, entries }: Block, parent: Block, { document }: Rules): boolean {
  const allowed = document.producers
  return (
    header.height === parent.header.height + 1 &&
    header.seal.length === 0 &&
    entries.length > 0 &&
    (allowed === undefined || allowed.some((producer) => equalBytes(producer, header.producer)))
  )
}

function isValidNext(block: Block, before: readonly Block[], rules: Rules): boolean {
  const { header } = block
  if (!isLinked(block, before.at(-1) as Block, rules)) return false
  const times = before.map((earlier) => earlier.header.time).slice(-11)
  const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number
  if (header.time <= median) return false

  const log = before.flatMap((earlier) => earlier.entries)
  for (const entry of block.entries) {
    const earlier = log.filter(({ author }) => equalBytes(author, entry.author)).length
    if (entry.sequence !== earlier) return false
    log.push(entry)
  }
  const root = new TwinLog(log.map((entry) => leaf(entry.bytes))).root(log.length)
  return header.size === log.length && equalBytes(header.root, root)
}

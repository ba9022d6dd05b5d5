/**
 * The walk along the canonical chain, from genesis to the head that there was at its start.
 *
 * It keeps what the chain is up to the last block (a `ChainPoint`), validates the next one on it as if it had
 * just come from a peer, and compares every index with it. Nothing grows with the height.
 *
 * After a block that is missing or unreadable the walk goes on: the next block is judged by itself, its log
 * by what is stored of the tree, and from there on all is as before.
 *
 * The node may go on meanwhile. New blocks change nothing below them. When the head moves to another branch,
 * the walk goes back to the fork, forgets what it found above, and follows the new branch to its head.
 */
import {
  type Block,
  EMPTY_RANGE,
  equalBytes,
  type GrownLog,
  type ParentView,
  type StoredBlock,
  validateBlockOnParent,
} from '@pulseledger/core'
import type { BlockStore, HeadPosition, VerifyProgress } from '../ports.ts'
import { AuthorSequences } from './author-sequences.ts'
import { addChainFailure, checkContents, reparse } from './block-checks.ts'
import { CanonicalBlocks } from './canonical-blocks.ts'
import { type ChainPoint, pointAfter, regrow, storedRange, timesBefore, viewOf } from './chain-point.ts'
import type { VerifyContext } from './context.ts'
import type { EntryChecker } from './entry-checks.ts'
import { checkIndexes, checkLogIndexes, checkNewAuthors, checkNodes } from './index-checks.ts'
import { attempt, DAMAGED, type ProblemList, REMEDY } from './problem-list.ts'

/** Whether a block was ahead of the clock when it came cannot be told afterwards. */
export const NEVER_AHEAD = Number.MAX_SAFE_INTEGER

const NO_HASH = new Uint8Array(32)

export interface WalkInit {
  readonly context: VerifyContext
  readonly problems: ProblemList
  readonly checker: EntryChecker
  readonly genesis: Block
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined
}

export interface WalkOutcome {
  readonly headHeight: number
  /** Canonical blocks that were looked at, genesis included. */
  readonly blockCount: number
  readonly entryCount: number
  /** Entries of those blocks whose payload is not stored. */
  readonly erasedCount: number
}

interface Counts {
  blocks: number
  entries: number
  erased: number
}

export class ChainWalk {
  readonly #init: WalkInit
  readonly #sequences: AuthorSequences
  #head: HeadPosition
  #blocks: CanonicalBlocks
  /** The chain up to the last block; undefined when that could not be read or does not fit its log. */
  #point: ChainPoint | undefined
  #counts: Counts = { blocks: 1, entries: 0, erased: 0 }

  constructor(init: WalkInit, head: HeadPosition) {
    this.#init = init
    this.#head = head
    this.#blocks = new CanonicalBlocks(init.context, head)
    this.#sequences = new AuthorSequences(init.context.store)
    this.#point = this.#genesisPoint()
  }

  async run(): Promise<WalkOutcome> {
    const { checker, context, problems, onProgress } = this.#init
    for (let height = 1; height <= this.#head.height; height++) {
      const before = { point: this.#point, counts: { ...this.#counts } }
      await this.#checkBlock(height)
      const hasForked = attempt(problems, { field: 'head' }, () => this.#hasForked())
      if (hasForked === true) {
        await checker.drain()
        // Of this block some reads may have seen the old branch and some the new one.
        this.#point = before.point
        this.#counts = before.counts
        height = this.#returnToFork()
      }
      if (context.slices.isOver() || height === this.#head.height) {
        onProgress?.({ height, headHeight: this.#head.height })
        await context.slices.next()
      }
    }
    await checker.drain()
    const { blocks, entries, erased } = this.#counts
    return { headHeight: this.#head.height, blockCount: blocks, entryCount: entries, erasedCount: erased }
  }

  #genesisPoint(): ChainPoint {
    const { genesis, context } = this.#init
    return pointAfter(genesis, context.engine.weight(genesis.header), EMPTY_RANGE, [])
  }

  async #checkBlock(height: number): Promise<void> {
    const { context, problems, checker } = this.#init
    const parent = this.#point
    this.#point = undefined
    const { slices } = context
    const found = this.#blocks.at(height, problems)
    if (slices.isOver()) await slices.next()
    const block = found && reparse(found.stored.block, found.hash, { height }, context, problems)
    if (found === undefined || block === undefined) {
      this.#sequences.forget()
      return
    }
    this.#count(block, 1)
    if (slices.isOver()) await slices.next()
    checkContents(block, { height }, context, problems)
    if (slices.isOver()) await slices.next()
    const weight = checkStanding(found.stored, block, parent, context, problems)

    const place = { height, field: 'header.root' }
    const grown = attempt(problems, place, () => this.#checkOnParent(block, parent))
    const firstIndex = block.header.size - block.entries.length
    await checkIndexes(block, firstIndex, context, problems)
    await checkLogIndexes(block, firstIndex, context, problems)
    if (grown !== DAMAGED && grown) await checkNodes(grown.nodes, height, context, problems)
    checkNewAuthors(block, context, problems)
    for (const [i, entry] of block.entries.entries()) {
      await checker.add(entry, block.payloads[i] ?? null, { height }, i)
    }
    if (grown === DAMAGED || grown === undefined) return
    this.#point = pointAfter(block, weight, grown.range, parent?.times ?? [])
  }

  /** The core's rules for a block on its parent. The log after it, also when it breaks another rule. */
  #checkOnParent(block: Block, parent: ChainPoint | undefined): GrownLog | undefined {
    const { context, problems } = this.#init
    const { store, crypto, engine, document } = context
    const { height } = block.header
    if (parent === undefined) {
      const grown = regrow(block, store, crypto)
      const message = 'the stored tree does not lead to the log root of this block'
      if (grown === undefined) problems.add({ height, field: 'header.root' }, message, REMEDY.index)
      return grown
    }
    const nextSequence: ParentView['nextSequence'] = (author, key) =>
      this.#sequences.next(author, key, parent.range.size)
    const rules = { engine, timeAhead: document.limits.timeAhead }
    const view = viewOf(parent, nextSequence)
    const checked = validateBlockOnParent(block, view, rules, NEVER_AHEAD, crypto)
    if (checked.ok) {
      this.#sequences.learn(checked.value.spans)
      return checked.value
    }
    this.#sequences.forget()
    const sizeExpected = parent.range.size + block.entries.length
    addChainFailure(checked.error, block.header, sizeExpected, { height }, problems)
    return regrow(block, store, crypto)
  }

  /** Whether the head is on another branch now than the walk. */
  #hasForked(): boolean {
    const { store } = this.#init.context
    const head = store.head()
    if (head === undefined || equalBytes(head.hash, this.#head.hash)) return false
    return !isCanonical(this.#head, store)
  }

  /** After a reorg: as if the walk had come to the fork and no further. The height of the fork. */
  #returnToFork(): number {
    const { context, problems } = this.#init
    this.#head = context.store.head() ?? this.#head
    this.#blocks = new CanonicalBlocks(context, this.#head)
    this.#sequences.forget()
    const fork = attempt(problems, { field: 'head' }, () => this.#findFork())
    this.#point = fork === DAMAGED ? undefined : fork
    // Without a way back it begins again.
    if (this.#point === undefined) {
      this.#point = this.#genesisPoint()
      this.#counts = { blocks: 1, entries: 0, erased: 0 }
    }
    problems.dropAbove(this.#point.header.height)
    return this.#point.header.height
  }

  /** Down the branch that the walk was on; its blocks stay stored. */
  #findFork(): ChainPoint | undefined {
    const { store, crypto } = this.#init.context
    for (let at = this.#point && store.block(this.#point.hash); at; ) {
      const { block, weight } = at
      const { hash, header } = block
      if (isCanonical({ height: header.height, hash }, store)) {
        const range = storedRange(header, store, crypto)
        return range && pointAfter(block, weight, range, timesBefore(block, store))
      }
      this.#count(block, -1)
      at = header.parent ? store.block(header.parent) : undefined
    }
    return undefined
  }

  #count(block: Block, sign: 1 | -1): void {
    this.#counts.blocks += sign
    this.#counts.entries += sign * block.entries.length
    this.#counts.erased += sign * block.payloads.filter((payload) => payload === null).length
  }
}

function isCanonical({ height, hash }: HeadPosition, store: BlockStore): boolean {
  return equalBytes(store.canonicalHash(height) ?? NO_HASH, hash)
}

/**
 * What the store says of a canonical block beside its bytes. The weight that it should have, as far as is
 * known.
 */
export function checkStanding(
  { canonical, weight }: StoredBlock,
  { header }: Block,
  parent: ChainPoint | undefined,
  { engine }: VerifyContext,
  problems: ProblemList,
): bigint {
  const { height } = header
  if (!canonical) {
    problems.add({ height, field: 'canonical' }, 'the block is stored as one beside the chain', REMEDY.index)
  }
  const isKnown = parent !== undefined || height === 0
  const weightDue = isKnown ? (parent?.weight ?? 0n) + engine.weight(header) : weight
  if (weight !== weightDue) {
    problems.add({ height, field: 'weight' }, `it is stored as ${weight} and is ${weightDue}`, REMEDY.index)
  }
  return weightDue
}

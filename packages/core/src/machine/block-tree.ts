/**
 * The part of the block tree that can still change: every valid block above the final one, of any branch.
 *
 * The root of the tree, its base, is the highest final block. Each block knows what the chain is after it:
 * the log's compact range, the times that the median needs, and which sequences its own entries use. So any
 * branch can be extended without touching another. An author's next sequence is looked for from a block
 * down to the base; below it the store knows. What the store says may lag behind the base, so for every
 * author that blocks of the tree use, and until the base that used it last is durable, its next sequence at
 * the base is kept here.
 *
 * Memory: blocks above the base, without their bytes once these are durable. Cost: appending a block and
 * moving the base by one take a time that depends on the block and, for each of its authors, on how far
 * above the base the author's last entry is looked for; never on the height.
 */
import type { Block } from '../block/block.ts'
import type { Header } from '../block/header.ts'
import { type Hash, keyOf } from '../bytes.ts'
import { LIMITS } from '../limits.ts'
import type { CompactRange, TreeNode } from '../log/compact-range.ts'
import { invariant } from '../result.ts'
import type { BlockOutcome, ParentView, SequenceSpan } from '../validation/block-on-parent.ts'
import type { ChainReader } from './change.ts'
import { ownHeader } from './own-header.ts'

export class TreeBlock {
  readonly key: string
  readonly hash: Hash
  readonly header: Header
  readonly weight: bigint
  readonly range: CompactRange
  readonly times: readonly number[]
  readonly spans: ReadonlyMap<string, SequenceSpan>
  readonly children: TreeBlock[] = []
  /** Undefined for the base. */
  parent: TreeBlock | undefined
  /** Its bytes and what it completes in the log, as long as the store may not have them yet. */
  fresh: FreshBlock | undefined

  constructor(
    block: Block,
    weight: bigint,
    outcome: BlockOutcome,
    times: readonly number[],
    parent?: TreeBlock,
  ) {
    this.key = keyOf(block.hash)
    this.hash = block.hash
    this.header = ownHeader(block.header)
    this.weight = weight
    this.range = outcome.range
    this.spans = outcome.spans
    this.times = [...times, block.header.time].slice(-LIMITS.medianBlocks)
    this.parent = parent
    this.fresh = { block, nodes: outcome.nodes }
  }
}

export interface FreshBlock {
  readonly block: Block
  readonly nodes: readonly TreeNode[]
}

interface BaseSequence {
  /** The author's next sequence after the base. */
  next: number
  /** Blocks above the base that use the author. */
  useCount: number
  /** Height of the base when the last of them went. */
  releasedAt: number
}

export class BlockTree {
  readonly #reader: ChainReader
  readonly #blocks = new Map<string, TreeBlock>()
  readonly #baseSequences = new Map<string, BaseSequence>()
  /** Authors whose last use went, in the order of the base's height at that time. */
  #released: { authorKey: string; height: number }[] = []
  #base: TreeBlock

  constructor(base: TreeBlock, reader: ChainReader) {
    this.#reader = reader
    this.#base = base
    this.#blocks.set(base.key, base)
  }

  get base(): TreeBlock {
    return this.#base
  }

  get size(): number {
    return this.#blocks.size
  }

  get(hash: Hash): TreeBlock | undefined {
    return this.#blocks.get(keyOf(hash))
  }

  add(block: Block, weight: bigint, outcome: BlockOutcome, parent: TreeBlock): TreeBlock {
    const added = new TreeBlock(block, weight, outcome, parent.times, parent)
    parent.children.push(added)
    this.#blocks.set(added.key, added)
    for (const [authorKey, span] of added.spans) {
      const base = this.#baseSequences.get(authorKey)
      if (base) base.useCount += 1
      else this.#baseSequences.set(authorKey, { next: span.from, useCount: 1, releasedAt: 0 })
    }
    return added
  }

  /**
   * While loading, before `add`: the store knows each author's next sequence at its head, not at the base.
   * For an author whose entries stand in between, it is the first of them. Later calls for an author are
   * ignored.
   */
  knowSequence(authorKey: string, next: number): void {
    if (!this.#baseSequences.has(authorKey)) {
      this.#baseSequences.set(authorKey, { next, useCount: 0, releasedAt: 0 })
    }
  }

  /** The author's next sequence on the chain that ends with `at`. */
  nextSequence(at: TreeBlock, author: Uint8Array, authorKey: string): number {
    const base = this.#baseSequences.get(authorKey)
    if (base === undefined) return this.#reader.nextSequence(author)
    if (base.useCount === 0) return base.next
    for (let block: TreeBlock | undefined = at; block && block !== this.#base; block = block.parent) {
      const span = block.spans.get(authorKey)
      if (span) return span.to
    }
    return base.next
  }

  /** What a child of `block` is validated against. */
  viewOf(block: TreeBlock): ParentView {
    return {
      header: block.header,
      hash: block.hash,
      times: block.times,
      range: block.range,
      nextSequence: (author, authorKey) => this.nextSequence(block, author, authorKey),
    }
  }

  /** The last block that both chains have. */
  commonAncestor(a: TreeBlock, b: TreeBlock): TreeBlock {
    let left = a
    let right = b
    while (left !== right) {
      if (left.header.height >= right.header.height) left = parentOf(left)
      else right = parentOf(right)
    }
    return left
  }

  /** The blocks after `ancestor` up to and with `block`, lowest first. */
  path(ancestor: TreeBlock, block: TreeBlock): TreeBlock[] {
    const path: TreeBlock[] = []
    for (let at = block; at !== ancestor; at = parentOf(at)) path.push(at)
    return path.reverse()
  }

  /**
   * Makes the block at `height` of the chain that ends with `head` the base; branches beside it are
   * forgotten.
   */
  advanceBase(head: TreeBlock, height: number): void {
    if (height <= this.#base.header.height) return
    let target = head
    while (target.header.height > height) target = parentOf(target)
    for (const next of this.path(this.#base, target)) this.#stepBase(next)
  }

  /** The store has the canonical chain up to `height`: it may be asked about authors released by then. */
  settle(height: number): void {
    const kept = this.#released.findIndex((item) => item.height > height)
    const settled = this.#released.splice(0, kept < 0 ? this.#released.length : kept)
    for (const { authorKey } of settled) {
      const base = this.#baseSequences.get(authorKey)
      if (base?.useCount === 0 && base.releasedAt <= height) this.#baseSequences.delete(authorKey)
    }
  }

  #stepBase(next: TreeBlock): void {
    const old = this.#base
    this.#base = next
    for (const sibling of old.children) if (sibling !== next) this.#forget(sibling)
    this.#blocks.delete(old.key)
    for (const [authorKey, span] of next.spans) {
      const base = this.#baseSequences.get(authorKey) as BaseSequence
      base.next = span.to
      this.#release(authorKey, base)
    }
    next.parent = undefined
  }

  #forget(root: TreeBlock): void {
    const stack = [root]
    for (let block = stack.pop(); block; block = stack.pop()) {
      this.#blocks.delete(block.key)
      for (const authorKey of block.spans.keys()) {
        this.#release(authorKey, this.#baseSequences.get(authorKey) as BaseSequence)
      }
      stack.push(...block.children)
    }
  }

  /** The base may be ahead of the store: the sequence is kept until the store has caught up with it. */
  #release(authorKey: string, base: BaseSequence): void {
    base.useCount -= 1
    if (base.useCount > 0) return
    base.releasedAt = this.#base.header.height
    this.#released.push({ authorKey, height: base.releasedAt })
  }
}

function parentOf(block: TreeBlock): TreeBlock {
  invariant(block.parent, 'no chain of the tree goes below its base')
  return block.parent
}

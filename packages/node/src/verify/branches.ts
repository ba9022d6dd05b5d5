/**
 * All stored blocks in the order in which the store lists them, which is by height: to count them, and to
 * judge those beside the canonical chain, as strictly as those on it. What the chain is after a block is kept
 * for the blocks of two heights only, since the parent of a block is one below it.
 */
import {
  type Block,
  type CompactRange,
  compareBytes,
  EMPTY_RANGE,
  equalBytes,
  isPreferred,
  keyOf,
  type ParentView,
  type SequenceSpan,
  validateBlockOnParent,
  type WeighedBlock,
} from '@pulseledger/core'
import type { HeadPosition } from '../ports.ts'
import { sequenceAt } from './author-sequences.ts'
import {
  addChainFailure,
  type BlockPlace,
  checkContents,
  placeOf,
  reparse,
  shortHash,
} from './block-checks.ts'
import { pointAfter, storedRange, viewOf } from './chain-point.ts'
import { NEVER_AHEAD } from './chain-walk.ts'
import type { VerifyContext } from './context.ts'
import type { EntryChecker } from './entry-checks.ts'
import { listBlocks } from './list-blocks.ts'
import { attempt, DAMAGED, type ProblemList, REMEDY } from './problem-list.ts'

export interface Listing {
  /** Blocks that the store lists, of any branch. */
  readonly blockCount: number
  readonly sideBlockCount: number
  /** Canonical blocks with entries. */
  readonly filledCount: number
  /** Entries of any branch whose payload is there, each counted once. */
  readonly payloadCount: number
}

/** The chain up to a block of any branch. */
interface BranchPoint extends Pick<WeighedBlock['block'], 'hash' | 'header'> {
  readonly times: readonly number[]
  readonly weight: bigint
  /** Undefined on the canonical chain, where the stored tree has it. */
  readonly range: CompactRange | undefined
  /** What a block beside the chain adds to its parent. */
  readonly side?: { readonly parent: BranchPoint; readonly spans: ReadonlyMap<string, SequenceSpan> }
}

export interface BranchesInit {
  readonly context: VerifyContext
  readonly head: HeadPosition
  readonly headWeight: bigint
  readonly problems: ProblemList
  readonly checker: EntryChecker
}

export class Branches {
  readonly #init: BranchesInit
  #below = new Map<string, BranchPoint>()
  #here = new Map<string, BranchPoint>()
  /** Blocks whose fault has been reported: their children are not judged by them. */
  readonly #faulty = new Set<string>()
  #last: Block | undefined
  /** All canonical blocks below this height were listed, or reported. */
  #canonicalNext = 0
  /** The last height of which not all blocks were listed. */
  #unlisted: number | undefined
  #blockCount = 0
  #sideBlockCount = 0
  #filledCount = 0
  #canonicalPayloadCount = 0
  /** Ids of entries beside the chain, which one block after another may hold. */
  readonly #sidePayloads = new Set<string>()

  constructor(init: BranchesInit) {
    this.#init = init
  }

  async run(): Promise<Listing> {
    const { context, head, problems, checker } = this.#init
    for (const { height, weighed } of listBlocks(context.store, head.height, problems)) {
      if (weighed) await this.#see(weighed)
      else this.#skip(height)
      if (context.slices.isOver()) await context.slices.next()
    }
    this.#missCanonical(head.height + 1)
    await checker.drain()
    return {
      blockCount: this.#blockCount,
      sideBlockCount: this.#sideBlockCount,
      filledCount: this.#filledCount,
      payloadCount: this.#canonicalPayloadCount + this.#sidePayloads.size,
    }
  }

  /** What cannot be listed at this height has been reported. */
  #skip(height: number): void {
    this.#canonicalNext = Math.max(this.#canonicalNext, height + 1)
    this.#unlisted = height
  }

  async #see(weighed: WeighedBlock): Promise<void> {
    const { context, problems } = this.#init
    const { header, hash } = weighed.block
    const { height } = header
    this.#advance(weighed.block)
    this.#blockCount += 1
    const noted = attempt(problems, { height, field: 'canonical hash' }, () =>
      context.store.canonicalHash(height),
    )
    if (noted === DAMAGED || noted === undefined || !equalBytes(noted, hash)) {
      this.#sideBlockCount += 1
      await this.#checkSide(weighed)
      return
    }
    this.#missCanonical(height)
    this.#canonicalNext = height + 1
    if (weighed.block.entries.length > 0) this.#filledCount += 1
    this.#canonicalPayloadCount += weighed.block.payloads.filter((payload) => payload !== null).length
    const times = (header.parent && this.#below.get(keyOf(header.parent))?.times) ?? []
    const point = pointAfter(weighed.block, weighed.weight, EMPTY_RANGE, times)
    this.#here.set(keyOf(hash), { ...point, range: undefined })
  }

  /** Keeps the points of this height and of the one below. */
  #advance(block: Block): void {
    const last = this.#last
    const { height } = block.header
    this.#last = block
    if (last === undefined) return
    const order = height - last.header.height || compareBytes(block.hash, last.hash)
    if (order <= 0) {
      const message = `block ${shortHash(block.hash)} is listed after ${shortHash(last.hash)}`
      this.#init.problems.add({ height, field: 'block list' }, message, REMEDY.index)
    }
    if (height === last.header.height) return
    this.#below = height === last.header.height + 1 ? this.#here : new Map()
    this.#here = new Map()
  }

  /** The canonical blocks that should have been listed before this height. */
  #missCanonical(height: number): void {
    for (; this.#canonicalNext < height; this.#canonicalNext++) {
      const place = { height: this.#canonicalNext, field: 'block list' }
      this.#init.problems.add(
        place,
        'the canonical block is not among the blocks of its height',
        REMEDY.index,
      )
    }
  }

  async #checkSide(weighed: WeighedBlock): Promise<void> {
    const { context, problems, checker } = this.#init
    const { hash, header } = weighed.block
    const place: BlockPlace = { height: header.height, side: hash }
    const block = reparse(weighed.block, hash, place, context, problems)
    if (block === undefined) {
      this.#faulty.add(keyOf(hash))
      return
    }
    checkContents(block, place, context, problems)
    this.#checkRecord(weighed, place)
    for (const [i, entry] of block.entries.entries()) {
      const payload = block.payloads[i] ?? null
      await checker.add(entry, payload, place, i)
      const field = placeOf(place, `position of entry ${i}`)
      const position = attempt(problems, field, () => context.store.entryById(entry.id))
      if (payload && position === undefined) this.#sidePayloads.add(keyOf(entry.id))
    }
    const point = attempt(problems, placeOf(place, 'header'), () =>
      this.#checkOnParent(block, weighed.weight, place),
    )
    if (point === DAMAGED || point === undefined) this.#faulty.add(keyOf(hash))
    else this.#here.set(keyOf(hash), point)
  }

  /** The block as it is asked for by its hash. */
  #checkRecord({ block, weight }: WeighedBlock, place: BlockPlace): void {
    const { context, problems } = this.#init
    const field = placeOf(place, 'block')
    const stored = attempt(problems, field, () => context.store.block(block.hash))
    if (stored === DAMAGED) return
    if (stored === undefined) problems.add(field, 'it is listed, and not found by its hash', REMEDY.index)
    else if (stored.canonical || stored.weight !== weight) {
      problems.add(
        field,
        'listed and asked for by its hash, it differs in its weight or its branch',
        REMEDY.index,
      )
    }
  }

  /** The core's rules for the block on its parent, its weight, and that the head is preferred to it. */
  #checkOnParent(block: Block, weight: bigint, place: BlockPlace): BranchPoint | undefined {
    const { context, problems, head, headWeight } = this.#init
    const { store, crypto, engine, document } = context
    const parentHash = block.header.parent
    const parent = parentHash ? this.#below.get(keyOf(parentHash)) : undefined
    if (parent === undefined) {
      const isKnown =
        this.#unlisted === block.header.height - 1 || (parentHash && this.#faulty.has(keyOf(parentHash)))
      const message = 'the block that it stands on is not stored at the height below'
      if (!isKnown) problems.add(placeOf(place, 'header.parent'), message, REMEDY.restore)
      return undefined
    }
    const weightDue = parent.weight + engine.weight(block.header)
    if (weight !== weightDue) {
      problems.add(placeOf(place, 'weight'), `it is stored as ${weight} and is ${weightDue}`, REMEDY.index)
    }
    if (isPreferred({ hash: block.hash, weight: weightDue }, { hash: head.hash, weight: headWeight })) {
      problems.add(placeOf(place, 'head'), 'its branch wins over that of the head', REMEDY.index)
    }
    const range = parent.range ?? storedRange(parent.header, store, crypto)
    // A tree that is damaged has been reported where the chain completes its nodes.
    if (range === undefined) return undefined
    const view = viewOf({ ...parent, range }, (author, key) => this.#sequenceAt(parent, author, key))
    const rules = { engine, timeAhead: document.limits.timeAhead }
    const checked = validateBlockOnParent(block, view, rules, NEVER_AHEAD, crypto)
    if (checked.ok) {
      const { range, spans } = checked.value
      return { ...pointAfter(block, weightDue, range, parent.times), side: { parent, spans } }
    }
    addChainFailure(checked.error, block.header, range.size + block.entries.length, place, problems)
    return undefined
  }

  /** The author's next sequence: up the branch to the fork, then by the indexes of the canonical chain. */
  #sequenceAt(point: BranchPoint, ...[author, authorKey]: Parameters<ParentView['nextSequence']>): number {
    let at = point
    for (; at.side; at = at.side.parent) {
      const span = at.side.spans.get(authorKey)
      if (span) return span.to
    }
    return sequenceAt(this.#init.context.store, author, at.header.size)
  }
}

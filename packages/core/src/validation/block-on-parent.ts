import { type Block, medianTime } from '../block/block.ts'
import type { EncodedHeader, Header } from '../block/header.ts'
import { equalBytes, type Hash, keyOf } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import type { Entry } from '../entry/entry.ts'
import { appendLeaves, type CompactRange, rangeRoot, type TreeNode } from '../log/compact-range.ts'
import { fail, ok, type Result } from '../result.ts'

/** The consecutive sequences [from, to) that a block uses of one author. */
export interface SequenceSpan {
  readonly from: number
  readonly to: number
}

/** What a block must know of the chain that it stands on. */
export interface ParentView {
  readonly header: Header
  readonly hash: Hash
  /** Times of the last blocks up to the parent, at most `medianBlocks` of them. */
  readonly times: readonly number[]
  /** The log up to and with the parent. */
  readonly range: CompactRange
  nextSequence(author: Uint8Array, authorKey: string): number
}

/** What the chain is after the block. */
export interface BlockOutcome {
  readonly range: CompactRange
  readonly nodes: readonly TreeNode[]
  readonly spans: ReadonlyMap<string, SequenceSpan>
}

/** The ledger's engine, of which only this is asked here: whether a block obeys it. */
interface BlockVerifier {
  verify(
    block: EncodedHeader,
    context: { readonly parent: Header; readonly entryCount: number },
  ): Result<undefined>
}

export interface ChainRules {
  readonly engine: BlockVerifier
  /** How far ahead of `now` a block's time may be, in ms. */
  readonly timeAhead: number
}

/**
 * The stages that need the parent: link, height and engine, time, sequences, log. The order also decides
 * which code a block with several faults is refused with. Whether its time has come is asked last: that
 * fault alone goes away by waiting, so a block is kept for later only when nothing else is wrong with it.
 */
export function validateBlockOnParent(
  block: Block,
  parent: ParentView,
  rules: ChainRules,
  now: number,
  crypto: Crypto,
): Result<BlockOutcome> {
  const { height, time } = block.header
  const linked = validateBlockLink(block, parent, rules.engine)
  if (!linked.ok) return linked
  const median = medianTime(parent.times)
  if (time <= median) {
    return fail('BLOCK_TIME_TOO_EARLY', `time ${time} of block ${height} is not after ${median}`)
  }
  const spans = checkSequences(block, parent)
  if (!spans.ok) return spans
  const log = checkLog(block, parent, crypto)
  if (!log.ok) return log
  if (time > now + rules.timeAhead) {
    const aheadMs = time - now
    return fail('BLOCK_TIME_AHEAD', `block ${height} is ${aheadMs} ms ahead; ${rules.timeAhead} are allowed`)
  }
  return ok({ ...log.value, spans: spans.value })
}

/** What can be said of a block from its parent's header alone: that it stands on it and obeys the engine. */
export function validateBlockLink(
  block: Block,
  parent: { readonly header: Header; readonly hash: Hash },
  engine: BlockVerifier,
): Result<undefined> {
  const { header, entries } = block
  const { height } = header
  if (header.parent === null || !equalBytes(header.parent, parent.hash)) {
    return fail('BLOCK_PARENT_UNKNOWN', `block ${height} does not name the block it was placed on`)
  }
  if (height !== parent.header.height + 1) {
    return fail('BLOCK_HEIGHT_WRONG', `height ${height} on a parent of height ${parent.header.height}`)
  }
  return engine.verify(block, { parent: parent.header, entryCount: entries.length })
}

function checkSequences(block: Block, parent: ParentView): Result<ReadonlyMap<string, SequenceSpan>> {
  const spans = sequenceSpans(block.entries, parent)
  if (spans.ok) return spans
  return fail('BLOCK_SEQUENCE_WRONG', `block ${block.header.height}: ${spans.error.message}`)
}

/**
 * The sequences that these entries use on this parent; an error when they are not each author's next ones.
 */
export function sequenceSpans(
  entries: readonly Entry[],
  parent: ParentView,
): Result<ReadonlyMap<string, SequenceSpan>> {
  const spans = new Map<string, SequenceSpan>()
  for (const { author, sequence } of entries) {
    const key = keyOf(author)
    const span = spans.get(key)
    const from = span?.from ?? parent.nextSequence(author, key)
    const next = span?.to ?? from
    if (sequence !== next) {
      return fail('BLOCK_SEQUENCE_WRONG', `sequence ${sequence} where the author's next is ${next}`)
    }
    spans.set(key, { from, to: next + 1 })
  }
  return ok(spans)
}

function checkLog(block: Block, parent: ParentView, crypto: Crypto): Result<GrownLog> {
  const { height, size, root } = block.header
  const expected = parent.range.size + block.entries.length
  if (size !== expected) {
    return fail('BLOCK_LOG_MISMATCH', `size ${size} of block ${height} should be ${expected}`)
  }
  const grown = growLog(parent.range, block.entries, crypto)
  if (!equalBytes(rangeRoot(grown.range, crypto), root)) {
    return fail('BLOCK_LOG_MISMATCH', `the log root of block ${height} is not that of its entries`)
  }
  return ok(grown)
}

export interface GrownLog {
  readonly range: CompactRange
  /** The subtrees that became complete. */
  readonly nodes: readonly TreeNode[]
}

/** The log after these entries. */
export function growLog(range: CompactRange, entries: readonly Entry[], crypto: Crypto): GrownLog {
  const nodes: TreeNode[] = []
  const leaves = entries.map((entry) => entry.id)
  const grown = appendLeaves(range, leaves, crypto, (level, index, hash) =>
    nodes.push({ level, index, hash }),
  )
  return { range: grown, nodes }
}

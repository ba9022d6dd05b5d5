/**
 * What belongs to no one block: the authors, the pending entries, the note of the last commit, and how many
 * records of each kind there are. The walk has found every record that the chain needs; so if there are just
 * as many as it needs, there is none too many, such as one that a reorg should have deleted.
 */
import {
  checkReading,
  decodeEntry,
  decodePayload,
  type EntryWithPayload,
  type Header,
  toHex,
  validateEntry,
} from '@pulseledger/core'
import type { BlockStore, HeadPosition, StoreCensus } from '../ports.ts'
import { shortHash } from './block-checks.ts'
import type { Listing } from './branches.ts'
import type { VerifyContext } from './context.ts'
import { attempt, DAMAGED, damageOf, type Place, type ProblemList, REMEDY } from './problem-list.ts'

/**
 * Every author's next sequence against the index of sequences. How many authors; undefined when that is not
 * known.
 */
export async function checkAuthors(
  context: VerifyContext,
  header: Header,
  problems: ProblemList,
): Promise<number | undefined> {
  const { store, slices } = context
  let authorCount = 0
  let entryCount = 0
  try {
    for await (const { author, next } of store.authors()) {
      authorCount += 1
      entryCount += next
      const place = { field: `next sequence of author ${shortHash(author)}` }
      attempt(problems, place, () => checkAuthor(store, author, next, place, problems))
      if (slices.isOver()) await slices.next()
    }
  } catch (error) {
    problems.add({ field: 'authors' }, damageOf(error), REMEDY.restore)
    return undefined
  }
  if (entryCount !== header.size) {
    const message = `the authors noted have ${entryCount} entries together, and the chain has ${header.size}`
    problems.add({ field: 'authors' }, message, REMEDY.index)
  }
  return authorCount
}

function checkAuthor(
  store: BlockStore,
  author: Uint8Array,
  next: number,
  place: Place,
  problems: ProblemList,
): void {
  const asked = store.nextSequence(author)
  if (asked !== next)
    problems.add(place, `it is listed as ${next}, and ${asked} when asked for`, REMEDY.index)
  const isEnd =
    next > 0 &&
    store.entryIdByAuthor(author, next - 1) !== undefined &&
    store.entryIdByAuthor(author, next) === undefined
  if (isEnd) return
  const message = `it is noted as ${next}, which is not the end of the author's entries on the chain`
  problems.add(place, message, REMEDY.index)
}

/**
 * Every pending entry by itself, and that the chain does not have it. How many; undefined when that is not
 * known.
 */
export async function checkPending(
  context: VerifyContext,
  problems: ProblemList,
): Promise<number | undefined> {
  const { store, slices } = context
  const iterator = attempt(problems, { field: 'pending' }, () => store.pending()[Symbol.iterator]())
  if (iterator === DAMAGED) return undefined
  for (let count = 0; ; count++) {
    const field = `pending entry ${count}`
    const next = attempt(problems, { field }, () => iterator.next())
    if (next === DAMAGED) return undefined
    if (next.done) return count
    const fault = attempt(problems, { field }, () => pendingFault(next.value, context))
    if (fault !== DAMAGED && fault !== undefined) problems.add({ field }, fault, REMEDY.restore)
    if (slices.isOver()) await slices.next()
  }
}

function pendingFault({ entry, payload }: EntryWithPayload, context: VerifyContext): string | undefined {
  const { store, crypto, document, ledgerId } = context
  const parsed = decodeEntry(entry.bytes, crypto)
  if (!parsed.ok) return parsed.error.message
  const { id, author, sequence } = parsed.value
  const valid = validateEntry({ entry: parsed.value, payload }, ledgerId, crypto)
  if (!valid.ok) return valid.error.message
  const reading = decodePayload(payload)
  const checked = reading.ok ? checkReading(document, reading.value.measure, reading.value.value) : reading
  if (!checked.ok) return checked.error.message
  const next = store.nextSequence(author)
  if (sequence < next)
    return `sequence ${sequence} of entry ${shortHash(id)} is taken on the chain, which is at ${next}`
  return undefined
}

/** The numbers of records against what the chain, the list of blocks and the other checks make them. */
export async function checkCensus(
  context: VerifyContext,
  head: Header,
  { listing, authorCount, pendingCount }: Counted,
  problems: ProblemList,
): Promise<void> {
  let census: StoreCensus
  try {
    census = await context.store.census()
  } catch (error) {
    problems.add({ field: 'number of records' }, damageOf(error), REMEDY.restore)
    return
  }
  const expected: {
    readonly [kind in keyof StoreCensus]: readonly [words: string, count: number | undefined]
  } = {
    blocks: ['blocks', listing?.blockCount],
    canonical: ['canonical hashes', head.height + 1],
    entryIds: ['positions of entries', head.size],
    authorSequences: ['authors and sequences of entries', head.size],
    authors: ['authors', authorCount],
    payloads: ['payloads', listing?.payloadCount],
    treeNodes: ['lists of tree nodes', listing?.filledCount],
    pending: ['pending entries', pendingCount],
  }
  for (const kind of Object.keys(expected) as (keyof StoreCensus)[]) {
    const [words, count] = expected[kind]
    if (count === undefined || census[kind] === count) continue
    const message = `${census[kind]} are stored, and the ledger has ${count}`
    problems.add({ field: `number of ${words}` }, message, REMEDY.index)
  }
}

/** What was counted; undefined what could not be. */
export interface Counted {
  readonly listing: Listing | undefined
  readonly authorCount: number | undefined
  readonly pendingCount: number | undefined
}

/**
 * The note of the last commit. It may be older than the head, which a power cut leaves behind, but the block
 * that it names must be there.
 */
export function checkAnchor({ store }: VerifyContext, head: HeadPosition, problems: ProblemList): void {
  const place = { field: 'HEAD' }
  const anchor = attempt(problems, place, () => store.anchor())
  if (anchor === DAMAGED) return
  if (anchor === 'damaged') problems.add(place, 'the note of the last commit cannot be read', REMEDY.note)
  else if (anchor === undefined) {
    // A crash between the first commit and its note leaves none; nothing but genesis could be lost.
    if (head.height > 0) problems.add(place, 'the note of the last commit is missing', REMEDY.note)
  } else {
    const noted = attempt(problems, place, () => store.block(anchor.hash))
    if (noted === DAMAGED || noted?.block.header.height === anchor.height) return
    const noticed = `block ${anchor.height}, ${toHex(anchor.hash)}`
    const message = `the note of the last commit names ${noticed}, which is not stored`
    problems.add(place, message, REMEDY.restore)
  }
}

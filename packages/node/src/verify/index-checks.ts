import { type Block, equalBytes, type Hash, type TreeNode } from '@pulseledger/core'
import { shortHash } from './block-checks.ts'
import type { VerifyContext } from './context.ts'
import { attempt, DAMAGED, damageOf, type ProblemList, REMEDY } from './problem-list.ts'

/**
 * Whether the indexes of the store lead to each entry of a canonical block. Every index is asked for every
 * entry, so a record that is lost or wrong anywhere is found; records too many are found by their number (see
 * totals.ts).
 *
 * `firstIndex`: place of the first entry in the log.
 */
export async function checkIndexes(
  block: Block,
  firstIndex: number,
  context: VerifyContext,
  problems: ProblemList,
): Promise<void> {
  for (const i of block.entries.keys()) {
    checkEntryIndexes(block, i, firstIndex + i, context, problems)
    if (context.slices.isOver()) await context.slices.next()
  }
}

function checkEntryIndexes(
  block: Block,
  i: number,
  index: number,
  { store }: VerifyContext,
  problems: ProblemList,
): void {
  const entry = block.entries[i] as Block['entries'][number]
  const payload = block.payloads[i] ?? undefined
  const height = block.header.height
  const wrong = (field: string, message: string) => problems.add({ height, field }, message, REMEDY.index)

  const positionField = `position of entry ${i}`
  const position = attempt(problems, { height, field: positionField }, () => store.entryById(entry.id))
  if (position !== DAMAGED && (position?.height !== height || position.index !== index)) {
    const found = position ? `is noted at height ${position.height}, index ${position.index}` : 'is not noted'
    wrong(positionField, `entry ${shortHash(entry.id)} ${found}; it is at height ${height}, index ${index}`)
  }

  const authorField = `author and sequence of entry ${i}`
  const bySequence = attempt(problems, { height, field: authorField }, () =>
    store.entryIdByAuthor(entry.author, entry.sequence),
  )
  if (bySequence !== DAMAGED && !isHash(bySequence, entry.id)) {
    const place = `sequence ${entry.sequence} of author ${shortHash(entry.author)}`
    wrong(authorField, `${named(bySequence)} is noted for ${place} instead of entry ${shortHash(entry.id)}`)
  }

  const payloadField = `payload of entry ${i}`
  const stored = attempt(problems, { height, field: payloadField }, () => store.payload(entry.id))
  if (stored !== DAMAGED && !(stored && payload ? equalBytes(stored, payload) : stored === payload)) {
    const message = `what is stored under entry ${shortHash(entry.id)} is not the payload of its block`
    problems.add({ height, field: payloadField }, message, REMEDY.restore)
  }
}

/** Whether the places of a canonical block in the log lead to its entries. */
export async function checkLogIndexes(
  block: Block,
  firstIndex: number,
  { store, slices }: VerifyContext,
  problems: ProblemList,
): Promise<void> {
  const faults = new NodeFaults(block.header.height)
  for (const [i, { id }] of block.entries.entries()) {
    const index = firstIndex + i
    faults.compare(`log index ${index}`, id, () => store.entryIdByIndex(index), LEAF_MESSAGE)
    if (slices.isOver()) await slices.next()
  }
  faults.report(problems)
}

/** The nodes of the tree that a block completes, against the stored ones. */
export async function checkNodes(
  nodes: readonly TreeNode[],
  height: number,
  { store, slices }: VerifyContext,
  problems: ProblemList,
): Promise<void> {
  const faults = new NodeFaults(height)
  for (const { level, index, hash } of nodes) {
    faults.compare(`tree node ${level}/${index}`, hash, () => store.treeNode(level, index), NODE_MESSAGE)
    if (slices.isOver()) await slices.next()
  }
  faults.report(problems)
}

type FaultMessage = (found: Hash | undefined, expected: Hash) => string

const LEAF_MESSAGE: FaultMessage = (found, expected) =>
  `${named(found)} is noted there instead of entry ${shortHash(expected)}`

const NODE_MESSAGE: FaultMessage = (found, expected) => {
  const stored = found === undefined ? 'it is not stored' : `${shortHash(found)} is stored`
  return `its hash is ${shortHash(expected)}, ${stored}`
}

/**
 * What is wrong with the nodes of one block. A store may keep them together, and lose a thousand at once: so
 * the first is reported, with the number of the others.
 */
class NodeFaults {
  readonly #height: number
  #first: { readonly field: string; readonly message: string; readonly remedy: string } | undefined
  #otherCount = 0

  constructor(height: number) {
    this.#height = height
  }

  compare(field: string, expected: Hash, read: () => Hash | undefined, message: FaultMessage): void {
    try {
      const found = read()
      if (!isHash(found, expected)) this.#add(field, message(found, expected), REMEDY.index)
    } catch (error) {
      this.#add(field, damageOf(error), REMEDY.restore)
    }
  }

  #add(field: string, message: string, remedy: string): void {
    if (this.#first) this.#otherCount += 1
    else this.#first = { field, message, remedy }
  }

  report(problems: ProblemList): void {
    if (this.#first === undefined) return
    const { field, message, remedy } = this.#first
    const others = this.#otherCount > 0 ? `; ${this.#otherCount} more of this block are wrong` : ''
    problems.add({ height: this.#height, field }, `${message}${others}`, remedy)
  }
}

/**
 * An author who has an entry has a next sequence; whether it is the right one is seen later, author by
 * author.
 */
export function checkNewAuthors(block: Block, { store }: VerifyContext, problems: ProblemList): void {
  const height = block.header.height
  for (const { author, sequence } of block.entries) {
    if (sequence > 0) continue
    const field = `next sequence of author ${shortHash(author)}`
    const next = attempt(problems, { height, field }, () => store.nextSequence(author))
    if (next === 0)
      problems.add({ height, field }, 'none is noted, and the first entry is here', REMEDY.index)
  }
}

function isHash(found: Hash | undefined, expected: Hash): boolean {
  return found !== undefined && equalBytes(found, expected)
}

function named(found: Hash | undefined): string {
  return found === undefined ? 'nothing' : shortHash(found)
}

import type { Block } from '../block/block.ts'
import { equalBytes, keyOf, toHex } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import type { Entry, EntryWithPayload } from '../entry/entry.ts'
import { fail, invariant } from '../result.ts'
import { growLog } from '../validation/block-on-parent.ts'
import type { BlockTree, TreeBlock } from './block-tree.ts'
import type { ChainReader, Change, ConnectedBlock } from './change.ts'
import type { Notice } from './events.ts'
import type { NextOnChain, Pending, PendingEntry } from './pending.ts'
import type { Receipts } from './receipts.ts'

export interface HeadMoveContext {
  readonly tree: BlockTree
  readonly pending: Pending
  readonly reader: ChainReader
  readonly crypto: Crypto
  readonly receipts: Receipts
  /** `keyOf` the node's own public key: entries of it that return are ours, as are those submitted here. */
  readonly ownKey: string
  readonly now: number
}

export interface HeadMove {
  readonly change: Change
  readonly notices: Notice[]
  /** Entries of ours that the old chain had and the new one has not. They are stored as pending. */
  readonly returned: readonly PendingEntry[]
  /** Entries that lost their sequence to another one; nobody has been told. */
  readonly displaced: readonly PendingEntry[]
}

/**
 * The change that makes `to` the head in the place of `from` and stores the blocks in `added`, with pending
 * brought up to date: what is on the new chain leaves it, what only the old chain had comes back. `from` and
 * `to` may be the same.
 */
export function moveHead(
  from: TreeBlock,
  to: TreeBlock,
  added: readonly TreeBlock[],
  context: HeadMoveContext,
): HeadMove {
  const { tree, pending } = context
  const fork = tree.commonAncestor(from, to)
  const lost = tree.path(fork, from).reverse()
  const disconnect = lost.map((link) => ({ block: bytesOf(link, context), firstIndex: firstIndexOf(link) }))
  const connect = tree.path(fork, to).map((link) => connectedBlock(link, context))
  const notices: Notice[] = disconnect.map(({ block }) => ({ kind: 'block-disconnected', block }))
  for (const { block } of disconnect) context.receipts.disconnect(block)

  const beatenHere: PendingEntry[] = []
  const removed = connect.flatMap((placed) => settlePending(placed, context, notices, beatenHere))
  const nextOnChain: NextOnChain = (author, key) => tree.nextSequence(to, author, key)
  const orphaned = disconnect.toReversed().flatMap(({ block }) => entriesOf(block))
  const isOurs = (_: unknown, key: string, authorKey: string) =>
    authorKey === context.ownKey || context.receipts.isWithdrawn(key)
  const restored = pending.restore(orphaned, nextOnChain, isOurs, context.now)
  if (lost.length > 0) pending.rebase(nextOnChain)
  notices.push(...context.receipts.withdrawals(disconnect.map(({ block }) => block)))

  const displaced = [...beatenHere, ...restored.displaced]
  const accepted = [...orphaned, ...removed.filter(({ isStored, isReading }) => isStored && !isReading)]
  notices.push(...beatenAlarm(beaten(accepted, connect, nextOnChain, context)))

  const change: Change = {
    blocks: added.map((link) => ({ block: bytesOf(link, context), weight: link.weight })),
    disconnect,
    connect,
    pendingAdd: restored.added,
    pendingRemove: [...removed, ...restored.displaced]
      .filter((item) => item.isStored)
      .map((item) => item.entry.id),
  }
  return { change, notices, returned: restored.added.filter((item) => item.isOurs), displaced }
}

/** Takes the entries of a connected block out of pending and tells those who wait for them. */
function settlePending(
  { block, firstIndex }: ConnectedBlock,
  { pending, receipts }: HeadMoveContext,
  notices: Notice[],
  beatenHere: PendingEntry[],
): PendingEntry[] {
  notices.push({ kind: 'block-connected', block })
  const removed: PendingEntry[] = []
  const watched: string[] = []
  for (const [i, entry] of block.entries.entries()) {
    const item = pending.leave(entry.author, entry.sequence)
    const isSame = item !== undefined && equalBytes(item.entry.id, entry.id)
    if (item) removed.push(item)
    if (item && !isSame) beatenHere.push(item)
    if (!receipts.isAnyWithdrawn && !(isSame && item.tickets.length > 0)) continue
    const key = isSame ? item.key : keyOf(entry.id)
    const place = {
      entryId: entry.id,
      height: block.header.height,
      blockHash: block.hash,
      index: firstIndex + i,
    }
    const tickets = isSame ? item.tickets : []
    for (const ticket of tickets) notices.push({ kind: 'included', ticket, ...place })
    const isMoved = receipts.settle(key)
    if (isMoved) notices.push({ kind: 'receipt-moved', ...place })
    if (isMoved || tickets.length > 0) watched.push(key)
  }
  receipts.watch(block, watched)
  return removed
}

function connectedBlock(link: TreeBlock, context: HeadMoveContext): ConnectedBlock {
  const block = bytesOf(link, context)
  const nodes = link.fresh?.nodes ?? growLog(parentOf(link).range, block.entries, context.crypto).nodes
  return { block, firstIndex: firstIndexOf(link), nodes }
}

/**
 * Entries that had been on a chain and will not be again: another one holds their sequence on the new
 * chain.
 */
function beaten(
  accepted: readonly EntryWithPayload[],
  connect: readonly ConnectedBlock[],
  nextOnChain: NextOnChain,
  { receipts }: HeadMoveContext,
): Entry[] {
  if (accepted.length === 0) return []
  const onChain = new Set(connect.flatMap(({ block }) => block.entries.map(({ id }) => keyOf(id))))
  const lost = accepted
    .map(({ entry }) => entry)
    .filter(({ id }) => !onChain.has(keyOf(id)))
    .filter(({ author, sequence }) => sequence < nextOnChain(author, keyOf(author)))
  for (const { id } of lost) receipts.settle(keyOf(id))
  return lost
}

/** Nobody who follows the rules signs two entries for one sequence; a key that two nodes use does. */
function beatenAlarm(entries: readonly Entry[]): Notice[] {
  const [first] = entries
  if (first === undefined) return []
  const which = `the first is sequence ${first.sequence} of ${toHex(first.author)}`
  const message = `${entries.length} accepted entries lost their sequence to others of their author; ${which}`
  return [{ kind: 'alarm', error: fail('ENTRY_DISPLACED', message).error }]
}

function entriesOf(block: Block): EntryWithPayload[] {
  const items: EntryWithPayload[] = []
  for (const [i, entry] of block.entries.entries()) {
    // One that was erased stays so: a block must carry its payloads, so it can never be in another one.
    const payload = block.payloads[i]
    if (payload) items.push({ entry, payload })
  }
  return items
}

function bytesOf(link: TreeBlock, { reader }: HeadMoveContext): Block {
  const block = link.fresh?.block ?? reader.block(link.hash)?.block
  invariant(block, 'a block of the tree that is not fresh is stored')
  return block
}

function firstIndexOf(link: TreeBlock): number {
  return parentOf(link).range.size
}

function parentOf(link: TreeBlock): TreeBlock {
  invariant(link.parent, 'the base of the tree is neither connected nor disconnected')
  return link.parent
}

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

export interface HeadMoveContext {
  readonly tree: BlockTree
  readonly pending: Pending
  readonly reader: ChainReader
  readonly crypto: Crypto
}

export interface HeadMove {
  readonly change: Change
  readonly notices: Notice[]
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

  const removed = connect.flatMap((placed) => settlePending(placed, pending, notices))
  const nextOnChain: NextOnChain = (author, key) => tree.nextSequence(to, author, key)
  const orphaned = disconnect.toReversed().flatMap(({ block }) => entriesOf(block))
  const { added: returned, displaced } = pending.restore(orphaned, nextOnChain)
  if (lost.length > 0) pending.rebase(nextOnChain)
  notices.push(...displaced.flatMap(rejectTickets))
  const accepted = [...orphaned, ...removed.filter(({ isStored }) => isStored)]
  notices.push(...beatenAlarm(beaten(accepted, connect, nextOnChain)))

  const change: Change = {
    blocks: added.map((link) => ({ block: bytesOf(link, context), weight: link.weight })),
    disconnect,
    connect,
    pendingAdd: returned,
    pendingRemove: [...removed, ...displaced].filter((item) => item.isStored).map((item) => item.entry.id),
  }
  return { change, notices }
}

/** Takes the entries of a connected block out of pending and tells those who wait for them. */
function settlePending(
  { block, firstIndex }: ConnectedBlock,
  pending: Pending,
  notices: Notice[],
): PendingEntry[] {
  notices.push({ kind: 'block-connected', block })
  const removed: PendingEntry[] = []
  for (const [i, entry] of block.entries.entries()) {
    const item = pending.leave(entry.author, entry.sequence)
    if (item === undefined) continue
    removed.push(item)
    if (!equalBytes(item.entry.id, entry.id)) {
      notices.push(...rejectTickets(item))
      continue
    }
    const place = {
      entryId: entry.id,
      height: block.header.height,
      blockHash: block.hash,
      index: firstIndex + i,
    }
    for (const ticket of item.tickets) notices.push({ kind: 'included', ticket, ...place })
  }
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
): Entry[] {
  if (accepted.length === 0) return []
  const connected = new Set(connect.flatMap(({ block }) => block.entries.map(({ id }) => keyOf(id))))
  return accepted
    .map(({ entry }) => entry)
    .filter(({ id }) => !connected.has(keyOf(id)))
    .filter(({ author, sequence }) => sequence < nextOnChain(author, keyOf(author)))
}

/** Nobody who follows the rules signs two entries for one sequence; a key that two nodes use does. */
function beatenAlarm(entries: readonly Entry[]): Notice[] {
  const [first] = entries
  if (first === undefined) return []
  const which = `the first is sequence ${first.sequence} of ${toHex(first.author)}`
  const message = `${entries.length} accepted entries lost their sequence to others of their author; ${which}`
  return [{ kind: 'alarm', error: fail('ENTRY_DISPLACED', message).error }]
}

function rejectTickets({ tickets, entry }: PendingEntry): Notice[] {
  const message = `sequence ${entry.sequence} was taken by another entry of the same author`
  const { error } = fail('ENTRY_SEQUENCE_TAKEN', message)
  return tickets.map((ticket) => ({ kind: 'rejected', ticket, error }))
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

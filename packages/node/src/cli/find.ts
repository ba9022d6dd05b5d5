import { type Block, equalBytes, fromHex, type Hash, toHex } from '@pulseledger/core'
import { NodeFailure } from '../ports.ts'
import type { LedgerAccess } from './ledger-access.ts'

/** What a person names by digits: a block, or an entry by its id. */
export type Found =
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'entry'; readonly id: Hash }

/** Digits that are shown of a hash; fewer would too often name several. */
export const ID_DIGITS_MIN = 8

const ID_DIGITS = 64

/**
 * The block or entry whose hash or id begins with these lower-case hexadecimal digits. All 64 also find a
 * block of another branch and an entry that waits or was refused; fewer are looked for on the whole chain.
 * Undefined when nothing has them. Throws USAGE_INVALID when several do.
 */
export async function findById(access: LedgerAccess, digits: string): Promise<Found | undefined> {
  if (digits.length === ID_DIGITS) return findWhole(access, fromHex(digits) as Hash)
  let found: Found | undefined
  for await (const block of access.blocks(0, Number.MAX_SAFE_INTEGER)) {
    for (const next of matches(block, digits)) {
      if (found !== undefined) {
        throw new NodeFailure('USAGE_INVALID', `several ids begin with ${digits}: give more digits`)
      }
      found = next
    }
  }
  return found
}

async function findWhole(access: LedgerAccess, id: Hash): Promise<Found | undefined> {
  const block = await access.block(id)
  if (block) return { kind: 'block', block }
  const { kind } = await access.entryState(id)
  return kind === 'unknown' ? undefined : { kind: 'entry', id }
}

function* matches(block: Block, digits: string): Generator<Found> {
  if (toHex(block.hash).startsWith(digits)) yield { kind: 'block', block }
  for (const { id } of block.entries) {
    if (toHex(id).startsWith(digits)) yield { kind: 'entry', id }
  }
}

/** The index of an entry within a block; -1 when it is not there. */
export function entryIndex({ entries }: Block, id: Hash): number {
  return entries.findIndex((entry) => equalBytes(entry.id, id))
}

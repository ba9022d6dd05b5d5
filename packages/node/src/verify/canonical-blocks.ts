import { type Crypto, equalBytes, type Hash, hashHeader, type StoredBlock, toHex } from '@pulseledger/core'
import type { BlockStore, HeadPosition } from '../ports.ts'
import { shortHash } from './block-checks.ts'
import { damageOf, type ProblemList, REMEDY } from './problem-list.ts'

export interface FoundBlock {
  /** Under which it is stored. */
  readonly hash: Hash
  readonly stored: StoredBlock
}

/** What the index of heights notes for a height, and the block that this leads to. */
interface Noted {
  readonly hash: Hash | undefined
  readonly stored: StoredBlock | undefined
  readonly damage?: { readonly field: string; readonly message: string }
}

/** This height, the next, and in doubt the one after that. */
const LOOKED_AT_MAX = 3

/**
 * The canonical blocks by height. The index of heights is not believed: a block names its parent, and the
 * head stands for itself. Where the index and the block above differ, the next one above decides which is
 * wrong.
 */
export class CanonicalBlocks {
  readonly #store: BlockStore
  readonly #crypto: Crypto
  readonly #head: HeadPosition
  /** The heights looked at last: it is read ahead by one, and every block is to be read once. */
  readonly #recent = new Map<number, Noted>()

  constructor({ store, crypto }: { store: BlockStore; crypto: Crypto }, head: HeadPosition) {
    this.#store = store
    this.#crypto = crypto
    this.#head = head
  }

  /** The block of a height up to that of the head; undefined, and a problem, when it cannot be had. */
  at(height: number, problems: ProblemList): FoundBlock | undefined {
    const here = this.#look(height)
    const implied = this.#impliedAt(height)
    if (implied === undefined || isHash(here.hash, implied) || !this.#isNotedRightly(height + 1)) {
      return found(here, height, problems)
    }
    const noted = here.hash ? shortHash(here.hash) : 'nothing'
    const message = `${noted} is noted there, and what stands on it names ${shortHash(implied)}`
    problems.add({ height, field: 'canonical hash' }, here.damage?.message ?? message, REMEDY.index)
    return found(this.#follow(implied), height, problems)
  }

  /** The hash that the head, or the block noted above, has for this height. */
  #impliedAt(height: number): Hash | undefined {
    if (height >= this.#head.height) return height === this.#head.height ? this.#head.hash : undefined
    const { hash, stored } = this.#look(height + 1)
    // A block that is not the one of its hash has nothing to say about the one below.
    if (hash === undefined || stored === undefined) return undefined
    const { header, headerBytes } = stored.block
    return isHash(hash, hashHeader(headerBytes, this.#crypto)) ? (header.parent ?? undefined) : undefined
  }

  #isNotedRightly(height: number): boolean {
    if (height > this.#head.height) return true
    const implied = this.#impliedAt(height)
    return implied !== undefined && isHash(this.#look(height).hash, implied)
  }

  #look(height: number): Noted {
    const known = this.#recent.get(height)
    if (known) return known
    const noted = this.#read(height)
    this.#recent.set(height, noted)
    for (const oldest of this.#recent.keys())
      if (this.#recent.size > LOOKED_AT_MAX) this.#recent.delete(oldest)
    return noted
  }

  #read(height: number): Noted {
    try {
      const hash = this.#store.canonicalHash(height)
      return hash === undefined ? { hash, stored: undefined } : this.#follow(hash)
    } catch (error) {
      return {
        hash: undefined,
        stored: undefined,
        damage: { field: 'canonical hash', message: damageOf(error) },
      }
    }
  }

  #follow(hash: Hash): Noted {
    try {
      return { hash, stored: this.#store.block(hash) }
    } catch (error) {
      return { hash, stored: undefined, damage: { field: 'block', message: damageOf(error) } }
    }
  }
}

function found(
  { hash, stored, damage }: Noted,
  height: number,
  problems: ProblemList,
): FoundBlock | undefined {
  if (hash && stored) return { hash, stored }
  if (damage) problems.add({ height, field: damage.field }, damage.message, REMEDY.restore)
  else if (hash)
    problems.add({ height, field: 'block' }, `block ${toHex(hash)} is not stored`, REMEDY.restore)
  else
    problems.add({ height, field: 'canonical hash' }, `nothing is noted for height ${height}`, REMEDY.index)
  return undefined
}

function isHash(found: Hash | undefined, expected: Hash): boolean {
  return found !== undefined && equalBytes(found, expected)
}

/**
 * Proofs about the log: that a leaf is in it, and that one log is the beginning of another.
 *
 * Both are short lists of node hashes from which the verifier computes the root or roots it already trusts.
 * An inclusion proof lists the siblings on the way from the leaf to the root. A consistency proof lists the
 * nodes from which both the old root and the new one can be built, so that the new log cannot have changed a
 * leaf of the old one. Making follows the recursions of RFC 6962 section 2.1.1 and 2.1.2 from the top down;
 * verifying follows the loops of RFC 9162 sections 2.1.3.2 and 2.1.4.2, which the shape of the tree drives,
 * so that a proof of any other length is refused and none is longer than 53 hashes.
 *
 * The size is not bound by the root alone: two sizes can share a proof and a root only by a collision of
 * SHA-256 or when the path to the leaf is the same in both. Whoever verifies takes size and root from one
 * signed header or checkpoint.
 */
import { equalBytes, type Hash } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { fail, ok, type Result } from '../result.ts'
import { foldPeaks, type NodeReader, peakCoordinates } from './compact-range.ts'
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hash.ts'

export interface InclusionClaim {
  /** Leaf hash: for an entry its id. 32 bytes. */
  readonly leaf: Hash
  /** Position of the leaf, 0..size - 1. */
  readonly index: number
  /** Leaves of the log that `root` is the root of. */
  readonly size: number
  /** Siblings from the leaf up. 32 bytes each. */
  readonly proof: readonly Hash[]
  readonly root: Hash
}

export interface ConsistencyClaim {
  /** Leaves of the older log, 0..to. */
  readonly from: number
  /** Leaves of the newer log. */
  readonly to: number
  readonly fromRoot: Hash
  readonly toRoot: Hash
  /** In the order of RFC 6962 section 2.1.2. 32 bytes each. */
  readonly proof: readonly Hash[]
}

/**
 * The siblings of leaf `index` in the log of `size` leaves, from the leaf up: PATH of RFC 6962 section 2.1.1.
 * `node` must know every complete node of that log. LOG_RANGE_INVALID unless 0 <= index < size <= 2^53 - 1.
 */
export function inclusionProof(
  index: number,
  size: number,
  node: NodeReader,
  crypto: Crypto,
): Result<Hash[]> {
  if (!isSize(size) || !isSize(index) || index >= size) {
    return fail('LOG_RANGE_INVALID', `there is no leaf ${index} in a log of ${size}`)
  }
  const fromTheTop: Hash[] = []
  let start = 0
  let width = size
  while (width > 1) {
    const left = leftWidth(width)
    if (index < start + left) {
      fromTheTop.push(subtreeRoot(start + left, width - left, node, crypto))
      width = left
    } else {
      fromTheTop.push(subtreeRoot(start, left, node, crypto))
      start += left
      width -= left
    }
  }
  return ok(fromTheTop.reverse())
}

/**
 * The nodes that show the log of `from` leaves to be the beginning of the log of `to` leaves: PROOF of RFC
 * 6962 section 2.1.2; empty when from is 0 or equals to. `node` must know every complete node of the newer
 * log. LOG_RANGE_INVALID unless 0 <= from <= to <= 2^53 - 1.
 */
export function consistencyProof(from: number, to: number, node: NodeReader, crypto: Crypto): Result<Hash[]> {
  if (!isSize(from) || !isSize(to) || from > to) {
    return fail('LOG_RANGE_INVALID', `a log of ${from} is not the beginning of a log of ${to}`)
  }
  if (from === 0) return ok([])
  const fromTheTop: Hash[] = []
  let start = 0
  let width = to
  while (start + width > from) {
    const left = leftWidth(width)
    if (from <= start + left) {
      fromTheTop.push(subtreeRoot(start + left, width - left, node, crypto))
      width = left
    } else {
      fromTheTop.push(subtreeRoot(start, left, node, crypto))
      start += left
      width -= left
    }
  }
  // The verifier has the old root already: only when it is not itself a node on the way is a start needed.
  if (start > 0) fromTheTop.push(subtreeRoot(start, width, node, crypto))
  return ok(fromTheTop.reverse())
}

/** True when the proof leads from the leaf to the root. RFC 9162 section 2.1.3.2 */
export function verifyInclusion(claim: InclusionClaim, crypto: Crypto): boolean {
  const { leaf, index, size, proof, root } = claim
  if (!isSize(size) || !isSize(index) || index >= size) return false
  if (!areHashes([leaf, root]) || !areHashes(proof)) return false
  let at = index
  let last = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash, crypto)
      // The last node of a level without a right sibling moves up as it is.
      while (at % 2 === 0 && at !== 0) {
        at /= 2
        last = half(last)
      }
    } else {
      hash = nodeHash(hash, sibling, crypto)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && equalBytes(hash, root)
}

/**
 * True when the log of `to` leaves begins with the log of `from` leaves. RFC 9162 section 2.1.4.2, and beside
 * it: equal sizes need equal roots and an empty proof; a log of 0 leaves has the empty root and begins every
 * log, so with `from` 0 nothing is said about `toRoot`.
 */
export function verifyConsistency(claim: ConsistencyClaim, crypto: Crypto): boolean {
  const { from, to, fromRoot, toRoot, proof } = claim
  if (!isSize(from) || !isSize(to) || from > to) return false
  if (!areHashes([fromRoot, toRoot]) || !areHashes(proof)) return false
  if (from === 0 && !equalBytes(fromRoot, EMPTY_ROOT)) return false
  if (from === to) return proof.length === 0 && equalBytes(fromRoot, toRoot)
  if (from === 0) return proof.length === 0

  let at = from - 1
  let last = to - 1
  while (at % 2 === 1) {
    at = half(at)
    last = half(last)
  }
  // A power of two: the old root is itself a node of the new log, and the proof leaves it out.
  const path = at === 0 ? [fromRoot, ...proof] : proof
  const first = path[0]
  if (first === undefined) return false
  let oldHash = first
  let newHash = first
  for (let i = 1; i < path.length; i++) {
    const sibling = path[i] as Hash
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      oldHash = nodeHash(sibling, oldHash, crypto)
      newHash = nodeHash(sibling, newHash, crypto)
      while (at % 2 === 0 && at !== 0) {
        at /= 2
        last = half(last)
      }
    } else {
      newHash = nodeHash(newHash, sibling, crypto)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && equalBytes(oldHash, fromRoot) && equalBytes(newHash, toRoot)
}

/** Root over leaves [start, start + width), a subtree on the right edge or a complete one. */
function subtreeRoot(start: number, width: number, node: NodeReader, crypto: Crypto): Hash {
  const peaks = peakCoordinates(start, width).map(({ level, index }) => node(level, index))
  return foldPeaks(peaks, crypto)
}

/** Leaves left of the split of a tree of `width` >= 2: the largest power of two below it. */
function leftWidth(width: number): number {
  let left = 1
  while (left < width / 2) left *= 2
  return left
}

function half(n: number): number {
  return Math.floor(n / 2)
}

function isSize(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0
}

function areHashes(hashes: readonly Hash[]): boolean {
  return hashes.every((hash) => hash.length === HASH_BYTES)
}

/**
 * Twins for logs that no memory holds: the verification of RFC 6962 by recursion over the shape of the
 * tree, in bigint, and claims about logs of up to 2^53 - 1 leaves in which all leaves are equal, so that
 * the root of any subtree follows from its size alone.
 */
import { equalBytes, type Hash } from '../../src/bytes.ts'
import { EMPTY_ROOT } from '../../src/log/hash.ts'
import type { ConsistencyClaim, InclusionClaim } from '../../src/log/proofs.ts'
import { node, numberedLeaf } from './twin.ts'

const LEAF = numberedLeaf(0)
const MARKED = numberedLeaf(1)

function split(size: bigint): bigint {
  let k = 1n
  while (k * 2n < size) k *= 2n
  return k
}

const uniformRoots = new Map<bigint, Hash>([[1n, LEAF]])

/** Root over `size` equal leaves. */
function uniform(size: bigint): Hash {
  const known = uniformRoots.get(size)
  if (known !== undefined) return known
  const root = node(uniform(split(size)), uniform(size - split(size)))
  uniformRoots.set(size, root)
  return root
}

/** A true claim about a log in which leaf `index` differs from all others. */
export function sparseInclusion(index: number, size: number): InclusionClaim {
  const path = (m: bigint, n: bigint): { root: Hash; proof: Hash[] } => {
    if (n === 1n) return { root: MARKED, proof: [] }
    const k = split(n)
    const below = m < k ? path(m, k) : path(m - k, n - k)
    const sibling = m < k ? uniform(n - k) : uniform(k)
    const root = m < k ? node(below.root, sibling) : node(sibling, below.root)
    return { root, proof: [...below.proof, sibling] }
  }
  const { root, proof } = path(BigInt(index), BigInt(size))
  return { leaf: MARKED, index, size, root, proof }
}

/** A true claim about a log of equal leaves. */
export function sparseConsistency(from: number, to: number): ConsistencyClaim {
  const subproof = (m: bigint, n: bigint, whole: boolean): Hash[] => {
    if (m === n) return whole ? [] : [uniform(n)]
    const k = split(n)
    return m <= k
      ? [...subproof(m, k, whole), uniform(n - k)]
      : [...subproof(m - k, n - k, false), uniform(k)]
  }
  const fromRoot = from === 0 ? EMPTY_ROOT : uniform(BigInt(from))
  const proof = from === 0 ? [] : subproof(BigInt(from), BigInt(to), true)
  return { from, to, fromRoot, toRoot: uniform(BigInt(to)), proof }
}

/** Takes the proof apart from its end, as PATH put it together. */
export function bigintInclusion(claim: InclusionClaim): boolean {
  const rootOf = (m: bigint, n: bigint, rest: readonly Hash[]): Hash | undefined => {
    if (n === 1n) return rest.length === 0 ? claim.leaf : undefined
    const sibling = rest.at(-1)
    if (sibling === undefined) return undefined
    const k = split(n)
    const below = m < k ? rootOf(m, k, rest.slice(0, -1)) : rootOf(m - k, n - k, rest.slice(0, -1))
    if (below === undefined) return undefined
    return m < k ? node(below, sibling) : node(sibling, below)
  }
  if (claim.index < 0 || claim.index >= claim.size || claim.size > Number.MAX_SAFE_INTEGER) return false
  const root = rootOf(BigInt(claim.index), BigInt(claim.size), claim.proof)
  return root !== undefined && equalBytes(root, claim.root)
}

/** Takes the proof apart from its end, as SUBPROOF put it together: the old and the new root at once. */
export function bigintConsistency(claim: ConsistencyClaim): boolean {
  type Roots = { old: Hash; new: Hash }
  const rootsOf = (m: bigint, n: bigint, whole: boolean, rest: readonly Hash[]): Roots | undefined => {
    const last = rest.at(-1)
    if (m === n) {
      if (whole) return rest.length === 0 ? { old: claim.fromRoot, new: claim.fromRoot } : undefined
      return rest.length === 1 && last !== undefined ? { old: last, new: last } : undefined
    }
    if (last === undefined) return undefined
    const k = split(n)
    if (m <= k) {
      const below = rootsOf(m, k, whole, rest.slice(0, -1))
      return below && { old: below.old, new: node(below.new, last) }
    }
    const below = rootsOf(m - k, n - k, false, rest.slice(0, -1))
    return below && { old: node(last, below.old), new: node(last, below.new) }
  }
  if (claim.from < 0 || claim.from > claim.to || claim.to > Number.MAX_SAFE_INTEGER) return false
  if (claim.from === 0) return claim.proof.length === 0 && equalBytes(claim.fromRoot, EMPTY_ROOT)
  const roots = rootsOf(BigInt(claim.from), BigInt(claim.to), true, claim.proof)
  return roots !== undefined && equalBytes(roots.old, claim.fromRoot) && equalBytes(roots.new, claim.toRoot)
}

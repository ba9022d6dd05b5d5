/**
 * RFC 6962 section 2.1 word by word, slow and recursive: the fast code of `log/` is compared with it.
 */
import * as nodeCrypto from 'node:crypto'
import type { Hash } from '../../src/bytes.ts'
import type { Crypto } from '../../src/crypto.ts'
import type { NodeReader } from '../../src/log/compact-range.ts'

/** SHA-256 by node:crypto; verification is not part of these tests. */
export const sha256Only: Crypto = {
  sha256: (data) => new Uint8Array(nodeCrypto.hash('sha256', data, 'buffer')),
  verify: () => {
    throw new Error('the log verifies no signature')
  },
}

function hash(...parts: Uint8Array[]): Hash {
  return new Uint8Array(nodeCrypto.hash('sha256', Buffer.concat(parts), 'buffer'))
}

export function node(left: Hash, right: Hash): Hash {
  return hash(new Uint8Array([1]), left, right)
}

export function leaf(data: Uint8Array): Hash {
  return hash(new Uint8Array([0]), data)
}

/** A leaf hash that differs for every number. */
export function numberedLeaf(number: number): Hash {
  return leaf(new TextEncoder().encode(`leaf ${number}`))
}

/** The largest power of two smaller than n. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** MTH(D[n]), remembered by range: the twin is dumb but all pairs of sizes must finish. */
export class TwinLog {
  readonly leaves: readonly Hash[]
  readonly #known = new Map<string, Hash>()

  constructor(leaves: readonly Hash[]) {
    this.leaves = leaves
  }

  /** MTH(D[start:end]) */
  root(end: number, start = 0): Hash {
    if (end === start) return hash()
    if (end - start === 1) return this.leaves[start] as Hash
    const key = `${start}:${end}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const middle = start + split(end - start)
    const root = node(this.root(middle, start), this.root(end, middle))
    this.#known.set(key, root)
    return root
  }

  /** PATH(m, D[start:end]) */
  path(m: number, end: number, start = 0): Hash[] {
    if (end - start === 1) return []
    const k = split(end - start)
    return m < k
      ? [...this.path(m, start + k, start), this.root(end, start + k)]
      : [...this.path(m - k, end, start + k), this.root(start + k, start)]
  }

  /** PROOF(m, D[n]) = SUBPROOF(m, D[n], true) */
  proof(m: number, n: number): Hash[] {
    return this.#subproof(m, 0, n, true)
  }

  #subproof(m: number, start: number, end: number, whole: boolean): Hash[] {
    if (m === end - start) return whole ? [] : [this.root(end, start)]
    const k = split(end - start)
    return m <= k
      ? [...this.#subproof(m, start, start + k, whole), this.root(end, start + k)]
      : [...this.#subproof(m - k, start + k, end, false), this.root(start + k, start)]
  }

  /** The complete nodes of the first `size` leaves, and no other. */
  reader(size: number): NodeReader {
    return (level, index) => {
      const width = 2 ** level
      const start = index * width
      if (start + width > size) throw new Error(`node ${level},${index} is not complete at ${size}`)
      return this.root(start + width, start)
    }
  }
}

/**
 * Everything that a verifier decides about the published vectors, as lines of text: made in Node and in a
 * real browser, the lines must be the same. Runs in both, so it imports nothing of either.
 */
import {
  appendLeaves,
  consistencyProof,
  EMPTY_RANGE,
  fromHex,
  type Hash,
  inclusionProof,
  leafHash,
  type NodeReader,
  rangeRoot,
  toHex,
  verifyConsistency,
  verifyInclusion,
} from '@pulseledger/core'
import type { Ed25519Vector, SigningVector } from '../../../core/test/crypto/vectors.ts'
import type { BrowserCrypto } from '../../src/index.ts'

export interface Vectors {
  readonly signing: readonly SigningVector[]
  readonly verification: readonly Ed25519Vector[]
  /** Data of the leaves of a log, hexadecimal. */
  readonly leaves: readonly string[]
}

export function verdictsOn(vectors: Vectors, crypto: BrowserCrypto): string[] {
  return [
    ...signingVerdicts(vectors.signing, crypto),
    ...vectors.verification.map((it) => `${it.name}: ${verify(it, crypto)}`),
    ...hashVerdicts(crypto),
    ...logVerdicts(vectors.leaves, crypto),
  ]
}

function bytes(hex: string): Uint8Array {
  return fromHex(hex) as Uint8Array
}

function verify({ publicKey, message, signature }: Ed25519Vector, crypto: BrowserCrypto): boolean {
  return crypto.verify(bytes(publicKey), bytes(message), bytes(signature))
}

function signingVerdicts(vectors: readonly SigningVector[], crypto: BrowserCrypto): string[] {
  return vectors.map(({ name, seed, message }) => {
    const signer = crypto.signer(bytes(seed))
    return `${name}: ${toHex(signer.publicKey)} ${toHex(signer.sign(bytes(message)))}`
  })
}

function hashVerdicts(crypto: BrowserCrypto): string[] {
  return Array.from({ length: 200 }, (_, length) => {
    const data = Uint8Array.from({ length }, (_, i) => i * length)
    return `SHA-256 of ${length} bytes: ${toHex(crypto.sha256(data))}`
  })
}

/**
 * All roots and all proofs of the sizes up to that of the leaves, each with what is made of a damaged one.
 */
function logVerdicts(leaves: readonly string[], crypto: BrowserCrypto): string[] {
  const nodes = new Map<string, Hash>()
  const node: NodeReader = (level, index) => nodes.get(`${level},${index}`) as Hash
  const hashes = leaves.map((data) => leafHash(bytes(data), crypto))
  const roots = [rangeRoot(EMPTY_RANGE, crypto)]
  let range = EMPTY_RANGE
  for (const hash of hashes) {
    range = appendLeaves(range, [hash], crypto, (level, index, made) => nodes.set(`${level},${index}`, made))
    roots.push(rangeRoot(range, crypto))
  }
  const lines = roots.map((root, size) => `root of ${size}: ${toHex(root)}`)
  for (let to = 1; to <= hashes.length; to++) {
    for (let from = 0; from < to; from++) {
      const path = inclusionProof(from, to, node, crypto)
      const proof = consistencyProof(from + 1, to, node, crypto)
      if (!path.ok || !proof.ok) throw new Error(`no proof of ${from} in ${to}`)
      const inclusion = { leaf: hashes[from] as Hash, index: from, size: to, proof: path.value }
      const consistency = { from: from + 1, to, fromRoot: roots[from + 1] as Hash, proof: proof.value }
      const included = (root: Hash) => verifyInclusion({ ...inclusion, root }, crypto)
      const consistent = (toRoot: Hash) => verifyConsistency({ ...consistency, toRoot }, crypto)
      const [root, wrong] = [roots[to] as Hash, roots[to - 1] as Hash]
      lines.push(
        `leaf ${from} in ${to}: ${path.value.map(toHex)} ${included(root)} ${included(wrong)}`,
        `${from + 1} to ${to}: ${proof.value.map(toHex)} ${consistent(root)} ${consistent(wrong)}`,
      )
    }
  }
  return lines
}

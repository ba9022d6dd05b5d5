import { fromHex, type Hash } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { invariant } from '../result.ts'

/** Bytes of every hash of the tree: SHA-256. */
export const HASH_BYTES = 32

// RFC 6962 section 2.1: the prefixes keep leaves and inner nodes apart, so that no leaf can pose as a node.
const LEAF_PREFIX = 0x00
const NODE_PREFIX = 0x01

/** Root of the tree without leaves: the SHA-256 of nothing. Never write into it. RFC 6962 section 2.1 */
export const EMPTY_ROOT: Hash = fromHex(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
) as Hash

// Hashing is synchronous and nothing keeps the input, so one buffer serves every call: a tree needs one node
// hash for each leaf, and allocating those inputs would cost as much as hashing them.
const nodeInput = new Uint8Array(1 + 2 * HASH_BYTES)
nodeInput[0] = NODE_PREFIX

/** SHA-256(0x00 || data). 32 bytes. RFC 6962 section 2.1 */
export function leafHash(data: Uint8Array, crypto: Crypto): Hash {
  const input = new Uint8Array(1 + data.length)
  input[0] = LEAF_PREFIX
  input.set(data, 1)
  return crypto.sha256(input)
}

/** SHA-256(0x01 || left || right), both 32 bytes. 32 bytes. RFC 6962 section 2.1 */
export function nodeHash(left: Hash, right: Hash, crypto: Crypto): Hash {
  invariant(left.length === HASH_BYTES && right.length === HASH_BYTES, 'nodes of the log are 32 bytes')
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + HASH_BYTES)
  return crypto.sha256(nodeInput)
}

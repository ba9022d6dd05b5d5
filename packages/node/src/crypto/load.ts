import type { NodeCrypto } from '../ports.ts'
import { nodeCrypto } from './node-crypto.ts'
import { sodiumCrypto } from './sodium.ts'

/**
 * The fastest cryptography that loads here: sodium-native, else node:crypto. With `prefer` that one is meant
 * and no other: it throws when sodium-native is asked for and does not load.
 */
export async function loadCrypto(prefer?: 'sodium' | 'node'): Promise<NodeCrypto> {
  if (prefer === 'node') return nodeCrypto()
  const sodium = await sodiumCrypto()
  if (sodium !== undefined) return sodium
  if (prefer === undefined) return nodeCrypto()
  throw new Error('sodium-native is not installed or has no binary for this machine: use node:crypto')
}

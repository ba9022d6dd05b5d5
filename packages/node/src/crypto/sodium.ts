import { invariant, isAcceptableKeyAndR, type Signer } from '@pulseledger/core'
import type { SodiumNative } from 'sodium-native'
import type { NodeCrypto } from '../ports.ts'
import { sha256 } from './sha256.ts'

/**
 * Ed25519 by libsodium, twice as fast as OpenSSL. It is an optional dependency with prebuilt binaries:
 * undefined when it is not installed or has none that this machine can load.
 */
export async function sodiumCrypto(): Promise<NodeCrypto | undefined> {
  const sodium = await loadSodium()
  if (sodium === undefined) return undefined
  return {
    name: 'sodium-native',
    sha256,
    verify(publicKey, message, signature) {
      if (!isAcceptableKeyAndR(publicKey, signature)) return false
      return sodium.crypto_sign_verify_detached(signature, message, publicKey)
    },
    signer: (seed) => signer(sodium, seed),
  }
}

async function loadSodium(): Promise<SodiumNative | undefined> {
  try {
    const { default: sodium } = await import('sodium-native')
    return sodium
  } catch {
    return undefined
  }
}

function signer(sodium: SodiumNative, seed: Uint8Array): Signer {
  invariant(seed.length === sodium.crypto_sign_SEEDBYTES, 'the seed of an Ed25519 key has 32 bytes')
  const publicKey = new Uint8Array(sodium.crypto_sign_PUBLICKEYBYTES)
  const secretKey = new Uint8Array(sodium.crypto_sign_SECRETKEYBYTES)
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
  return {
    publicKey,
    sign(message) {
      const signature = new Uint8Array(sodium.crypto_sign_BYTES)
      sodium.crypto_sign_detached(signature, message, secretKey)
      return signature
    },
  }
}

import { type Crypto, invariant, isAcceptableKeyAndR, type Signer } from '@pulseledger/core'
import sodium from 'libsodium-wrappers'
import { sha256 } from './sha256.ts'

/** The crypto port of core for browsers, with keys. */
export interface BrowserCrypto extends Crypto {
  /** `seed`: 32 bytes, the private key of RFC 8032 section 5.1.5. */
  signer(seed: Uint8Array): Signer
}

/**
 * Ed25519 by libsodium compiled to WebAssembly, in browsers and in Node. Not WebCrypto: that is
 * asynchronous, and browsers differ about hostile keys. The WebAssembly is inside the module, so nothing is
 * fetched; a page with a content security policy must allow 'wasm-unsafe-eval'.
 */
export async function loadBrowserCrypto(): Promise<BrowserCrypto> {
  await sodium.ready
  return { sha256, verify, signer }
}

function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isAcceptableKeyAndR(publicKey, signature)) return false
  return sodium.crypto_sign_verify_detached(signature, message, publicKey)
}

function signer(seed: Uint8Array): Signer {
  invariant(seed.length === 32, 'the seed of an Ed25519 key has 32 bytes')
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed)
  return { publicKey, sign: (message) => sodium.crypto_sign_detached(message, privateKey) }
}

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { concatBytes, fromHex, invariant, isAcceptableKeyAndR, type Signer } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { NodeCrypto } from '../ports.ts'
import { sha256 } from './sha256.ts'

/** What stands before the 32 bytes of a key in DER: SubjectPublicKeyInfo and PKCS #8. RFC 8410 */
const SPKI_HEAD = fromHex('302a300506032b6570032100') as Uint8Array
const PKCS8_HEAD = fromHex('302e020100300506032b657004220420') as Uint8Array

/** Ed25519 by OpenSSL, through node:crypto: always there. */
export function nodeCrypto(): NodeCrypto {
  const keys = new KeyCache(NODE_LIMITS.verifierKeysMax)
  return {
    name: 'node:crypto',
    sha256,
    verify(publicKey, message, signature) {
      // Before OpenSSL sees them: its releases differ about small-order keys.
      if (!isAcceptableKeyAndR(publicKey, signature)) return false
      return verify(null, message, keys.get(publicKey), signature)
    },
    signer,
  }
}

function signer(seed: Uint8Array): Signer {
  invariant(seed.length === 32, 'the seed of an Ed25519 key has 32 bytes')
  const der = Buffer.from(concatBytes(PKCS8_HEAD, seed))
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(spki.subarray(SPKI_HEAD.length)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  }
}

/** Parsed public keys by their 32 bytes; the one used longest ago makes room for a new one. */
export class KeyCache {
  readonly #sizeMax: number
  /** In the order of use, the latest last. */
  readonly #keys = new Map<string, KeyObject>()

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get size(): number {
    return this.#keys.size
  }

  /** OpenSSL takes any 32 bytes as a key: whether they are a point shows when they verify. */
  get(publicKey: Uint8Array): KeyObject {
    const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1')
    let key = this.#keys.get(name)
    if (key === undefined) {
      const der = Buffer.from(concatBytes(SPKI_HEAD, publicKey))
      key = createPublicKey({ key: der, format: 'der', type: 'spki' })
      if (this.#keys.size >= this.#sizeMax) this.#keys.delete(this.#keys.keys().next().value as string)
    } else {
      this.#keys.delete(name)
    }
    this.#keys.set(name, key)
    return key
  }
}

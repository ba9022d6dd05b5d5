import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { concatBytes, fromHex, utf8 } from '../../src/bytes.ts'
import type { Crypto, Signer } from '../../src/crypto.ts'
import { isAcceptableKeyAndR } from '../../src/entry/signature-rule.ts'

/** RFC 8410: what stands before the 32 bytes of a key in PKCS #8 and in SubjectPublicKeyInfo. */
const PKCS8_HEAD = fromHex('302e020100300506032b657004220420') as Uint8Array
const SPKI_HEAD = fromHex('302a300506032b6570032100') as Uint8Array

function sha256(data: Uint8Array): Uint8Array {
  const digest = hash('sha256', data, 'buffer')
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length)
}

/** The cryptography of node:crypto, for the tests of core; that of the node has tests of its own. */
export function testCrypto(): Crypto {
  const keys = new Map<string, KeyObject>()
  const keyOf = (publicKey: Uint8Array): KeyObject => {
    const name = Buffer.from(publicKey).toString('latin1')
    const known = keys.get(name)
    if (known) return known
    const der = Buffer.from(concatBytes(SPKI_HEAD, publicKey))
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    keys.set(name, key)
    return key
  }
  return {
    sha256,
    verify(publicKey, message, signature) {
      if (!isAcceptableKeyAndR(publicKey, signature)) return false
      return verify(null, message, keyOf(publicKey), signature)
    },
  }
}

/** A signer whose private key is the SHA-256 of `seed`: the same name always signs alike. */
export function testSigner(seed: string): Signer {
  const der = Buffer.from(concatBytes(PKCS8_HEAD, sha256(utf8(seed))))
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const publicKey = Uint8Array.from(spki.subarray(SPKI_HEAD.length))
  return { publicKey, sign: (message) => Uint8Array.from(sign(null, message, key)) }
}

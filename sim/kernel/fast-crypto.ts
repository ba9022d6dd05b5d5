/**
 * Signatures that cost one hash: whoever knows a public key can forge them. Nobody in a simulation forges
 * what it does not mean to, and verifying Ed25519 takes most of the time of a node, so most seeds run with
 * these. Hashes are the real ones.
 */
import { concatBytes, equalBytes, utf8 } from '@pulseledger/core'
import { type NodeCrypto, nodeCrypto } from 'pulseledger/simulation'

const KEY = utf8('pulseledger simulated key')
const SIGNATURE = utf8('pulseledger simulated signature')

export function fastCrypto(): NodeCrypto {
  const { name, sha256 } = nodeCrypto()
  const sign = (publicKey: Uint8Array, message: Uint8Array): Uint8Array => {
    const half = sha256(concatBytes(SIGNATURE, publicKey, message))
    return concatBytes(half, half)
  }
  return {
    name,
    sha256,
    verify: (publicKey, message, signature) => equalBytes(sign(publicKey, message), signature),
    signer(seed) {
      const publicKey = sha256(concatBytes(KEY, seed))
      return { publicKey, sign: (message) => sign(publicKey, message) }
    },
  }
}

import type { Hash } from './bytes.ts'

/**
 * The cryptography that core needs, given by whoever runs it (a port). All calls are synchronous and
 * deterministic, so that steps of the core are. Implementations must agree on every input: they are held to
 * the Wycheproof and speccheck vectors, after the rule of `entry/signature-rule.ts` has been applied.
 */
export interface Crypto {
  /** SHA-256, FIPS 180-4. 32 bytes. It does not keep `data`, whose buffer callers use again. */
  sha256(data: Uint8Array): Hash
  /**
   * Ed25519 verification, RFC 8032 section 5.1.7 without a cofactor, after refusing small-order and
   * non-canonical keys and R. `publicKey` 32 bytes, `signature` 64 bytes; any other length is false.
   */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** A private key that signs, kept out of core: only its public half and its signatures are seen here. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** Ed25519, RFC 8032 section 5.1.6. 64 bytes, deterministic. */
  sign(message: Uint8Array): Uint8Array
}

/** The part of sodium-native that is used here; the package has no types of its own. */
declare module 'sodium-native' {
  export interface SodiumNative {
    readonly crypto_sign_SEEDBYTES: number
    readonly crypto_sign_PUBLICKEYBYTES: number
    readonly crypto_sign_SECRETKEYBYTES: number
    readonly crypto_sign_BYTES: number
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  }
  const sodium: SodiumNative

  // biome-ignore lint/style/noDefaultExport: so a CommonJS module looks when it is imported
  export default sodium
}

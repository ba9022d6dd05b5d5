export { loadCrypto } from './load.ts'
export { VerifierPool, VerifierPoolError, type VerifierPoolInit } from './verifier-pool.ts'

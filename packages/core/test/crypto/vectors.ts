/** The Ed25519 vectors of testdata/vectors/, in one shape, with the verdict of the ledger's rule. */
import { readFileSync } from 'node:fs'
import { fromHex } from '../../src/bytes.ts'
import type { EdgeCase } from './edge-cases.ts'

/** All bytes are hexadecimal, so that the vectors can be sent to a browser as they are. */
export interface Ed25519Vector {
  readonly name: string
  readonly publicKey: string
  readonly message: string
  readonly signature: string
  readonly valid: boolean
}

export interface SigningVector extends Ed25519Vector {
  readonly seed: string
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../../testdata/vectors/${name}`, import.meta.url), 'utf8'))
}

/** RFC 8032 section 7.1. */
export function rfc8032Vectors(): SigningVector[] {
  const vectors = read('ed25519-rfc8032.json') as Omit<SigningVector, 'valid'>[]
  return vectors.map((vector) => ({ ...vector, valid: true }))
}

export function wycheproofVectors(): Ed25519Vector[] {
  return read('ed25519-wycheproof.json') as Ed25519Vector[]
}

export function edgeCaseFile(): EdgeCase[] {
  return read('ed25519-edge-cases.json') as EdgeCase[]
}

export function edgeCaseVectors(): Ed25519Vector[] {
  return edgeCaseFile().map(({ verdict, ...vector }) => ({ ...vector, valid: verdict === 'valid' }))
}

export function bytes(hex: string): Uint8Array {
  const decoded = fromHex(hex)
  if (decoded === undefined) throw new Error(`not hexadecimal: ${hex}`)
  return decoded
}

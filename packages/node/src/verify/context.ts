import type { Crypto, Engine, GenesisDocument, Hash } from '@pulseledger/core'
import type { BlockStore } from '../ports.ts'
import type { Slices } from './slices.ts'

/** What every part of the verification works with. */
export interface VerifyContext {
  readonly store: BlockStore
  readonly crypto: Crypto
  readonly document: GenesisDocument
  readonly ledgerId: Hash
  readonly engine: Engine
  readonly slices: Slices
}

import type { GenesisDocument } from '@pulseledger/core'
import {
  type LedgerRules,
  MemoryDisk,
  MemoryStore,
  type NodeCrypto,
  openOrCreateLedger,
} from 'pulseledger/simulation'
import type { Chance } from '../kernel/chance.ts'

/** The ledger that a simulated group keeps, and a disk on which somebody has begun it. */
export interface Genesis {
  readonly document: GenesisDocument
  readonly rules: LedgerRules
  /** To be copied. */
  readonly disk: MemoryDisk
}

export async function makeGenesis(
  choice: Partial<GenesisDocument>,
  { crypto, chance, now }: { crypto: NodeCrypto; chance: Chance; now: number },
): Promise<Genesis> {
  const disk = new MemoryDisk()
  const store = new MemoryStore({ disk })
  await store.open()
  const clock = { now: () => now, after: () => () => {} }
  const random = { bytes: (count: number) => chance.bytes(count) }
  const rules = await openOrCreateLedger(store, { name: 'simulated', ...choice }, { crypto, clock, random })
  await store.close()
  return { document: rules.document, rules, disk }
}

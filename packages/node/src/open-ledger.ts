import {
  checkGenesis,
  createEngine,
  defaultGenesis,
  type Engine,
  equalBytes,
  type GenesisDocument,
  genesisBlock,
  genesisChange,
  genesisOf,
  type Hash,
  type Result,
  SALT_BYTES,
  toHex,
} from '@pulseledger/core'
import type { GenesisChoice } from './options.ts'
import { type BlockStore, type Clock, type NodeCrypto, NodeFailure, type Random } from './ports.ts'

/** The rules of a ledger, as its genesis block fixes them. */
export interface LedgerRules {
  readonly document: GenesisDocument
  readonly ledgerId: Hash
  readonly engine: Engine
}

export interface OpenLedgerContext {
  readonly crypto: NodeCrypto
  readonly clock: Clock
  readonly random: Random
}

/** The ledger in an open store: the one that is there, or a new one when there is none. */
export async function openOrCreateLedger(
  store: BlockStore,
  choice: GenesisChoice,
  context: OpenLedgerContext,
): Promise<LedgerRules> {
  if (store.head() === undefined) return createLedger(store, choice, context)
  const rules = readLedger(store, context.crypto)
  if (choice.time !== undefined && choice.salt !== undefined) {
    const chosen = genesisBlock(completeGenesis(choice, context), context.crypto).hash
    if (!equalBytes(chosen, rules.ledgerId)) {
      const message = `the data directory holds ledger ${toHex(rules.ledgerId)}, not ${toHex(chosen)}`
      throw new NodeFailure('LEDGER_MISMATCH', message)
    }
  }
  return rules
}

/**
 * Commits the genesis block of `choice`; what it leaves open gets its default, the clock's time and a salt.
 */
export async function createLedger(
  store: BlockStore,
  choice: GenesisChoice,
  context: OpenLedgerContext,
): Promise<LedgerRules> {
  const document = completeGenesis(choice, context)
  const engine = unwrap(createEngine(document, context.crypto))
  await store.commit(genesisChange(document, engine, context.crypto))
  return readLedger(store, context.crypto)
}

/** The rules of a ledger that a store holds. */
export function readLedger(store: BlockStore, crypto: NodeCrypto): LedgerRules {
  const hash = store.canonicalHash(0)
  const stored = hash && store.block(hash)
  if (!stored) throw new NodeFailure('STORE_DAMAGED', 'the genesis block is missing')
  const document = unwrap(genesisOf(stored.block, crypto))
  return { document, ledgerId: stored.block.hash, engine: unwrap(createEngine(document, crypto)) }
}

function completeGenesis(choice: GenesisChoice, { clock, random }: OpenLedgerContext): GenesisDocument {
  const document = defaultGenesis({ time: clock.now(), salt: random.bytes(SALT_BYTES), ...choice })
  return unwrap(checkGenesis(document))
}

function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new NodeFailure(result.error.code, result.error.message)
}

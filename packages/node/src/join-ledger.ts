import {
  decodeGenesis,
  equalBytes,
  type GenesisDocument,
  genesisBlock,
  type Hash,
  toHex,
} from '@pulseledger/core'
import { loadCrypto } from './crypto/index.ts'
import { NODE_LIMITS } from './limits.ts'
import { fetchGenesis, readSwarmKey } from './network/libp2p/index.ts'
import { createLedger, readLedger } from './open-ledger.ts'
import type { NodeAddress, NodeOptions } from './options.ts'
import { type Clock, type NodeCrypto, NodeFailure, type Random } from './ports.ts'
import { LevelStore } from './store/level/level-store.ts'

export interface JoinInput {
  /** At least one. */
  readonly addresses: readonly NodeAddress[]
  /** Absent: whichever ledger the addresses serve. */
  readonly expectedLedger?: Hash
  readonly options: NodeOptions
}

export interface JoinContext {
  readonly clock: Clock
  readonly random: Random
}

/**
 * Makes the data directory of `options` one of a ledger that runs elsewhere: fetches the genesis document
 * from the first of `addresses` that answers and commits its block to the empty store, or finds that the
 * ledger there is the same. Holds the directory only meanwhile.
 *
 * Rejects with STORE_LOCKED, PEER_UNREACHABLE (names every address), LEDGER_MISMATCH (both ids: the directory
 * holds another ledger, or the addresses serve another one than was expected), GENESIS_INVALID.
 */
export async function joinLedger(input: JoinInput, context: JoinContext): Promise<void> {
  const { expectedLedger, options } = input
  const { dataDirectory } = options
  const crypto = await loadCrypto(options.crypto === 'auto' ? undefined : options.crypto)
  const holder = { pid: process.pid, startedAt: context.clock.now() }
  const store = new LevelStore({ directory: dataDirectory, crypto, holder })
  await store.open()
  try {
    if (store.head() === undefined) {
      const document = await fetchFromAny(input, crypto, context)
      await createLedger(store, document, { ...context, crypto })
    } else if (expectedLedger) {
      const { ledgerId } = readLedger(store, crypto)
      if (!equalBytes(ledgerId, expectedLedger)) throw mismatch(dataDirectory, ledgerId, expectedLedger)
    }
  } finally {
    await store.close()
  }
}

async function fetchFromAny(
  { addresses, expectedLedger, options }: JoinInput,
  crypto: NodeCrypto,
  { clock }: JoinContext,
): Promise<GenesisDocument> {
  const { swarmKeyFile } = options
  const swarmKey = swarmKeyFile === undefined ? {} : { swarmKey: await readSwarmKey(swarmKeyFile) }
  const timeoutMs = NODE_LIMITS.joinTimeoutMs
  const failures: NodeFailure[] = []
  for (const address of addresses) {
    try {
      const { genesis } = await fetchGenesis({ address, ...swarmKey, timeoutMs, clock })
      return checkFetched(address, genesis, expectedLedger, crypto)
    } catch (error) {
      if (!(error instanceof NodeFailure)) throw error
      failures.push(error)
    }
  }
  // That an address has another ledger says more than that a further one does not answer.
  const telling = failures.find(({ code }) => code === 'LEDGER_MISMATCH') ?? failures[0]
  const reasons = failures.map(({ message }) => message).join('; ')
  throw new NodeFailure(telling?.code ?? 'PEER_UNREACHABLE', reasons, { cause: telling })
}

function checkFetched(
  address: NodeAddress,
  genesis: Uint8Array,
  expectedLedger: Hash | undefined,
  crypto: NodeCrypto,
): GenesisDocument {
  const document = decodeGenesis(genesis)
  if (!document.ok) throw new NodeFailure(document.error.code, `${address}: ${document.error.message}`)
  // The id is computed, never believed: whoever answers cannot give another document for it.
  const ledgerId = genesisBlock(document.value, crypto).hash
  if (expectedLedger && !equalBytes(ledgerId, expectedLedger))
    throw mismatch(address, ledgerId, expectedLedger)
  return document.value
}

function mismatch(where: string, found: Hash, wanted: Hash): NodeFailure {
  return new NodeFailure('LEDGER_MISMATCH', `${where} has ledger ${toHex(found)}, not ${toHex(wanted)}`)
}

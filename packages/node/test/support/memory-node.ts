import { type Ledger, loadLedger, type Result } from '@pulseledger/core'
import { nodeCrypto } from '../../src/crypto/node-crypto.ts'
import { type LedgerRules, openOrCreateLedger } from '../../src/open-ledger.ts'
import type { BlockStore, NodeFailure } from '../../src/ports.ts'
import { Runner } from '../../src/runner.ts'
import { LedgerService } from '../../src/service.ts'
import { MemoryDisk } from '../../src/store/memory/memory-disk.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import { FaultStore } from './fault-store.ts'
import { keepingLogger } from './log.ts'
import { VirtualClock } from './virtual-clock.ts'

export const crypto = nodeCrypto()
const signer = crypto.signer(new Uint8Array(32).fill(7))

/**
 * A node without sockets and disk: the real ledger, runner and service over a MemoryDisk and a virtual clock.
 */
export interface MemoryNode {
  readonly rules: LedgerRules
  readonly ledger: Ledger
  readonly store: FaultStore
  readonly runner: Runner
  readonly service: LedgerService
  readonly clock: VirtualClock
  /** What was published and notified, in order: `publish 3`, `notify included`. */
  readonly told: string[]
  readonly failures: NodeFailure[]
}

export interface MemoryNodeOptions {
  readonly disk?: MemoryDisk
  readonly beforeCommit?: () => Promise<void>
  readonly check?: (count: number) => readonly Result<undefined>[]
}

export async function startMemoryNode(options: MemoryNodeOptions = {}): Promise<MemoryNode> {
  const { disk = new MemoryDisk(), beforeCommit, check } = options
  const clock = new VirtualClock()
  let counter = 0
  const random = {
    bytes(count: number): Uint8Array {
      counter += 1
      return new Uint8Array(count).fill(counter)
    },
  }
  const inner = new MemoryStore({ disk })
  await inner.open()
  const rules = await openOrCreateLedger(inner, { name: 'test' }, { crypto, clock, random })
  const store = new FaultStore(delayed(inner, beforeCommit))
  const loaded = loadLedger({ ...rules, crypto, signer, reader: store })
  if (!loaded.ok) throw new Error(loaded.error.message)

  const ledger = loaded.value
  const told: string[] = []
  const failures: NodeFailure[] = []
  const runner: Runner = new Runner({
    ledger,
    store,
    clock,
    logger: keepingLogger(),
    publishBlock: (block) => told.push(`publish ${block.header.height}`),
    publishEntries: (items) => told.push(`publish ${items.length} entries`),
    onNotices: (notices) => {
      for (const { kind } of notices) told.push(`notify ${kind}`)
      service.onNotices(notices)
    },
    onFailure: (failure) => {
      failures.push(failure)
      service.onFailure(failure)
    },
  })
  const service: LedgerService = new LedgerService({
    ...rules,
    ledger,
    store,
    clock,
    random,
    signer,
    dispatch: (event) => runner.dispatch(event),
    checkEntries: async (items) => check?.(items.length) ?? items.map(() => ({ ok: true, value: undefined })),
    verify: () => Promise.reject(new Error('not in this test')),
  })
  runner.dispatch({ kind: 'started' })
  return { rules, ledger, store, runner, service, clock, told, failures }
}

function delayed(inner: MemoryStore, beforeCommit?: () => Promise<void>): BlockStore {
  if (beforeCommit === undefined) return inner
  const commit = inner.commit.bind(inner)
  inner.commit = async (change) => {
    await beforeCommit()
    await commit(change)
  }
  return inner
}

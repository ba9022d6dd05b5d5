/**
 * Invariant 10: starting changes nothing. What a killed node finds on its disk is the same each time it
 * looks; it is what it would be had every block of the chain been taken in again, one by one, from genesis;
 * and `verify` finds nothing wrong with it.
 */
import { type Block, type Change, keyOf, type Ledger, loadLedger, toHex } from '@pulseledger/core'
import { type MemoryDisk, MemoryStore, type NodeCrypto, verifyStore } from 'pulseledger/simulation'
import type { ObservedNode } from '../node/observation.ts'
import type { Genesis } from '../scenario/genesis.ts'
import type { Violation } from './checker.ts'
import { wholeDigest } from './same-state.ts'

const NAME = 'recovery'

export interface RecoveryContext {
  readonly genesis: Genesis
  readonly crypto: NodeCrypto
  /** Later than every block. */
  readonly now: number
  readonly report: (violation: Violation) => void
}

/** Of a node that is down. */
export async function checkRecovery(node: ObservedNode, context: RecoveryContext): Promise<void> {
  const report = (message: string): void => context.report({ invariant: NAME, node: node.name, message })
  // Two starts over one copy: what the first one changes, the second one finds.
  const copy = node.disk.copy()
  const first = await loadedState(copy, context)
  const second = await loadedState(copy, context)
  if (first !== second) report(`two starts find different states: ${first} and ${second}`)
  if (diskDigest(copy) !== diskDigest(node.disk)) report('a start changed what is stored')
  const again = await reindexed(node.disk, context)
  if (typeof again === 'string') report(`its chain cannot be taken in again: ${again}`)
  else if (wholeDigest(again) !== wholeDigest(node.disk))
    report('its indexes differ from those of its blocks')
  const found = await verified(node.disk, context)
  if (found !== undefined) report(`verify: ${found}`)
}

async function openStore(disk: MemoryDisk): Promise<MemoryStore> {
  const store = new MemoryStore({ disk })
  await store.open()
  return store
}

function loaded(store: MemoryStore, { genesis, crypto }: RecoveryContext): Ledger | string {
  const signer = crypto.signer(crypto.sha256(new Uint8Array(32)))
  const result = loadLedger({ ...genesis.rules, crypto, signer, reader: store })
  return result.ok ? result.value : result.error.message
}

async function loadedState(disk: MemoryDisk, context: RecoveryContext): Promise<string> {
  const store = await openStore(disk)
  const ledger = loaded(store, context)
  await store.close()
  if (typeof ledger === 'string') return ledger
  const pending = [...ledger.pending.entries()].map(({ entry }) => toHex(entry.id).slice(0, 8)).sort()
  return `${toHex(ledger.head.hash)} ${ledger.finalHeight} ${pending.join()}`
}

/** Takes in all blocks of the chain on an empty disk, or says which was refused. */
async function reindexed(disk: MemoryDisk, context: RecoveryContext): Promise<MemoryDisk | string> {
  const fresh = context.genesis.disk.copy()
  const store = new MemoryStore({ disk: fresh })
  await store.open()
  const ledger = loaded(store, context)
  if (typeof ledger === 'string') return ledger
  for (const hash of disk.canonical.slice(1)) {
    const block = blockOf(disk, hash)
    if (block === undefined) return `block ${toHex(hash)} is not stored`
    for (const effect of ledger.step({ kind: 'blocks-received', blocks: [block] }, context.now)) {
      if (effect.kind === 'persist') await persist(store, ledger, effect, context.now)
      if (effect.kind !== 'notify') continue
      for (const notice of effect.notices) if (notice.kind === 'block-refused') return notice.error.message
    }
  }
  return fresh
}

async function persist(
  store: MemoryStore,
  ledger: Ledger,
  { change, token }: { readonly change: Change; readonly token: number },
  now: number,
): Promise<void> {
  await store.commit(change)
  ledger.step({ kind: 'persisted', token }, now)
}

/** As it would come from a peer: with its payloads. */
function blockOf(disk: MemoryDisk, hash: Uint8Array): Block | undefined {
  const block = disk.blocks.get(keyOf(hash))?.block
  return block && { ...block, payloads: block.entries.map(({ id }) => disk.payloads.get(keyOf(id)) ?? null) }
}

async function verified(disk: MemoryDisk, { crypto, now }: RecoveryContext): Promise<string | undefined> {
  const store = await openStore(disk.copy())
  const report = await verifyStore(store, { crypto, clock: { now: () => now }, pause: async () => {} })
  const [problem] = report.problems
  if (problem) return `${problem.field}: ${problem.message}`
  // Nobody erases in a simulation, so what verify takes for erased was lost.
  return report.erasedCount > 0 ? `${report.erasedCount} payloads are lost` : undefined
}

function diskDigest(disk: MemoryDisk): string {
  const sizes = [disk.blocks.size, disk.payloads.size, disk.treeNodes.size, disk.pending.size]
  return `${wholeDigest(disk)} ${sizes.join()}`
}

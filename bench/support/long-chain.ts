import { mkdir } from 'node:fs/promises'
import {
  type Change,
  type Effect,
  type EntryWithPayload,
  type Hash,
  type Ledger,
  type LedgerEvent,
  loadLedger,
} from '@pulseledger/core'
import {
  createLedger,
  keyPath,
  LevelStore,
  loadCrypto,
  type NodeCrypto,
  readOrCreateKeyFile,
  systemClock,
  systemRandom,
} from 'pulseledger'
import { signEntries } from './signed-entries.ts'

const CHANGES_PER_COMMIT = 2_000
const ENTRIES_PER_COMMIT = 20_000
const GENESIS_TIME = 1_700_000_000_000

interface Surroundings {
  readonly crypto: NodeCrypto
  readonly ledgerId: Hash
}

/** The event that makes the block at `height`. */
type EventAt = (height: number) => LedgerEvent

/**
 * A data directory with `height` blocks of one reading each, made by the ledger itself; only the commits are
 * gathered, so that a million blocks do not cost a million fsyncs.
 */
export async function buildLongChain(directory: string, height: number): Promise<void> {
  await buildChain(directory, height, CHANGES_PER_COMMIT, () => submittedReading)
}

/** The same with blocks of `blockSize` entries, signed by many authors. */
export async function buildSignedChain(directory: string, height: number, blockSize: number): Promise<void> {
  await buildChain(directory, height, Math.ceil(ENTRIES_PER_COMMIT / blockSize), ({ crypto, ledgerId }) => {
    const items = signEntries(height * blockSize, ledgerId, crypto)
    return (at) => submittedEntries(items.slice((at - 1) * blockSize, at * blockSize), at * blockSize)
  })
}

async function buildChain(
  directory: string,
  height: number,
  changesPerCommit: number,
  eventsOf: (surroundings: Surroundings) => EventAt,
): Promise<void> {
  await mkdir(directory, { recursive: true })
  const crypto = await loadCrypto()
  const store = new LevelStore({
    directory,
    crypto,
    holder: { pid: process.pid, startedAt: systemClock.now() },
  })
  await store.open()
  const surroundings = { crypto, clock: systemClock, random: systemRandom }
  const rules = await createLedger(store, { name: 'bench', time: GENESIS_TIME }, surroundings)
  const seed = await readOrCreateKeyFile(keyPath(directory), systemRandom)
  const loaded = loadLedger({ ...rules, crypto, signer: crypto.signer(seed), reader: store })
  if (!loaded.ok) throw new Error(loaded.error.message)

  const eventAt = eventsOf({ crypto, ledgerId: rules.ledgerId })
  for (let at = 0; at < height; at += changesPerCommit) {
    const count = Math.min(changesPerCommit, height - at)
    const changes = Array.from({ length: count }, (_, i) => append(loaded.value, at + i + 1, eventAt))
    await store.commit({
      blocks: changes.flatMap((change) => change.blocks),
      disconnect: [],
      connect: changes.flatMap((change) => change.connect),
      pendingAdd: [],
      pendingRemove: [],
    })
  }
  await store.close()
}

/** One more block; it counts as persisted at once. */
function append(ledger: Ledger, height: number, eventAt: EventAt): Change {
  const time = timeAt(height)
  const effects = ledger.step(eventAt(height), time)
  const persist = effects.find((effect): effect is Effect & { kind: 'persist' } => effect.kind === 'persist')
  if (persist === undefined) throw new Error('what was submitted makes a block')
  ledger.step({ kind: 'persisted', token: persist.token }, time)
  return persist.change
}

function timeAt(height: number): number {
  return GENESIS_TIME + height * 500
}

function submittedReading(height: number): LedgerEvent {
  const salt = new Uint8Array(16)
  new DataView(salt.buffer).setUint32(0, height)
  const reading = { measure: 'bpm', value: 60 + (height % 40), time: timeAt(height) }
  return { kind: 'reading-submitted', ticket: height, reading, salt }
}

function submittedEntries(items: readonly EntryWithPayload[], firstTicket: number): LedgerEvent {
  return { kind: 'entries-submitted', firstTicket, items }
}

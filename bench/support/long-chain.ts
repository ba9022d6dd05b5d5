import { mkdir } from 'node:fs/promises'
import { type Change, type Effect, type Ledger, loadLedger } from '@pulseledger/core'
import {
  createLedger,
  keyPath,
  LevelStore,
  loadCrypto,
  readOrCreateKeyFile,
  systemClock,
  systemRandom,
} from 'pulseledger'

const BLOCKS_PER_COMMIT = 2_000

/**
 * A data directory with `height` blocks of one reading each, made by the ledger itself; only the commits are
 * gathered, so that a million blocks do not cost a million fsyncs.
 */
export async function buildLongChain(directory: string, height: number): Promise<void> {
  await mkdir(directory, { recursive: true })
  const crypto = await loadCrypto()
  const store = new LevelStore({
    directory,
    crypto,
    holder: { pid: process.pid, startedAt: systemClock.now() },
  })
  await store.open()
  const surroundings = { crypto, clock: systemClock, random: systemRandom }
  const rules = await createLedger(store, { name: 'bench', time: 1_700_000_000_000 }, surroundings)
  const seed = await readOrCreateKeyFile(keyPath(directory), systemRandom)
  const loaded = loadLedger({ ...rules, crypto, signer: crypto.signer(seed), reader: store })
  if (!loaded.ok) throw new Error(loaded.error.message)

  for (let at = 0; at < height; at += BLOCKS_PER_COMMIT) {
    const count = Math.min(BLOCKS_PER_COMMIT, height - at)
    const changes = Array.from({ length: count }, (_, i) => append(loaded.value, at + i + 1))
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

/** One more block of one reading; it counts as persisted at once. */
function append(ledger: Ledger, height: number): Change {
  const time = 1_700_000_000_000 + height * 500
  const salt = new Uint8Array(16)
  new DataView(salt.buffer).setUint32(0, height)
  const reading = { measure: 'bpm', value: 60 + (height % 40), time }
  const effects = ledger.step({ kind: 'reading-submitted', ticket: height, reading, salt }, time)
  const persist = effects.find((effect): effect is Effect & { kind: 'persist' } => effect.kind === 'persist')
  if (persist === undefined) throw new Error('a submitted reading makes a block')
  ledger.step({ kind: 'persisted', token: persist.token }, time)
  return persist.change
}

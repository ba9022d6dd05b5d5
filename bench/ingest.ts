import { type EntryWithPayload, encodePayload, type Hash, signEntry } from '@pulseledger/core'
import { loadCrypto, type NodeCrypto, type PulseNode } from 'pulseledger'
import { startBenchNode, withDirectory } from './support/bench-node.ts'
import { perSecond, type Suite } from './support/report.ts'

const ENTRY_COUNT = 60_000
const AUTHOR_COUNT = 20
const BATCH_COUNT = 1_000
/** Batches under way at once: enough that verification never waits for the disk. */
const BATCHES_IN_FLIGHT = 6

/**
 * Entries signed by their authors, submitted in batches: verified on the pool, chained, and durable when
 * answered. The goals are 1.5 of `openssl speed` with sodium-native and 0.85 with node:crypto.
 */
export const ingestSuite: Suite = async (report, openssl) => {
  for (const preference of ['sodium', 'node'] as const) {
    const crypto = await loadCrypto(preference).catch(() => undefined)
    if (crypto === undefined) {
      report.line(`entries signed outside, ${preference}`, 'absent')
      continue
    }
    const rate = await withDirectory(async (directory) => {
      const node = await startBenchNode(directory, { crypto: preference })
      try {
        return await ingest(node, signAll(node.service.ledgerId, crypto))
      } finally {
        await node.stop()
      }
    })
    const ratio = openssl ? `${(rate / openssl).toFixed(2)} of openssl` : ''
    report.line(`entries signed outside, ${crypto.name}, entries/s`, rate.toFixed(0), ratio)
  }
}

async function ingest({ service }: PulseNode, items: readonly EntryWithPayload[]): Promise<number> {
  const batches: EntryWithPayload[][] = []
  for (let i = 0; i < items.length; i += BATCH_COUNT) batches.push(items.slice(i, i + BATCH_COUNT))
  await service.submitEntries(batches.shift() as EntryWithPayload[]) // starts the pool
  const count = items.length - BATCH_COUNT

  const startedAt = performance.now()
  const lane = async (): Promise<void> => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const refused = (await service.submitEntries(batch)).find((result) => !result.ok)
      if (refused && !refused.ok) throw new Error(`${refused.error.code}: ${refused.error.message}`)
    }
  }
  await Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, lane))
  return perSecond(count, performance.now() - startedAt)
}

/** Authors take turns, so every batch holds entries of each. */
function signAll(ledgerId: Hash, crypto: NodeCrypto): EntryWithPayload[] {
  const authors = Array.from({ length: AUTHOR_COUNT }, (_, i) =>
    crypto.signer(new Uint8Array(32).fill(i + 1)),
  )
  return Array.from({ length: ENTRY_COUNT }, (_, i) => {
    const salt = new Uint8Array(16)
    new DataView(salt.buffer).setUint32(0, i)
    const payload = encodePayload({
      salt,
      measure: 'bpm',
      value: 40 + (i % 100),
      time: 1_800_000_000_000 + i,
    })
    const sequence = Math.floor(i / AUTHOR_COUNT)
    const signer = authors[i % AUTHOR_COUNT] as (typeof authors)[number]
    return {
      entry: signEntry({ ledgerId, sequence, commitment: crypto.sha256(payload) }, signer, crypto),
      payload,
    }
  })
}

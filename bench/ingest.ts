import type { EntryWithPayload } from '@pulseledger/core'
import { loadCrypto, type PulseNode } from 'pulseledger'
import { startBenchNode, withDirectory } from './support/bench-node.ts'
import { perSecond, type Suite } from './support/report.ts'
import { signEntries } from './support/signed-entries.ts'

const ENTRY_COUNT = 60_000
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
        return await ingest(node, signEntries(ENTRY_COUNT, node.service.ledgerId, crypto))
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

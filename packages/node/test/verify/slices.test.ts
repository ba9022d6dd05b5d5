import { type EntryWithPayload, equalBytes, fail, ok, type Result } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { VerifierPool } from '../../src/crypto/index.ts'
import { NODE_LIMITS } from '../../src/limits.ts'
import type { VerifyProgress } from '../../src/ports.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import type { CheckEntries } from '../../src/verify/verify-store.ts'
import { append, TestChain } from '../support/chain.ts'
import { memoryFixture, verify } from './support.ts'

const fixture = await memoryFixture()
const { store, chain, blocks } = fixture

/** Blocks without signatures. */
async function unsignedStore(blockCount: number, entryCount = 1): Promise<MemoryStore> {
  const unsigned = new TestChain('unsigned', { signed: false })
  const filled = new MemoryStore()
  await filled.open()
  let head = unsigned.genesis
  await filled.commit(append(head))
  for (let i = 0; i < blockCount; i++) {
    head = unsigned.block(head, Array(entryCount).fill('ann'))
    await filled.commit(append(head))
  }
  return filled
}

describe('the slices of a verification', () => {
  test('end after the given time, but for one signature', async () => {
    let now = 0
    let startedAt = 0
    let longestMs = 0
    let pauses = 0
    await verify(store, {
      clock: { now: () => now },
      crypto: {
        sha256: chain.crypto.sha256,
        verify: (...given) => {
          now += 2
          return chain.crypto.verify(...given)
        },
      },
      sliceMs: 10,
      pause: async () => {
        longestMs = Math.max(longestMs, now - startedAt)
        pauses += 1
        startedAt = now
      },
    })
    expect(longestMs).toBeGreaterThanOrEqual(10)
    expect(longestMs).toBeLessThanOrEqual(12)
    expect(pauses).toBeGreaterThanOrEqual(Math.floor(now / 12))
  })

  test('end when the clock was set back', async () => {
    let now = 1_000_000
    let pauses = 0
    const pause = async () => {
      pauses += 1
    }
    await verify(store, { clock: { now: () => now-- }, pause })
    expect(pauses).toBeGreaterThan(100)
  })

  test('tell how far it is, in order and up to the head', async () => {
    const told: VerifyProgress[] = []
    await verify(store, { sliceMs: 1, onProgress: (progress) => told.push(progress) })
    expect(told.map(({ height }) => height)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    expect(told.every(({ headHeight }) => headHeight === 20)).toBe(true)
  })

  test('stop when it is called off', async () => {
    const controller = new AbortController()
    let pauses = 0
    const pause = async () => {
      pauses += 1
      if (pauses === 3) controller.abort(new Error('called off'))
    }
    await expect(verify(store, { pause, signal: controller.signal })).rejects.toThrow('called off')
    expect(pauses).toBe(3)
    await expect(verify(store, { pause, signal: controller.signal })).rejects.toThrow('called off')
    expect(pauses).toBe(3)
  })
})

describe('signatures that others check', () => {
  const total = 59 - 1 // Of all blocks and branches, without the erased one.

  test('are handed over in batches across blocks, none twice', async () => {
    const seen = new Set<EntryWithPayload['entry']['id']>()
    const sizes: number[] = []
    const report = await verify(store, {
      async checkEntries(ledgerId, items) {
        expect(ledgerId).toEqual(chain.ledgerId)
        sizes.push(items.length)
        for (const { entry } of items) seen.add(entry.id)
        return items.map(() => ok())
      },
    })
    expect(report.problems).toEqual([])
    expect(seen.size).toBeGreaterThanOrEqual(total)
    expect(Math.max(...sizes)).toBeGreaterThan(40)
    expect(sizes.every((size) => size <= NODE_LIMITS.verifyBatchEntries)).toBe(true)
  })

  test('are reported at their block and entry', async () => {
    const wrong = blocks[7]?.block.entries[2]?.id as Uint8Array
    const { problems } = await verify(store, {
      checkEntries: async (_, items) =>
        items.map(({ entry }): Result<undefined> => {
          return equalBytes(entry.id, wrong) ? fail('ENTRY_SIGNATURE_INVALID', 'it does not verify') : ok()
        }),
    })
    expect(problems).toMatchObject([
      { height: 7, field: 'signature of entry 2', message: 'it does not verify' },
    ])
  })

  test('are few at a time, however many blocks there are', async () => {
    const large = await unsignedStore(32, NODE_LIMITS.verifyBatchEntries / 4)
    let running = 0
    let most = 0
    await verify(large, {
      async checkEntries(_, items) {
        running += 1
        most = Math.max(most, running)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
        return items.map(() => ok())
      },
    })
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(NODE_LIMITS.verifyBatchesInFlight + 1)
  })

  test('may be checked by worker threads', async () => {
    const pool = new VerifierPool({ threads: 1, crypto: 'node:crypto' })
    await pool.start()
    const checkEntries: CheckEntries = (ledgerId, items) => pool.check(ledgerId, items)
    try {
      expect((await verify(store, { checkEntries })).problems).toEqual([])
      const unsigned = await verify(await unsignedStore(1), { checkEntries })
      expect(unsigned.problems.map(({ field }) => field)).toEqual(['signature', 'signature of entry 0'])
    } finally {
      await pool.stop()
    }
  })

  test('end the verification when they cannot be checked', async () => {
    const checkEntries = async () => {
      throw new Error('the worker is gone')
    }
    await expect(verify(store, { checkEntries })).rejects.toThrow('the worker is gone')
  })
})

describe('the report', () => {
  test('has at most so many problems, those of the lowest heights', async () => {
    const { problems, ok: isOk } = await verify(await unsignedStore(150))
    expect(isOk).toBe(false)
    expect(problems).toHaveLength(NODE_LIMITS.verifyProblemsMax)
    expect(problems.map(({ height }) => height)).toEqual(Array.from({ length: 100 }, (_, i) => (i >> 1) + 1))
  })
})

import { describe, expect, test } from 'vitest'
import { memoryFixture, verify } from './support.ts'

describe('verifying a sound store', () => {
  test('finds no problem with branches, a reorg, pending entries and an erased payload', async () => {
    const { store } = await memoryFixture()
    const report = await verify(store)
    expect(report.problems).toEqual([])
    expect(report).toMatchObject({
      ok: true,
      headHeight: 20,
      blockCount: 21,
      entryCount: 56,
      erasedCount: 1,
      sideBlockCount: 3,
      pendingCount: 2,
      isUnsettled: false,
    })
  })
})

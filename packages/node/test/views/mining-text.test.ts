import { describe, expect, test } from 'vitest'
import type { MiningStatus } from '../../src/ports.ts'
import { miningText } from '../../src/views/mining-text.ts'

const mining = (hashesPerSecond: number, difficulty: number, tried = 0, entryCount = 1): MiningStatus => ({
  threads: 2,
  hashesPerSecond,
  search: { height: 13, entryCount, difficulty, tried },
})

describe('mining as a line', () => {
  test.each([
    [
      mining(9_810_000, 50_000_000, 12_345_678, 3),
      'block #13 of 3 readings: 50M hashes, some 5.1 s at 9.81 MH/s; 12.3M tried, 2 threads',
    ],
    [mining(0, 50_000_000), 'block #13 of 1 reading: 50M hashes, 2 threads'],
    [mining(999, 1, 5), 'block #13 of 1 reading: 1 hashes, some 0.001 s at 999 H/s; 5 tried, 2 threads'],
    [mining(1_000, 999_999), 'block #13 of 1 reading: 1M hashes, some 17 min at 1 kH/s, 2 threads'],
    [mining(1_000, 30_000), 'block #13 of 1 reading: 30k hashes, some 30 s at 1 kH/s, 2 threads'],
    [mining(1_000, 2e7), 'block #13 of 1 reading: 20M hashes, some 6 h at 1 kH/s, 2 threads'],
    [mining(1_000, 2e9), 'block #13 of 1 reading: 2G hashes, some 23 days at 1 kH/s, 2 threads'],
    [
      mining(1_000, 2 ** 128),
      'block #13 of 1 reading: 340000000000000000000E hashes, some years at 1 kH/s, 2 threads',
    ],
    [{ threads: 1, hashesPerSecond: 0, search: undefined }, 'at rest, 1 thread'],
    [{ threads: 1, hashesPerSecond: 4_450_000, search: undefined }, 'at rest, 1 thread; 4.45 MH/s last'],
    [{ threads: 0, hashesPerSecond: 0, search: undefined }, 'off: blocks are left to other nodes'],
  ])('%j', (status, text) => {
    expect(miningText(status as MiningStatus)).toBe(text)
  })
})

import { expect, test } from 'vitest'
import { measureDoubleSpend } from '../../work/double-spend.ts'
import { measureFinalDepth } from '../../work/final-depth.ts'
import { measureSelfish } from '../../work/selfish.ts'

test('a selfish miner with 0.4 of the power gets more than that', async () => {
  const { share, staleShare } = await measureSelfish({ seed: 1, alpha: 0.4, blocks: 400 })
  expect(share.mean).toBeGreaterThan(0.43)
  expect(share.mean).toBeLessThan(0.62)
  expect(staleShare).toBeGreaterThan(0.1)
})

test('one with 0.1 gets less, unless it withholds low hashes alone', async () => {
  const plain = await measureSelfish({ seed: 1, alpha: 0.1, blocks: 400 })
  const choosy = await measureSelfish({ seed: 1, alpha: 0.1, blocks: 400, lowest: 0.1 })
  expect(plain.share.mean).toBeLessThan(0.1)
  expect(choosy.staleShare).toBeLessThan(plain.staleShare / 2)
})

test('a double spend succeeds now and then; no reading of others is lost, people are warned', async () => {
  const choice = { seed: 1, share: 0.3, confirmations: 2, trials: 60, usesTies: false }
  const figures = await measureDoubleSpend(choice)
  expect(figures.successes).toBeGreaterThan(12)
  expect(figures.successes).toBeLessThan(40)
  expect(figures.returnedCount).toBeGreaterThan(figures.successes)
  expect([figures.lostCount, figures.alarmCount]).toEqual([0, figures.successes])
})

test('who tells of ties that it wins succeeds more often', async () => {
  const choice = { seed: 1, share: 0.1, confirmations: 1, trials: 60 }
  const plain = await measureDoubleSpend({ ...choice, usesTies: false })
  const byHash = await measureDoubleSpend({ ...choice, usesTies: true })
  expect(byHash.successes).toBeGreaterThan(plain.successes + 10)
})

test('who has most of the power always succeeds', async () => {
  const choice = { seed: 1, share: 0.6, confirmations: 4, trials: 20, usesTies: false }
  expect(await measureDoubleSpend(choice)).toMatchObject({ successes: 20, lostCount: 0 })
})

test('a heavier branch from below the final block is refused', async () => {
  expect(await measureFinalDepth(3, [3, 4], 1)).toEqual([
    { depth: 3, isTaken: true },
    { depth: 4, isTaken: false },
  ])
})

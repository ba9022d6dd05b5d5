import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/limits.ts'
import { contentionDelay, productionTime, type Situation } from '../../src/machine/production-policy.ts'
import { crypto } from '../support/block-builder.ts'
import { runs } from '../support/runs.ts'

const HEAD = 100_000
const amongPeers: Situation = {
  peerCount: 2,
  isBehind: false,
  head: { isOwn: false, since: HEAD, delayMs: 25 },
  oursSince: undefined,
  foreignSince: undefined,
}
const { contentionWindowMs, contentionHoldMs, ownPatienceMs, foreignPatienceMs } = LIMITS

describe('a node makes a block', () => {
  const cases: readonly [string, Partial<Situation>, number | undefined][] = [
    ['not when nothing waits', {}, undefined],
    ['alone: at once for its own', { peerCount: 0, oursSince: HEAD + 1 }, HEAD + 1],
    ['alone: at once for others', { peerCount: 0, foreignSince: HEAD + 1 }, HEAD + 1],
    ['behind: never', { isBehind: true, oursSince: HEAD - 9_999, foreignSince: 0 }, undefined],
    [
      'at once on its own head',
      { head: { isOwn: true, since: HEAD, delayMs: 25 }, oursSince: HEAD + 1 },
      HEAD + 1,
    ],
    [
      'at once on its own head, also for others',
      { head: { isOwn: true, since: HEAD, delayMs: 25 }, foreignSince: HEAD + 1 },
      HEAD + 1,
    ],
    ['at once on an old head', { oursSince: HEAD + contentionWindowMs }, HEAD + contentionWindowMs],
    ['after its delay on a new head of another', { oursSince: HEAD + 1 }, HEAD + 25],
    ['when its own waited for long', { oursSince: HEAD - ownPatienceMs + 10 }, HEAD + 10],
    ['for others when they waited for long', { foreignSince: HEAD + 7 }, HEAD + 7 + foreignPatienceMs + 25],
    ['for others not soon after a block that may be of theirs', { foreignSince: 0 }, HEAD + 25],
    ['for whoever comes first', { foreignSince: 0, oursSince: HEAD - ownPatienceMs }, HEAD],
  ]
  test.each(cases)('%s', (_, situation, expected) => {
    expect(productionTime({ ...amongPeers, ...situation })).toBe(expected)
  })

  test('for its own within its patience, whatever the situation', () => {
    const time = fc.integer({ min: 0, max: 100_000 })
    const head = fc.record({ isOwn: fc.boolean(), since: time, delayMs: fc.nat({ max: 39 }) })
    fc.assert(
      fc.property(fc.nat({ max: 5 }), head, time, fc.option(time, { nil: undefined }), (...drawn) => {
        const [peerCount, given, oursSince, foreignSince] = drawn
        const at = productionTime({ peerCount, isBehind: false, head: given, oursSince, foreignSince })
        expect(at).toBeLessThanOrEqual(oursSince + ownPatienceMs)
      }),
      runs(300),
    )
  })
})

test('nodes hold back for different times after one block, and a node after different blocks', () => {
  const keys = Array.from({ length: 200 }, (_, i) => crypto.sha256(new Uint8Array([i])))
  const [first] = keys as [Uint8Array]
  const byNode = keys.map((key) => contentionDelay(first, key, crypto))
  const byBlock = keys.map((hash) => contentionDelay(hash, first, crypto))
  for (const delays of [byNode, byBlock]) {
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(contentionHoldMs)
    expect(Math.max(...delays)).toBeLessThan(contentionWindowMs)
    expect(new Set(delays).size).toBe(contentionWindowMs - contentionHoldMs)
  }
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/limits.ts'
import { lotOf, productionTime, type Situation } from '../../src/machine/production-policy.ts'
import { crypto } from '../support/block-builder.ts'
import { runs } from '../support/runs.ts'

const HEAD = 100_000
const amongPeers: Situation = {
  peerCount: 2,
  isBehind: false,
  head: { isOwn: false, since: HEAD, lot: 0.5 },
  holdMs: 20,
  rivalSince: undefined,
  oursSince: undefined,
  foreignSince: undefined,
}
const { contentionHoldMs, ownPatienceMs, foreignPatienceMs, contentionSpreadHolds, patienceHolds } = LIMITS
/** Of a hold of 20 ms and a lot in the middle. */
const DELAY_MS = 50
const WINDOW_MS = 80

describe('a node makes a block', () => {
  const cases: readonly [string, Partial<Situation>, number | undefined][] = [
    ['not when nothing waits', {}, undefined],
    ['alone: at once for its own', { peerCount: 0, oursSince: HEAD + 1 }, HEAD + 1],
    ['alone: at once for others', { peerCount: 0, foreignSince: HEAD + 1 }, HEAD + 1],
    ['behind: never', { isBehind: true, oursSince: HEAD - 9_999, foreignSince: 0 }, undefined],
    [
      'at once on its own head',
      { head: { isOwn: true, since: HEAD, lot: 0.5 }, oursSince: HEAD + 1 },
      HEAD + 1,
    ],
    [
      'at once on its own head, also for others',
      { head: { isOwn: true, since: HEAD, lot: 0.5 }, foreignSince: HEAD + 1 },
      HEAD + 1,
    ],
    ['at once on an old head', { oursSince: HEAD + WINDOW_MS }, HEAD + WINDOW_MS],
    ['after its delay on a new head of another', { oursSince: HEAD + 1 }, HEAD + DELAY_MS],
    ['when its own waited for long', { oursSince: HEAD - ownPatienceMs + 10 }, HEAD + 10],
    [
      'for others when they waited for long',
      { foreignSince: HEAD + 7 },
      HEAD + 7 + foreignPatienceMs + DELAY_MS,
    ],
    ['for others not soon after a block that may be of theirs', { foreignSince: 0 }, HEAD + DELAY_MS],
    [
      'not at once on its own head while blocks cross each other',
      { head: { isOwn: true, since: HEAD, lot: 0.5 }, rivalSince: HEAD + 5, oursSince: HEAD },
      HEAD + 5 + DELAY_MS,
    ],
    ['later when it holds back for longer', { holdMs: 40, oursSince: HEAD + 1 }, HEAD + 2 * DELAY_MS],
    ['for whoever comes first', { foreignSince: 0, oursSince: HEAD - ownPatienceMs }, HEAD],
  ]
  test.each(cases)('%s', (_, situation, expected) => {
    expect(productionTime({ ...amongPeers, ...situation })).toBe(expected)
  })

  test('for its own within its patience, whatever the situation', () => {
    const time = fc.integer({ min: 0, max: 100_000 })
    const maybe = fc.option(time, { nil: undefined })
    const head = fc.record({
      isOwn: fc.boolean(),
      since: time,
      lot: fc.double({ min: 0, max: 0.999, noNaN: true }),
    })
    const holdMs = fc.integer({ min: contentionHoldMs, max: 2_000 })
    fc.assert(
      fc.property(fc.nat({ max: 5 }), head, holdMs, time, maybe, maybe, (...drawn) => {
        const [peerCount, given, hold, oursSince, foreignSince, rivalSince] = drawn
        const situation = { peerCount, isBehind: false, head: given, holdMs: hold, rivalSince }
        const at = productionTime({ ...situation, oursSince, foreignSince })
        expect(at).toBeLessThanOrEqual(oursSince + Math.max(ownPatienceMs, patienceHolds * hold))
      }),
      runs(300),
    )
  })
})

test('nodes hold back for different times after one block, and a node after different blocks', () => {
  const keys = Array.from({ length: 200 }, (_, i) => crypto.sha256(new Uint8Array([i])))
  const [first] = keys as [Uint8Array]
  const holdMs = contentionHoldMs
  const delayAt = (lot: number) =>
    (productionTime({ ...amongPeers, holdMs, head: { isOwn: false, since: HEAD, lot }, oursSince: HEAD }) ??
      0) - HEAD
  const byNode = keys.map((key) => delayAt(lotOf(first, key, crypto)))
  const byBlock = keys.map((hash) => delayAt(lotOf(hash, first, crypto)))
  for (const delays of [byNode, byBlock]) {
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(holdMs)
    expect(Math.max(...delays)).toBeLessThan((1 + contentionSpreadHolds) * holdMs)
    expect(new Set(delays).size).toBeGreaterThan(40)
  }
})

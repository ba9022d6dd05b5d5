import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/limits.ts'
import { Tempo } from '../../src/machine/tempo.ts'

const NOW = 1_000_000
const { contentionHoldMs, contentionHoldMaxMs, contentionCalmHolds, contentionRivalHolds } = LIMITS
const { paceBurstBlocks, paceBlocksPerSecond } = LIMITS

function started(finalDepth = 2_000): Tempo {
  const tempo = new Tempo(finalDepth)
  tempo.pass(NOW)
  return tempo
}

describe('the hold', () => {
  test('doubles with each round of rivals, up to its bound, and halves again when there are none', () => {
    const tempo = started()
    let now = NOW
    const seen = [tempo.holdMs]
    while (tempo.holdMs < contentionHoldMaxMs) {
      now += 2 * tempo.holdMs
      tempo.pass(now)
      tempo.rival(now)
      seen.push(tempo.holdMs)
    }
    expect(seen.every((hold, i) => hold === contentionHoldMs * 2 ** i)).toBe(true)
    tempo.rival(now + 2 * tempo.holdMs)
    expect(tempo.holdMs).toBe(contentionHoldMaxMs)

    tempo.pass(now + 10 * contentionCalmHolds * contentionHoldMaxMs)
    expect(tempo.holdMs).toBe(contentionHoldMs)
  })

  test('doubles once for rivals that come together', () => {
    const tempo = started()
    for (let i = 0; i < 50; i++) tempo.rival(NOW)
    expect(tempo.holdMs).toBe(2 * contentionHoldMs)
  })

  test('outlives a clock that goes backwards', () => {
    const tempo = started()
    tempo.rival(NOW)
    tempo.pass(NOW - 500_000)
    tempo.pass(NOW - 500_000 + contentionCalmHolds * 2 * contentionHoldMs)
    expect(tempo.holdMs).toBe(contentionHoldMs)
    expect(tempo.rivalSince).toBeUndefined()
  })
})

test('a rival matters for some holds', () => {
  const tempo = started()
  tempo.rival(NOW)
  const untilMs = contentionRivalHolds * tempo.holdMs
  tempo.pass(NOW + untilMs - 1)
  expect(tempo.rivalSince).toBe(NOW)
  tempo.pass(NOW + untilMs)
  expect(tempo.rivalSince).toBeUndefined()
})

test('blocks are counted out: a burst, then so many a second', () => {
  const tempo = started()
  let now = NOW
  let made = 0
  for (const end = NOW + 10_000; now < end; now += 1) {
    tempo.pass(now)
    if (tempo.paceTime(now) > now) continue
    tempo.made()
    made += 1
  }
  expect(made).toBeGreaterThanOrEqual(paceBurstBlocks + 10 * paceBlocksPerSecond - 1)
  expect(made).toBeLessThanOrEqual(paceBurstBlocks + 10 * paceBlocksPerSecond)
  tempo.pass(now)
  const next = tempo.paceTime(now)
  tempo.pass(next)
  expect(tempo.paceTime(next)).toBe(next)
})

describe('where few blocks make one final', () => {
  test.each([
    [1, 1, 250],
    [3, 1, 250],
    [8, 2, 500],
    [30, 7, 1_000],
    [159, 39, 1_000],
    [160, paceBurstBlocks, 1_000],
    [10_000, paceBurstBlocks, 1_000],
  ])('a final depth of %i lets %i be made at once, and again after %i ms', (finalDepth, count, afterMs) => {
    const tempo = started(finalDepth)
    for (const now of [NOW, NOW + afterMs]) {
      tempo.pass(now)
      for (let made = 0; made < count; made++) {
        expect(tempo.paceTime(now)).toBe(now)
        tempo.made()
      }
      expect(tempo.paceTime(now)).toBeGreaterThan(now)
    }
  })
})

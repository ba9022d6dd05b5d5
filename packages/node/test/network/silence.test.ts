import { describe, expect, it } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { watchSilence } from '../../src/network/libp2p/silence.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

function carrierOf(clock: VirtualClock) {
  const target = new EventTarget()
  const carrier = {
    endedAt: undefined as number | undefined,
    addEventListener: (kind: 'message' | 'close', listener: () => void) =>
      target.addEventListener(kind, listener),
    abort: () => {
      carrier.endedAt = clock.now()
    },
    tell: (kind: 'message' | 'close') => target.dispatchEvent(new Event(kind)),
  }
  watchSilence(carrier, clock)
  return carrier
}

describe('a connection', () => {
  it('is ended within ten seconds of silence', async () => {
    const clock = new VirtualClock()
    const carrier = carrierOf(clock)
    await clock.advance(5_000)
    carrier.tell('message')
    const from = clock.now()
    await clock.advance(20_000)
    expect(carrier.endedAt).toBeDefined()
    const silentMs = (carrier.endedAt as number) - from
    expect(silentMs).toBeGreaterThan(3 * NODE_LIMITS.peerPingIntervalMs)
    expect(silentMs).toBeLessThanOrEqual(10_000)
  })

  it('goes on as long as anything comes, and is not looked at once it is closed', async () => {
    const clock = new VirtualClock()
    const carrier = carrierOf(clock)
    for (let i = 0; i < 20; i++) {
      await clock.advance(7_000)
      carrier.tell('message')
    }
    carrier.tell('close')
    await clock.advance(60_000)
    expect(carrier.endedAt).toBeUndefined()
  })
})

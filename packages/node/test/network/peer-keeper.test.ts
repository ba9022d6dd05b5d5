import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { addressText, parseAddress, withPeer } from '../../src/network/libp2p/addresses.ts'
import { type DialOutcome, PeerKeeper } from '../../src/network/libp2p/peer-keeper.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { newNetwork, seedOf } from './libp2p-nodes.ts'

const idOf = (name: string): string => newNetwork({ privateSeed: seedOf(name) }).self

function address(text: string) {
  const parsed = parseAddress(text)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}

/** A keeper whose dials are recorded and end as the test says. */
class Bench {
  readonly clock = new VirtualClock(0)
  readonly dials: { readonly at: number; readonly to: string }[] = []
  outcome: (to: string) => DialOutcome = () => ({ kind: 'failed' })
  readonly keeper: PeerKeeper

  constructor(seeds: readonly string[], targetPeers = 3) {
    this.keeper = new PeerKeeper({
      clock: this.clock,
      // No chance: each wait is as long as it can be.
      random: { bytes: (count) => new Uint8Array(count) },
      self: idOf('self'),
      seeds: seeds.map(address),
      targetPeers,
      dial: async (addresses) => {
        const to = addresses.map(addressText).join(' ')
        this.dials.push({ at: this.clock.now(), to })
        const outcome = this.outcome(to)
        if (outcome.kind === 'peer') this.keeper.connected(outcome.id)
        return outcome
      },
    })
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.advance(100)
      await turn()
    }
  }

  timesOf(to: string): number[] {
    return this.dials.filter((dial) => dial.to === to).map(({ at }) => at / 1_000)
  }
}

describe('the peer keeper', () => {
  it('dials a seed for ever, with waits that double up to half a minute', async () => {
    const bench = new Bench(['10.0.0.1:7400'])
    bench.keeper.start([])
    await bench.pass(200_000)
    expect(bench.timesOf('10.0.0.1:7400').slice(0, 8)).toEqual([0, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5])
    expect(bench.timesOf('10.0.0.1:7400').at(-1)).toBeGreaterThan(170)
    bench.keeper.stop()
    expect(bench.clock.timerCount).toBe(0)
  })

  it('does not dial whom it is connected to, and dials it at once when it is gone', async () => {
    const bench = new Bench(['10.0.0.1:7400'])
    const id = idOf('a')
    bench.outcome = () => ({ kind: 'peer', id })
    bench.keeper.start([])
    await bench.pass(60_000)
    expect(bench.dials).toHaveLength(1)
    bench.keeper.gone(id)
    await bench.pass(600)
    expect(bench.timesOf('10.0.0.1:7400')).toEqual([0, 60.5])
  })

  it('dials known peers only up to the target, and seeds beyond it', async () => {
    const bench = new Bench(['10.0.0.9:7400'], 2)
    bench.outcome = (to) => ({ kind: 'peer', id: idOf(to) })
    const known = ['1', '2', '3', '4'].map((name) => ({
      id: idOf(`10.0.0.${name}:7400`),
      addresses: [`/ip4/10.0.0.${name}/tcp/7400`],
      seenAt: 0,
    }))
    bench.keeper.start(known)
    await bench.pass(5_000)
    expect(bench.dials.map(({ to }) => to)).toEqual(['10.0.0.9:7400', '10.0.0.1:7400'])
  })

  it('forgets what it only heard of when it fails, and not what it knew', async () => {
    const bench = new Bench([])
    bench.keeper.start([{ id: idOf('known'), addresses: ['/ip4/10.0.0.1/tcp/7400'], seenAt: 0 }])
    bench.keeper.heard([withPeer(address('10.0.0.2:7400'), idOf('heard'))])
    await bench.pass(120_000)
    expect(bench.timesOf('10.0.0.2:7400')).toHaveLength(4)
    expect(bench.timesOf('10.0.0.1:7400').length).toBeGreaterThan(6)
  })

  it('does not dial itself, and what it is told of itself neither', async () => {
    const bench = new Bench(['10.0.0.1:7400'])
    bench.outcome = () => ({ kind: 'self' })
    bench.keeper.start([])
    bench.keeper.heard([withPeer(address('10.0.0.2:7400'), idOf('self')), address('10.0.0.3:7400')])
    await bench.pass(50_000)
    expect(bench.dials).toEqual([{ at: 0, to: '10.0.0.1:7400' }])
  })

  it('leaves a refused peer alone until then', async () => {
    const bench = new Bench(['10.0.0.1:7400'])
    bench.outcome = () => ({ kind: 'refused', until: bench.clock.now() + 42_000 })
    bench.keeper.start([])
    await bench.pass(50_000)
    expect(bench.timesOf('10.0.0.1:7400')).toEqual([0, 42])
  })

  it('dials a peer once when it is both a seed and known', async () => {
    const bench = new Bench(['10.0.0.1:7400'])
    const id = idOf('a')
    bench.outcome = () => ({ kind: 'peer', id })
    bench.keeper.start([{ id, addresses: ['/ip4/10.0.0.1/tcp/7400'], seenAt: 0 }])
    await bench.pass(5_000)
    expect(bench.dials).toHaveLength(1)
  })
})

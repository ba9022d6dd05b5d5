import { setImmediate as turn } from 'node:timers/promises'
import { utf8 } from '@pulseledger/core'
import { describe, expect, it } from 'vitest'
import { MemoryHub } from '../../src/network/memory/hub.ts'
import type { Random } from '../../src/ports.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import {
  isConnected,
  LEDGER,
  type NetworkDriver,
  networkConformance,
  Recorder,
  type TestNode,
} from './conformance.ts'

const key = (index: number): Uint8Array => new Uint8Array(32).fill(index)

/** Always the same numbers for a seed: mulberry32. */
function seeded(seed: number): Random {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) & 0xff
  }
  return { bytes: (count) => Uint8Array.from({ length: count }, next) }
}

class World {
  readonly clock = new VirtualClock()
  readonly hub: MemoryHub
  #count = 0

  constructor(init: Partial<ConstructorParameters<typeof MemoryHub>[0]> = {}) {
    this.hub = new MemoryHub({ clock: this.clock, ...init })
  }

  async join(peers: readonly TestNode[] = [], ledgerId = LEDGER): Promise<TestNode> {
    this.#count += 1
    const network = this.hub.join({ ledgerId, publicKey: key(this.#count) })
    const seen = new Recorder()
    await network.start(seen)
    for (const peer of peers) this.hub.connect(network, peer.network)
    return { network, seen }
  }

  /** Virtual time, with the turns that handlers need in between. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1) {
      this.clock.advance(1)
      await turn()
    }
  }

  async until(look: () => boolean): Promise<void> {
    for (let left = 60_000; left > 0; left -= 1) {
      await turn()
      if (look()) return
      this.clock.advance(1)
    }
    throw new Error('it did not come to pass')
  }
}

function driver(): NetworkDriver {
  const world = new World()
  // Requests that a test awaits need time to go on.
  let isOpen = true
  const goOn = async (): Promise<void> => {
    while (isOpen) {
      world.clock.advance(1)
      await turn()
    }
  }
  void goOn()
  return {
    banMs: 2_000,
    join: ({ peers = [], ledgerId = LEDGER } = {}) => world.join(peers, ledgerId),
    until: (look) => world.until(look),
    settle: () => world.pass(50),
    close: async () => {
      isOpen = false
    },
  }
}

networkConformance('memory', driver)

describe('the hub of networks in memory', () => {
  it('loses what is sent over a cut, tells both ends later, and connects again when healed', async () => {
    const world = new World({ noticeMs: 100, redialMs: 10 })
    const [a, b] = [await world.join(), await world.join()]
    world.hub.connect(a.network, b.network)
    await world.until(() => isConnected(a, b))
    world.hub.cut(a.network, b.network)
    a.network.publish('entries', utf8('lost'))
    await world.pass(50)
    expect(isConnected(a, b)).toBe(true)
    await world.pass(60)
    expect([a.seen.lost, b.seen.lost]).toEqual([[b.network.self], [a.network.self]])
    world.hub.heal(a.network, b.network)
    await world.until(() => isConnected(a, b))
    expect(b.seen.gossip).toEqual([])
  })

  it('cuts one direction alone', async () => {
    const world = new World()
    const [a, b] = [await world.join(), await world.join()]
    world.hub.connect(a.network, b.network)
    await world.until(() => isConnected(a, b))
    world.hub.cutOneWay(a.network, b.network)
    a.network.publish('entries', utf8('lost'))
    b.network.publish('entries', utf8('heard'))
    await world.pass(20)
    expect(a.seen.gossip.map(({ text }) => text)).toEqual(['heard'])
    expect(b.seen.gossip).toEqual([])
  })

  it('connects a node that stopped and joins again with its key', async () => {
    const world = new World()
    const [a, b] = [await world.join(), await world.join()]
    world.hub.connect(a.network, b.network)
    await world.until(() => isConnected(a, b))
    await b.network.stop()
    await world.pass(10)
    const again = world.hub.join({ ledgerId: LEDGER, publicKey: key(2) })
    const seen = new Recorder()
    await again.start(seen)
    await world.until(() => isConnected(a, { network: again, seen }))
    expect(again.address).toBe('memory-2:7400')
    expect(a.seen.met).toHaveLength(2)
  })

  it('runs alike for the same seed, with loss and latencies, and otherwise for another', async () => {
    const run = async (seed: number): Promise<string[]> => {
      const world = new World({ random: seeded(seed), latencyMs: [1, 20], lossShare: 0.2 })
      const nodes: TestNode[] = []
      for (let index = 0; index < 6; index++) nodes.push(await world.join(nodes.slice(-2)))
      await world.pass(100)
      for (let index = 0; index < 30; index++) {
        nodes[index % 6]?.network.publish('entries', utf8(`${index}`))
        await world.pass(3)
      }
      await world.pass(100)
      return nodes.map(({ seen }) => seen.gossip.map(({ text }) => text).join(' '))
    }
    const first = await run(1)
    expect(await run(1)).toEqual(first)
    expect(await run(2)).not.toEqual(first)
  })

  it('times out a request that is lost', async () => {
    const world = new World()
    const [a, b] = [await world.join(), await world.join()]
    world.hub.connect(a.network, b.network)
    await world.until(() => isConnected(a, b))
    world.hub.cut(a.network, b.network)
    const answer = a.network.request(b.network.self, 'status', utf8('?'), {
      timeoutMs: 500,
      answerBytesMax: 9,
    })
    const failed = expect(answer).rejects.toMatchObject({ code: 'PEER_TIMEOUT' })
    await world.pass(501)
    await failed
    expect(world.clock.isSet(500)).toBe(false)
  })
})

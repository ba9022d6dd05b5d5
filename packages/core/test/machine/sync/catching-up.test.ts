import { describe, expect, test } from 'vitest'
import { chainOf, extend, FakeLedger, genesis } from './fake-chain.ts'
import { SyncWorld } from './sync-world.ts'

const honest = (id: string, chain: ReturnType<typeof chainOf>, delayMs = 10) => ({ id, chain, delayMs })

describe('a node that is behind', () => {
  test('catches up from one peer at every gap from 1 to 600', () => {
    const longest = chainOf(650)
    for (let gap = 1; gap <= 600; gap++) {
      const chain = longest.slice(0, 51 + gap)
      const world = new SyncWorld(new FakeLedger(longest.slice(0, 51))).connect(honest('a', chain))
      expect(world.runTo(chain, 10_000), `gap ${gap}`).toBe(true)
      world.run(world.now + 100)
      expect(world.sync.progress).toEqual({ kind: 'synced' })
      expect(world.disconnected.size).toBe(0)
      expect(world.count('request-headers')).toBeLessThanOrEqual(Math.ceil(gap / 512))
    }
  })

  test('catches up from an empty directory over more headers than it holds', () => {
    const chain = chainOf(9_000)
    const world = new SyncWorld(new FakeLedger([genesis])).connect(honest('a', chain), honest('b', chain))
    expect(world.runTo(chain)).toBe(true)
    expect(world.queuedMax).toBeGreaterThan(1_000)
    expect(world.queuedMax).toBeLessThanOrEqual(2_048)
  })

  test('is faster with three peers than with one', () => {
    const chain = chainOf(3_000)
    const limits = { bodiesPerRequest: 16, bodyRequestsPerPeer: 1 }
    const time = (count: number) => {
      const world = new SyncWorld(new FakeLedger([genesis]), limits)
      const start = world.now
      world.connect(...Array.from({ length: count }, (_, i) => honest(`peer-${i}`, chain, 100)))
      expect(world.runTo(chain)).toBe(true)
      return world.now - start
    }
    expect(time(3)).toBeLessThan(time(1) * 0.6)
  })

  test('spreads a small gap over its peers', () => {
    const chain = chainOf(30)
    const world = new SyncWorld(new FakeLedger([genesis]))
    world.connect(honest('a', chain), honest('b', chain), honest('c', chain))
    expect(world.runTo(chain)).toBe(true)
    for (const id of ['a', 'b', 'c']) expect(world.count('request-bodies', id)).toBeGreaterThan(0)
  })

  test('is not held up by a peer that is much slower than the others', () => {
    const chain = chainOf(5_000)
    const time = (slowMs: number) => {
      const world = new SyncWorld(new FakeLedger([genesis]))
      const start = world.now
      world.connect(honest('a', chain, 50), honest('b', chain, 50), honest('slow', chain, slowMs))
      expect(world.runTo(chain)).toBe(true)
      expect(world.disconnected.size).toBe(0)
      return world.now - start
    }
    expect(time(8_000)).toBeLessThan(time(50) + 10_000)
  })

  test('goes on with another peer when one leaves in the middle', () => {
    const chain = chainOf(2_000)
    const world = new SyncWorld(new FakeLedger([genesis]))
    world.connect(honest('a', chain), honest('b', chain))
    world.run(world.now + 100_000, () => world.ledger.head.height > 500)
    world.leave('a')
    expect(world.runTo(chain)).toBe(true)
  })

  test('begins again where the ledger is, in a new process', () => {
    const chain = chainOf(2_000)
    const ledger = new FakeLedger([genesis])
    const first = new SyncWorld(ledger).connect(honest('a', chain))
    first.run(first.now + 100_000, () => ledger.head.height > 900)
    const before = ledger.head.height
    const second = new SyncWorld(ledger).connect(honest('a', chain))
    expect(second.runTo(chain)).toBe(true)
    const heights = second.asked.flatMap((ask) =>
      ask.kind === 'request-bodies' ? ask.headers.map(({ header }) => header.height) : [],
    )
    expect(Math.min(...heights)).toBe(before + 1)
    expect(heights).toHaveLength(2_000 - before)
  })

  test('resumes a side branch that it has a part of', () => {
    const common = chainOf(50)
    const ours = extend(common, 150, 'ours')
    const theirs = extend(common, 250, 'theirs')
    const ledger = new FakeLedger(ours)
    ledger.receive(theirs.slice(51, 120))
    const world = new SyncWorld(ledger).connect(honest('a', theirs))
    expect(world.runTo(theirs)).toBe(true)
    expect(world.disconnected.size).toBe(0)
  })

  test('tells how far it is, and that it is done', () => {
    const chain = chainOf(2_000)
    const world = new SyncWorld(new FakeLedger([genesis])).connect(honest('a', chain))
    expect(world.sync.isBehind).toBe(true)
    expect(world.runTo(chain)).toBe(true)
    world.run(world.now + 10)
    expect(world.progress[0]).toEqual({ kind: 'catching-up', height: 0, target: 2_000 })
    expect(world.progress.at(-1)).toEqual({ kind: 'synced' })
    expect(world.progress.length).toBeLessThan(12)
    expect(world.sync.isBehind).toBe(false)
  })

  test('tells its peers its status soon after a catch-up moved its head', () => {
    const chain = chainOf(100)
    const world = new SyncWorld(new FakeLedger([genesis])).connect(honest('a', chain))
    world.runTo(chain)
    const before = world.count('request-status')
    world.run(world.now + 1_100)
    expect(world.count('request-status')).toBe(before + 1)
  })

  test('notices within the interval of statuses what gossip lost', () => {
    const peer = honest('a', chainOf(100))
    const world = new SyncWorld(new FakeLedger(chainOf(100))).connect(peer)
    world.run(world.now + 100)
    peer.chain = extend(peer.chain, 1)
    expect(world.runTo(peer.chain, 5_100)).toBe(true)
  })
})

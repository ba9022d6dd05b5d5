import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/block/block.ts'
import { chainOf, extend, FakeLedger, genesis, headerOf, nextBlock, statusOf } from './fake-chain.ts'
import { type FakePeer, SyncWorld } from './sync-world.ts'

const honest = (id: string, chain: readonly Block[], delayMs = 10): FakePeer => ({ id, chain, delayMs })

describe('two chains', () => {
  const common = chainOf(300)
  const worse = extend(common, 400, 'worse')
  const better = extend(common, 600, 'better')

  test('of two peers: the better one wins, whoever connects first', () => {
    for (const order of [
      [worse, better],
      [better, worse],
    ]) {
      const world = new SyncWorld(new FakeLedger([genesis]))
      world.connect(...order.map((chain, i) => honest(`peer-${i}`, chain)))
      expect(world.runTo(better)).toBe(true)
      expect(world.disconnected.size).toBe(0)
    }
  })

  test('the better one appears in the middle of the other', () => {
    const world = new SyncWorld(new FakeLedger([genesis])).connect(honest('a', worse))
    world.run(world.now + 100_000, () => world.ledger.head.height > 100)
    world.connect(honest('b', better))
    expect(world.runTo(better)).toBe(true)
    expect(world.disconnected.size).toBe(0)
  })

  test('a peer whose newer claim overtakes its headers is not taken for a liar', () => {
    const chain = chainOf(80)
    const growing: FakePeer = {
      ...honest('growing', chain.slice(0, 20)),
      answer: (ask, truth) => {
        if (ask.kind !== 'request-headers') return truth
        growing.chain = chain.slice(0, growing.chain.length + 1)
        world.step({ kind: 'status', peer: 'growing', status: statusOf(growing.chain) })
        return truth
      },
    }
    const world = new SyncWorld(new FakeLedger([genesis])).connect(growing)
    expect(world.runTo(chain)).toBe(true)
    expect(world.disconnected.size).toBe(0)
  })

  test('a peer that leaves its chain for one of which we know more than an answer holds is no liar', () => {
    const ledger = new FakeLedger(worse)
    ledger.receive(better.slice(common.length, common.length + 60))
    const chain = extend(worse, 5, 'worse')
    const peer: FakePeer = {
      ...honest('a', chain),
      answer: (ask, truth) => {
        // What comes by gossip before the answer shows how far its chain and ours are one.
        if (ask.kind === 'request-headers') ledger.receive(chain.slice(worse.length, worse.length + 3))
        return truth
      },
    }
    const world = new SyncWorld(ledger, { headersPerRequest: 8, claimFaultsMax: 1 }).connect(peer)
    expect(world.runTo(chain)).toBe(true)
    peer.chain = better
    expect(world.runTo(better)).toBe(true)
    expect(world.disconnected.size).toBe(0)
    expect(world.sync.peerStatus('a')?.height).toBe(better.length - 1)
  })

  test('a peer that leaves its chain for a better one is followed', () => {
    const peer = honest('a', worse)
    const world = new SyncWorld(new FakeLedger([genesis])).connect(peer)
    world.run(world.now + 100_000, () => world.ledger.head.height > 350)
    peer.chain = better
    expect(world.runTo(better)).toBe(true)
    expect(world.disconnected.size).toBe(0)
  })

  test('ours is the better one: nothing is fetched', () => {
    const world = new SyncWorld(new FakeLedger(better)).connect(honest('a', worse))
    world.run(world.now + 60_000)
    expect(world.count('request-headers')).toBe(0)
    expect(world.sync.peerState('a')).toBe('behind')
  })
})

describe('a chain that leaves ours below the final block', () => {
  const common = chainOf(100)
  const ours = extend(common, 200, 'ours')
  const theirs = extend(common, 500, 'theirs')

  test('is told of once, not fetched, and its peer stays connected', () => {
    const world = new SyncWorld(new FakeLedger(ours, 50))
    const peers = [honest('a', theirs), honest('b', theirs)]
    world.connect(...peers)
    for (let i = 0; i < 60; i++) {
      world.run(world.now + 5_000)
      for (const peer of peers) peer.chain = extend(peer.chain, 1, 'theirs')
    }
    expect(world.alarms.map(({ code }) => code)).toEqual(['BLOCK_BELOW_FINAL'])
    expect(world.alarms[0]?.message).toMatch(/height 600, leaves ours, .* at height 300, after block 100/)
    expect(world.count('request-bodies')).toBe(0)
    expect(world.count('request-headers')).toBeLessThan(15)
    expect(world.disconnected.size).toBe(0)
    expect(world.sync.peerState('a')).toBe('diverged')
    expect(world.sync.progress).toEqual({ kind: 'synced' })
    expect(world.ledger.head.hash).toBe(ours.at(-1)?.hash)
  })

  test('does not keep us from one that goes on from ours', () => {
    const longer = extend(ours, 100, 'ours')
    const world = new SyncWorld(new FakeLedger(ours, 50))
    world.connect(honest('a', theirs), honest('b', longer))
    expect(world.runTo(longer, 10_000)).toBe(true)
  })

  test('is fetched after all when its peer comes over to ours', () => {
    const peer = honest('a', theirs)
    const world = new SyncWorld(new FakeLedger(ours, 50)).connect(peer)
    world.run(world.now + 1_000)
    expect(world.sync.peerState('a')).toBe('diverged')
    peer.chain = extend(ours, 300, 'ours')
    expect(world.runTo(peer.chain, 70_000)).toBe(true)
    expect(world.sync.peerState('a')).toBe('same')
  })

  test('one that leaves just above it is followed', () => {
    const just = extend(ours.slice(0, 251), 100, 'just')
    const world = new SyncWorld(new FakeLedger(ours, 50)).connect(honest('a', just))
    expect(world.runTo(just, 10_000)).toBe(true)
    expect(world.alarms).toEqual([])
  })
})

describe('an announced block', () => {
  const chain = chainOf(50)
  const next = extend(chain, 1)
  const header = headerOf(next.at(-1) as Block)

  test('on a block that we have is fetched from whoever announced it, once', () => {
    const world = new SyncWorld(new FakeLedger(chain)).connect(honest('a', chain), honest('b', chain))
    world.run(world.now + 100)
    for (const id of ['a', 'b']) {
      const peer = world.peers.get(id) as FakePeer
      peer.chain = next
      world.step({ kind: 'announced', peer: id, header })
    }
    expect(world.runTo(next, 1_000)).toBe(true)
    expect(world.count('request-bodies')).toBe(1)
    expect(world.count('request-headers')).toBe(0)
    expect(world.progress).toEqual([])
  })

  test('is fetched from another when its announcer does not give it', () => {
    const silent = { ...honest('silent', chain), answer: () => 'stall' as const }
    const world = new SyncWorld(new FakeLedger(chain)).connect(silent, honest('b', next))
    world.step({ kind: 'announced', peer: 'silent', header })
    expect(world.runTo(next, 21_000)).toBe(true)
  })

  test('on a block that we lack makes us ask for the status soon, and no more than once a second', () => {
    const peer = honest('a', chain)
    const world = new SyncWorld(new FakeLedger(chain)).connect(peer)
    world.run(world.now + 100)
    peer.chain = extend(chain, 30)
    for (let i = 45; i < 80; i++) {
      world.step({ kind: 'announced', peer: 'a', header: headerOf(peer.chain[i] as Block) })
    }
    expect(world.runTo(peer.chain, 1_500)).toBe(true)
    expect(world.count('request-status')).toBeLessThan(5)
  })

  test('that does not fit its parent costs nothing and is not fetched', () => {
    const world = new SyncWorld(new FakeLedger(chain)).connect(honest('a', chain))
    world.run(world.now + 100)
    const odd = nextBlock(chain.at(-1) as Block, '', { seal: new Uint8Array(1) })
    world.step({ kind: 'announced', peer: 'a', header: headerOf(odd) })
    world.run(world.now + 10_000)
    expect(world.count('request-bodies')).toBe(0)
    expect(world.disconnected.size).toBe(0)
  })

  test('a thousand of them that nobody gives take bounded room', () => {
    const world = new SyncWorld(new FakeLedger(chain), { announcedMax: 8 }).connect({
      ...honest('a', chain),
      answer: (ask, truth) => (ask.kind === 'request-bodies' ? 'stall' : truth),
    })
    world.run(world.now + 100)
    const parent = chain.at(-1) as Block
    for (let i = 0; i < 1_000; i++) {
      world.step({ kind: 'announced', peer: 'a', header: headerOf(nextBlock(parent, `rival ${i}`)) })
    }
    expect(world.count('request-bodies')).toBeLessThanOrEqual(1_000)
  })
})

describe('what a peer claims', () => {
  const chain = chainOf(10)

  test('tells how its chain stands to ours', () => {
    const world = new SyncWorld(new FakeLedger(chain))
    world.connect(honest('same', chain), honest('behind', chain.slice(0, 5)), honest('slow', chain, 5_000))
    world.connect({
      ...honest('ahead', extend(chain, 5)),
      answer: (ask, truth) => (ask.kind === 'request-status' ? truth : 'stall'),
    })
    world.run(world.now + 1_000)
    const states = ['same', 'behind', 'slow', 'ahead', 'nobody'].map((id) => world.sync.peerState(id))
    expect(states).toEqual(['same', 'behind', 'unknown', 'ahead', 'unknown'])
    expect(world.sync.peerStatus('same')).toEqual(statusOf(chain))
  })

  test('a block or two more is no catch-up: gossip may be about to bring them', () => {
    const world = new SyncWorld(new FakeLedger(chain)).connect(honest('a', extend(chain, 2)))
    world.run(world.now + 1_000)
    expect(world.ledger.head.height).toBe(12)
    expect(world.progress).toEqual([])
  })
})

describe('the clock', () => {
  test('may be set back by an hour in the middle', () => {
    const chain = chainOf(2_000)
    const ledger = new FakeLedger([genesis])
    const world = new SyncWorld(ledger).connect(honest('a', chain))
    world.run(world.now + 100_000, () => ledger.head.height > 500)
    const stalled = world.peers.get('a') as FakePeer
    stalled.answer = () => 'stall'
    world.run(world.now + 50)
    world.now -= 3_600_000
    world.step({ kind: 'head-moved' })
    stalled.answer = (_, truth) => truth
    expect(world.runTo(chain, 30_000)).toBe(true)
  })
})

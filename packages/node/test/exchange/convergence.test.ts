import { LIMITS } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { headOf, type MemoryPeer, MemoryWorld, readingsOf } from './memory-peer.ts'

describe('nodes over a network', () => {
  test('two of them have the same chain, whoever was typed into', async () => {
    const world = await MemoryWorld.create()
    const peers = await world.startAll(['ann', 'bob'])
    world.mesh(peers)
    await world.until('they are connected', () => peers.every((peer) => peer.network.peers().length === 1))
    await type(world, peers, 40)
    await world.until('all is on one chain', () => isOneChain(peers, 40))
    await world.stop()
  })

  test('five of them, in a line, have every reading exactly once', async () => {
    const world = await MemoryWorld.create({ hub: { latencyMs: [1, 20] } })
    const peers = await world.startAll(['ann', 'bob', 'cem', 'dee', 'eve'])
    for (const [i, peer] of peers.slice(1).entries()) {
      world.hub.connect((peers[i] as MemoryPeer).network, peer.network)
    }
    await world.until('they are connected', () => peers.every((peer) => peer.network.peers().length > 0))
    await type(world, peers, 200)
    await world.until('all is on one chain', () => isOneChain(peers, 200))
    expect(new Set(readingsOf(peers[0] as MemoryPeer)).size).toBe(200)
    await world.stop()
  })

  test('blocks too large to be sent along are announced by their headers, and fetched', async () => {
    const world = await MemoryWorld.create()
    const peers = await world.startAll(['ann', 'bob', 'cem'])
    const [ann, bob, cem] = peers as [MemoryPeer, MemoryPeer, MemoryPeer]
    world.hub.connect(ann.network, bob.network)
    world.hub.connect(bob.network, cem.network)
    await world.until('they are connected', () => bob.network.peers().length === 2)
    for (let i = 0; i < 400; i++) void ann.service.submit({ measure: 'bpm', value: 60 + (i % 100) })
    await world.until('all is on one chain', () => isOneChain(peers, 400))
    const largest = Math.max(...[...ann.service.blocks(1, 9)].map(({ bodyBytes }) => bodyBytes.length))
    expect(largest).toBeGreaterThan(LIMITS.inlineContentsBytesMax)
    expect(cem.heard.some(({ topic, verdict }) => topic === 'blocks' && verdict === 'accept')).toBe(true)
    await world.stop()
  })

  test('a network that was cut in two has every reading of both sides once it is healed', async () => {
    const world = await MemoryWorld.create()
    const peers = await world.startAll(['ann', 'bob', 'cem', 'dee', 'eve'])
    world.mesh(peers)
    await world.until('they are connected', () => peers.every((peer) => peer.network.peers().length === 4))
    const [left, right] = [peers.slice(0, 2), peers.slice(2)]
    for (const a of left) for (const b of right) world.hub.cut(a.network, b.network)
    await type(world, peers, 100)
    await world.until('each side is one chain', () => isOneHead(left) && isOneHead(right))
    expect(headOf(left[0] as MemoryPeer)).not.toBe(headOf(right[0] as MemoryPeer))
    world.hub.healAll()
    await world.until('all is on one chain', () => isOneChain(peers, 100))
    await world.stop()
  })

  test('nodes that gossip never reaches come to one chain by their statuses', async () => {
    const world = await MemoryWorld.create()
    const peers = await world.startAll(['ann', 'bob', 'cem'])
    for (const peer of peers) peer.network.publish = () => []
    world.mesh(peers)
    await world.until('they are connected', () => peers.every((peer) => peer.network.peers().length === 2))
    await type(world, peers, 30)
    await world.until('all is on one chain', () => isOneChain(peers, 30), { stepMs: 20 })
    expect(peers.every(({ heard }) => heard.length === 0)).toBe(true)
    await world.stop()
  })

  test('a block is at once with those whom gossip does not reach, and those behind them', async () => {
    const world = await MemoryWorld.create()
    const peers = await world.startAll(['ann', 'bob', 'cem'])
    const [ann, bob, cem] = peers as [MemoryPeer, MemoryPeer, MemoryPeer]
    world.hub.connect(ann.network, bob.network)
    world.hub.connect(bob.network, cem.network)
    await world.until('they are connected', () => bob.network.peers().length === 2)
    world.hub.loseGossip(ann.network, bob.network)
    world.hub.loseGossip(bob.network, cem.network)
    await world.pass(1_500)
    for (let i = 1; i <= 5; i++) {
      void ann.service.submit({ measure: 'bpm', value: 60 + i })
      await world.until('it is in a block', () => ann.store.head()?.height === i)
      await world.until('all have it', () => isOneChain(peers, i), { withinMs: 600 })
    }
    expect([...bob.heard, ...cem.heard].filter(({ topic }) => topic === 'blocks')).toEqual([])
    await world.stop()
  })

  test('peers are known to have a block soon after it was told', async () => {
    const world = await MemoryWorld.create()
    const peers = await world.startAll(['ann', 'bob', 'cem'])
    const [ann, bob] = peers as [MemoryPeer, MemoryPeer, MemoryPeer]
    world.mesh(peers)
    await world.until('they are connected', () => peers.every((peer) => peer.network.peers().length === 2))
    await world.pass(2_500)
    void ann.service.submit({ measure: 'bpm', value: 61 })
    const stateOfAnn = () => bob.exchange.peers().find(({ id }) => id === ann.network.self)?.state
    await world.until('bob has it', () => bob.store.head()?.height === 1, { withinMs: 100 })
    await world.until('who told it has it', () => stateOfAnn() === 'same', { withinMs: 5 })
    const states = () => peers.flatMap(({ exchange }) => exchange.peers().map(({ state }) => state))
    await world.until('all are', () => states().every((state) => state === 'same'), { withinMs: 1_100 })
    await world.stop()
  })

  test('nothing that is confirmed is lost when a tenth of all messages are', async () => {
    const world = await MemoryWorld.create({ hub: { lossShare: 0.1 } })
    const peers = await world.startAll(['ann', 'bob', 'cem'])
    world.mesh(peers)
    await world.until('they are connected', () => peers.every((peer) => peer.network.peers().length === 2))
    await type(world, peers, 60)
    world.hub.setLoss(0)
    await world.until('all is on one chain', () => isOneChain(peers, 60), { stepMs: 20 })
    await world.stop()
  })
})

/** Types readings into one after the other, a few milliseconds apart. */
async function type(world: MemoryWorld, peers: readonly MemoryPeer[], count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const peer = peers[i % peers.length] as MemoryPeer
    void peer.service.submit({ measure: 'bpm', value: 60 + (i % 100) })
    await world.pass(i % 3)
  }
}

function isOneHead(peers: readonly MemoryPeer[]): boolean {
  return new Set(peers.map(headOf)).size === 1
}

/** One head, with so many readings below it, none of them twice. */
function isOneChain(peers: readonly MemoryPeer[], readingCount: number): boolean {
  if (!isOneHead(peers)) return false
  const [first] = peers
  const readings = readingsOf(first as MemoryPeer)
  return readings.length === readingCount && new Set(readings).size === readingCount
}

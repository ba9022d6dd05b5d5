import { describe, expect, test } from 'vitest'
import { NodeFailure } from '../../src/ports.ts'
import { MemoryDisk } from '../../src/store/memory/memory-disk.ts'
import { SlowMiner } from '../support/slow-miner.ts'
import { headOf, type MemoryPeer, MemoryWorld, readingsOf } from './memory-peer.ts'

const ENGINE = {
  name: 'proof-of-work',
  finalDepth: 500,
  intervalMs: 1_000,
  window: 8,
  difficulty: 200,
  difficultyMinimum: 20,
}

const create = () => MemoryWorld.create({ document: { engine: ENGINE } })
const bpm = (value: number) => ({ measure: 'bpm', value })

function agree(peers: readonly MemoryPeer[], count: number): boolean {
  const [first] = peers as [MemoryPeer]
  return peers.every((peer) => headOf(peer) === headOf(first) && readingsOf(peer).length === count)
}

describe('a group that mines', () => {
  test('agrees on one chain; whoever has no miner has its readings mined by the others', async () => {
    const world = await create()
    const { clock } = world
    const peers = [
      await world.start('fast', { miner: new SlowMiner(clock, 400) }),
      await world.start('slow', { miner: new SlowMiner(clock, 200) }),
      await world.start('idle'),
    ]
    world.mesh(peers)
    await world.pass(1_000)
    const answers = peers.flatMap((peer, i) =>
      [60, 70, 80].map((value) => peer.service.submit(bpm(value + i))),
    )
    await world.until('all readings are everywhere', () => agree(peers, 9), { stepMs: 10 })
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ ok: true })
    const producers = new Set(
      [...(peers[2] as MemoryPeer).service.blocks(1, 99)].map(({ header }) => header.producer.join()),
    )
    expect(producers).not.toContain(world.signer('idle').publicKey.join())
    expect(peers[2]?.service.status()).toMatchObject({ mining: { threads: 0, search: undefined } })
    await world.stop()
  })

  test('loses no reading when it was cut apart, and takes the chain of more work', async () => {
    const world = await create()
    const peers: MemoryPeer[] = []
    for (const [name, rate] of [
      ['strong', 900],
      ['weak', 150],
      ['weaker', 50],
    ] as const) {
      peers.push(await world.start(name, { miner: new SlowMiner(world.clock, rate) }))
    }
    const [strong, weak, weaker] = peers as [MemoryPeer, MemoryPeer, MemoryPeer]
    world.mesh([weak, weaker])
    for (let i = 0; i < 12; i++) {
      for (const peer of peers) void peer.service.submit(bpm(60 + i))
      await world.pass(1_500)
    }
    await world.until('both sides have mined theirs', () => readingsOf(strong).length === 12, { stepMs: 10 })
    await world.until('both sides have mined theirs', () => agree([weak, weaker], 24), { stepMs: 10 })
    const heavier = strong.ledger.head.weight > weak.ledger.head.weight ? strong : weak
    const kept = heavier.ledger.canonicalHash(3)
    world.mesh(peers)
    await world.until('all readings are everywhere', () => agree(peers, 36), { stepMs: 10 })
    for (const peer of peers) expect(peer.ledger.canonicalHash(3)).toEqual(kept)
    await world.stop()
  })

  test('tells once for each height that it is mined, however often the job is exchanged', async () => {
    const world = await create()
    const miner = new SlowMiner(world.clock, 10)
    const peer = await world.start('one', { miner })
    const told: unknown[] = []
    peer.service.subscribe((event) => event.kind === 'mining' && told.push(event.mining))
    void peer.service.submit(bpm(72))
    await world.pass(200)
    void peer.service.submit(bpm(73))
    await world.until('the job was exchanged', () => miner.jobs.length > 1, { stepMs: 10 })
    const search = { height: 1, entryCount: 1, difficulty: 200, tried: 0 }
    expect(told).toEqual([{ threads: 1, hashesPerSecond: 0, search }])
    expect(peer.service.status().mining).toMatchObject({ search: { height: 1, entryCount: 2 } })
    await world.until('it is mined', () => readingsOf(peer).length === 2, { stepMs: 100 })
    const { mining } = peer.service.status()
    expect(mining).toMatchObject({ search: undefined })
    expect(mining?.hashesPerSecond).toBeGreaterThan(0)
    expect(mining?.hashesPerSecond).toBeLessThanOrEqual(10)
    void peer.service.submit(bpm(74))
    await world.until('the next one is searched for', () => told.length === 2)
    expect(told[1]).toMatchObject({ hashesPerSecond: mining?.hashesPerSecond, search: { height: 2 } })
    await world.stop()
  })

  test('stops the node when its miner breaks, and keeps what it has', async () => {
    const world = await create()
    const miner = new SlowMiner(world.clock)
    miner.mine = () => Promise.reject(new NodeFailure('INTERNAL', 'a thread is lost'))
    const disk = new MemoryDisk()
    const peer = await world.start('one', { miner, disk })
    const answer = peer.service.submit(bpm(72))
    expect(await answer).toMatchObject({ ok: false, error: { code: 'NODE_STOPPING' } })
    expect(peer.failures.map(({ message }) => message)).toEqual(['a thread is lost'])
    await peer.stop()
    const again = await world.start('one', { miner: new SlowMiner(world.clock), disk })
    await world.until('the reading is mined after all', () => readingsOf(again).length === 1)
    await world.stop()
  })

  test('leaves no search behind when the node stops', async () => {
    const world = await create()
    const miner = new SlowMiner(world.clock, 1)
    const peer = await world.start('one', { miner })
    void peer.service.submit(bpm(72))
    await world.pass(100)
    expect(miner.jobs).toHaveLength(1)
    await peer.stop()
    await world.pass(600_000)
    expect(miner.triedTotal()).toBe(0)
    expect(miner.jobs).toHaveLength(1)
    await world.stop()
  })
})

import { describe, expect, test } from 'vitest'
import { MemoryDisk } from '../../src/store/memory/memory-disk.ts'
import { type TestBlock, TestChain } from '../support/chain.ts'
import { headOf, type MemoryPeer, MemoryWorld, readingsOf } from './memory-peer.ts'

const GAP_MAX = 600

describe('a node that is behind', () => {
  test('joins with an empty directory at every gap from 1 to 600', { timeout: 300_000 }, async () => {
    const { world, server, chain } = await startServer()
    let tip: TestBlock = chain.genesis
    for (let gap = 1; gap <= GAP_MAX; gap++) {
      tip = await grow(server, chain, tip, gap - tip.block.header.height)
      const joiner = await world.start(`joiner ${gap}`, { expectsPeers: true })
      world.hub.connect(joiner.network, server.network)
      await world.until(`it joins at ${gap}`, () => headOf(joiner) === headOf(server))
      await joiner.stop()
    }
    await world.stop()
  })

  test('goes on where it was when it is restarted in the middle', { timeout: 60_000 }, async () => {
    const { world, server, chain } = await startServer()
    await grow(server, chain, chain.genesis, 2_500)
    const disk = new MemoryDisk()
    const joiner = await world.start('joiner', { disk, expectsPeers: true })
    world.hub.connect(joiner.network, server.network)
    await world.until('it is half way', () => (joiner.store.head()?.height ?? 0) >= 600)
    expect(joiner.exchange.progress).toMatchObject({ kind: 'catching-up', target: 2_500 })
    await joiner.stop()
    const reached = disk.head?.height ?? 0
    expect(reached).toBeLessThan(2_500)

    const again = await world.start('joiner', { disk, expectsPeers: true })
    const before = again.checked.count
    world.hub.connect(again.network, server.network)
    await world.until('it is there', () => headOf(again) === headOf(server))
    await world.until('it says so', () => again.exchange.progress.kind === 'synced')
    expect(again.checked.count - before).toBe(2_500 - reached)
    await world.stop()
  })

  test('is served by several peers, and outlives those that leave meanwhile', {
    timeout: 60_000,
  }, async () => {
    const { world, server, chain } = await startServer()
    await grow(server, chain, chain.genesis, 3_000)
    const others = [server]
    for (const name of ['second', 'third']) {
      others.push(await world.start(name, { disk: server.disk.copy() }))
    }
    const joiner = await world.start('joiner', { expectsPeers: true })
    for (const other of others) world.hub.connect(joiner.network, other.network)
    await world.until('it is on its way', () => (joiner.store.head()?.height ?? 0) >= 500)
    await server.stop()
    await others[1]?.stop()
    await world.until('it is there', () => headOf(joiner) === headOf(others[2] as MemoryPeer))
    await world.stop()
  })

  test('signs nothing before it has caught up, not even from a wiped directory', async () => {
    const world = await MemoryWorld.create()
    const [ann, bob] = (await world.startAll(['ann', 'bob'])) as [MemoryPeer, MemoryPeer]
    world.mesh([ann, bob])
    await world.until('they are connected', () => ann.network.peers().length === 1)
    for (let i = 0; i < 20; i++) void ann.service.submit({ measure: 'bpm', value: 60 + i })
    await world.until('bob has them', () => readingsOf(bob).length === 20 && headOf(ann) === headOf(bob))
    await ann.stop()

    const wiped = await world.start('ann', { expectsPeers: true })
    const submitted = wiped.service.submit({ measure: 'bpm', value: 99 })
    await world.until('the reading follows on the old ones', () => {
      return readingsOf(bob).length === 21 && headOf(bob) === headOf(wiped)
    })
    expect((await submitted).ok).toBe(true)
    await world.stop()
  })

  test('keeps its readings unsigned meanwhile, and signs them at once when it is there', async () => {
    const { world, server, chain } = await startServer()
    await grow(server, chain, chain.genesis, 1_000)
    const joiner = await world.start('joiner')
    world.hub.connect(joiner.network, server.network)
    await world.until('it is on its way', () => (joiner.store.head()?.height ?? 0) > 100)
    const submitted = joiner.service.submit({ measure: 'bpm', value: 72 })
    await world.pass(0)
    expect(joiner.ledger.heldCount).toBe(1)
    await world.until('it has caught up', () => (joiner.store.head()?.height ?? 0) >= 1_000)
    await world.until('all have it', () => server.store.head()?.height === 1_001, { withinMs: 200 })
    expect(await submitted).toMatchObject({ ok: true, value: { height: 1_001 } })
    await world.stop()
  })

  test('that expects peers and meets none makes blocks after the grace time', async () => {
    const world = await MemoryWorld.create()
    const lonely = await world.start('lonely', { expectsPeers: true })
    const submitted = lonely.service.submit({ measure: 'bpm', value: 72 })
    await world.pass(2_900)
    expect(lonely.store.head()?.height).toBe(0)
    await world.pass(200)
    expect((await submitted).ok).toBe(true)
    await world.stop()
  })
})

/** A node with a chain that grows by hand, in a world where signatures are not looked at. */
async function startServer(): Promise<{ world: MemoryWorld; server: MemoryPeer; chain: TestChain }> {
  const chain = new TestChain('catching up', { signed: false })
  const world = await MemoryWorld.create({ document: chain.document, isUnverified: true })
  return { world, chain, server: await world.start('server') }
}

async function grow(
  server: MemoryPeer,
  chain: TestChain,
  from: TestBlock,
  count: number,
): Promise<TestBlock> {
  const blocks: TestBlock[] = []
  for (let tip = from; blocks.length < count; ) {
    tip = chain.block(tip, ['ann'])
    blocks.push(tip)
  }
  server.runner.dispatch({ kind: 'blocks-received', blocks: blocks.map(({ block }) => block) })
  await server.runner.idle()
  return blocks.at(-1) ?? from
}

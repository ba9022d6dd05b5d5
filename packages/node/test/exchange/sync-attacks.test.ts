import { type Block, encodeBodies, encodeEntry, encodeHeaders, encodeStatus, LIMITS } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { type TestBlock, TestChain } from '../support/chain.ts'
import {
  announce,
  contentsOf,
  headersFrom,
  honest,
  isConnected,
  type Scene,
  startScene,
  stateOf,
  statusOf,
} from './attacker.ts'
import { headOf } from './memory-peer.ts'

describe('a peer that is asked by sync', () => {
  test('gives its blocks when it is honest', async () => {
    const scene = await startScene()
    const blocks = chainOf(scene.chain, 40)
    scene.attacker.answers = honest(blocks)
    await tell(scene, blocks)
    await scene.world.until('they are taken', () => scene.victim.store.head()?.height === 40)
    await scene.world.until('the bystander has them', () => scene.bystander.store.head()?.height === 40)
    expect(isConnected(scene)).toBe(true)
    await scene.world.stop()
  })

  test('and claims a height that it cannot show is disconnected', async () => {
    const scene = await startScene()
    const lie = encodeStatus({ head: new Uint8Array(32).fill(9), height: 1_000_000, weight: 1_000_001n })
    scene.attacker.answers = { ...honest([]), status: () => lie }
    await isBrokenOff(scene, () => scene.attacker.ask(scene.victim, 'status', lie))
    expect(scene.attacker.asked).toContain('headers')
  })

  test('and sends headers that do not link is disconnected', async () => {
    const scene = await startScene()
    const blocks = chainOf(scene.chain, 10)
    const gap = blocks.filter((_, i) => i !== 4)
    scene.attacker.answers = { ...honest(blocks), headers: () => encodeHeaders(gap) }
    await isBrokenOff(scene, () => tell(scene, blocks))
    expect(scene.attacker.asked).not.toContain('bodies')
  })

  test('and sends headers with a wrong signature is disconnected', async () => {
    const scene = await startScene()
    const blocks = chainOf(scene.chain, 10)
    const forged = blocks.map((block) => ({ ...block, signature: new Uint8Array(64).fill(1) }))
    scene.attacker.answers = { ...honest(blocks), headers: () => encodeHeaders(forged) }
    await isBrokenOff(scene, () => tell(scene, blocks))
  })

  test('and sends more headers than were asked for, or no dag-cbor, is disconnected', async () => {
    for (const headers of [() => new Uint8Array([0xff]), () => new Uint8Array(20_000).fill(0x81)]) {
      const scene = await startScene()
      const blocks = chainOf(scene.chain, 3)
      scene.attacker.answers = { ...honest(blocks), headers }
      await isBrokenOff(scene, () => tell(scene, blocks))
    }
  })

  test('and sends contents of other blocks is disconnected, and others are asked for them', async () => {
    const scene = await startScene()
    const blocks = chainOf(scene.chain, 10)
    const swapped = blocks.toReversed()
    scene.attacker.answers = { ...honest(blocks), bodies: () => encodeBodies(swapped.map(contentsOf)) }
    await isBrokenOff(scene, () => tell(scene, blocks), { stop: false })
    scene.bystander.runner.dispatch({ kind: 'blocks-received', blocks })
    await scene.world.until('the victim has them', () => scene.victim.store.head()?.height === 10)
    await scene.world.stop()
  })

  test('and lengthens payloads until a good block looks too large harms itself alone', async () => {
    const scene = await startScene(new TestChain('attacked', { document: { limits: SMALL } }))
    const blocks = chainOf(scene.chain, 3)
    const bloated = blocks.map((block) => {
      return { ...contentsOf(block), payloads: block.payloads.map(() => new Uint8Array(2_048)) }
    })
    scene.attacker.answers = { ...honest(blocks), bodies: () => encodeBodies(bloated) }
    await isBrokenOff(scene, () => tell(scene, blocks), { stop: false })
    scene.bystander.runner.dispatch({ kind: 'blocks-received', blocks })
    await scene.world.until('the victim has them', () => scene.victim.store.head()?.height === 3)
    await scene.world.stop()
  })

  test('and sends a block whose entry has a wrong signature is disconnected', async () => {
    const scene = await startScene()
    const { chain } = scene
    const { entry, payload } = chain.entry('eve', 0)
    const forged = encodeEntry({ ...entry, signature: new Uint8Array(64).fill(1) }, chain.crypto)
    const bad = chain.block(chain.genesis, [{ name: 'eve', entry: forged, payload }]).block
    scene.attacker.answers = honest([bad])
    await isBrokenOff(scene, () => tell(scene, [bad]))
    expect(scene.attacker.asked).toContain('bodies')
  })

  test('and never answers for bodies holds nobody up who can be asked instead', async () => {
    const scene = await startScene()
    const { world, attacker, victim, bystander } = scene
    const blocks = chainOf(scene.chain, 30)
    attacker.answers = { ...honest(blocks), bodies: () => new Promise(() => {}) }
    await tell(scene, blocks)
    await world.until('it is asked', () => attacker.asked.includes('bodies'))
    await world.pass(100)
    expect(headOf(victim)).toBe(headOf(bystander))
    bystander.runner.dispatch({ kind: 'blocks-received', blocks })
    await world.until('the victim has them', () => victim.store.head()?.height === 30, { stepMs: 5 })
    await world.stop()
  })

  test('and withholds every answer is given up, while the victim goes on', async () => {
    const scene = await startScene()
    const { world, attacker, victim } = scene
    const blocks = chainOf(scene.chain, 5)
    attacker.answers = { status: () => statusOf(blocks) }
    await tell(scene, blocks)
    await world.until('it is asked', () => attacker.asked.includes('headers'))
    await world.until(
      'it is given up',
      () => victim.exchange.progress.kind === 'synced' || !isConnected(scene),
      {
        withinMs: 600_000,
        stepMs: 50,
      },
    )
    const submitted = victim.service.submit({ measure: 'bpm', value: 70 })
    await world.until('a reading is stored', () => victim.store.head()?.height === 1, { stepMs: 10 })
    expect((await submitted).ok).toBe(true)
    await world.stop()
  })

  test('and shows a long chain of headers without bodies takes no memory that grows with it', async () => {
    const scene = await startScene(new TestChain('attacked', { signed: true }))
    const { world, attacker, victim } = scene
    const blocks = chainOf(scene.chain, 3_000)
    const sent: number[] = []
    const answers = honest(blocks)
    attacker.answers = {
      ...answers,
      headers: (message) => {
        const from = headersFrom(blocks, message)
        sent.push(from.length)
        return encodeHeaders(from)
      },
      bodies: () => new Promise(() => {}),
    }
    await tell(scene, blocks)
    await world.until('it is asked for bodies', () => attacker.asked.includes('bodies'))
    await world.pass(200)
    await world.pass(200)
    const total = sent.reduce((sum, count) => sum + count, 0)
    expect(total).toBeGreaterThanOrEqual(LIMITS.syncHeadersAheadMax - LIMITS.headersCountMax)
    expect(total).toBeLessThanOrEqual(LIMITS.syncHeadersAheadMax + LIMITS.headersCountMax)
    expect(stateOf(victim)).toMatch(/^0 /)
    await world.until(
      'it is given up',
      () => !isConnected(scene) || victim.exchange.progress.kind === 'synced',
      {
        withinMs: 3_600_000,
        stepMs: 100,
      },
    )
    await world.stop()
  }, 60_000)

  test('and floods with requests is refused, then disconnected', async () => {
    const scene = await startScene()
    const { world, attacker, victim } = scene
    const status = encodeStatus({ head: scene.world.rules.ledgerId, height: 0, weight: 1n })
    let answered = 0
    let refused = 0
    const flood = NODE_LIMITS.peerRequestsBurst + NODE_LIMITS.peerDropsBurst + 100
    for (let i = 0; i < flood; i++) {
      attacker.ask(victim, 'status', status).then(
        () => answered++,
        () => refused++,
      )
      if (i % 4 === 3) await world.pass(0)
    }
    await world.until('it is disconnected', () => !isConnected(scene), { withinMs: 10_000 })
    expect(answered).toBeLessThanOrEqual(NODE_LIMITS.peerRequestsBurst + NODE_LIMITS.peerRequestsPerSecond)
    await world.until('all are over', () => answered + refused === flood)
    await world.stop()
  })

  test.each(['status', 'headers', 'bodies'] as const)(
    'and asks for %s in a way that no node does is disconnected',
    async (kind) => {
      const scene = await startScene()
      const { world, attacker, victim } = scene
      const before = stateOf(victim)
      const refusals: unknown[] = []
      const messages = [new Uint8Array([0xff]), new Uint8Array(0), new Uint8Array(9_000).fill(0x81)]
      for (let i = 0; i <= NODE_LIMITS.peerFaultsBurst; i++) {
        const message = messages[i % messages.length] as Uint8Array
        attacker.ask(victim, kind, message).catch((error) => refusals.push(error))
      }
      await world.until('each is refused', () => refusals.length > NODE_LIMITS.peerFaultsBurst)
      await world.until('it is disconnected', () => !isConnected(scene))
      expect(stateOf(victim)).toBe(before)
      await world.stop()
    },
  )

  test('a block of which only the header is announced is fetched from who announced it', async () => {
    const scene = await startScene()
    const { world, attacker, victim, bystander } = scene
    const blocks = chainOf(scene.chain, 1)
    attacker.answers = honest(blocks)
    attacker.publish('blocks', announce(blocks[0] as Block, null))
    await world.until('it is fetched', () => victim.store.head()?.height === 1)
    await world.until('it is passed on and fetched there', () => bystander.store.head()?.height === 1)
    expect(victim.heard).toMatchObject([{ verdict: 'accept' }])
    await world.stop()
  })

  test('a header whose body nobody gives is dropped after a while, and not passed on', async () => {
    const scene = await startScene()
    const { world, attacker, victim, bystander } = scene
    const blocks = chainOf(scene.chain, 1)
    attacker.answers = { ...honest(blocks), bodies: () => new Promise(() => {}) }
    attacker.publish('blocks', announce(blocks[0] as Block, null))
    await world.until('the verdict is there', () => victim.heard.length === 1, { stepMs: 10 })
    expect(victim.heard).toMatchObject([{ verdict: 'ignore' }])
    expect(bystander.heard).toEqual([])
    await world.stop()
  })

  test('a header without its body does not keep the whole block from being taken', async () => {
    const scene = await startScene()
    const { world, attacker, victim, bystander } = scene
    const blocks = chainOf(scene.chain, 1)
    attacker.answers = { ...honest(blocks), bodies: () => new Promise(() => {}) }
    attacker.publish('blocks', announce(blocks[0] as Block, null))
    await world.until('the body is asked for', () => attacker.asked.includes('bodies'))
    bystander.runner.dispatch({ kind: 'blocks-received', blocks })
    bystander.exchange.publishBlock(blocks[0] as Block)
    await world.until('it is taken', () => victim.store.head()?.height === 1, { withinMs: 100 })
    await world.stop()
  })

  test('contents that are not those of the header are refused, even if the parent is unknown', async () => {
    const scene = await startScene()
    const { world, attacker, victim, bystander } = scene
    const blocks = chainOf(scene.chain, 3)
    const [first, , last] = blocks as [Block, Block, Block]
    attacker.answers = honest(blocks)
    attacker.publish('blocks', announce(last, contentsOf(first)))
    await world.until('it is judged', () => victim.heard.length === 1)
    expect(victim.heard).toMatchObject([{ verdict: 'reject' }])
    await world.pass(100)
    expect(bystander.heard).toEqual([])
    await world.stop()
  })

  test('headers whose bodies are withheld leave room for the gossip of others', async () => {
    const scene = await startScene()
    const { world, chain, attacker, victim, bystander } = scene
    const count = NODE_LIMITS.peerGossipInFlightMax + 10
    for (let i = 0; i < count; i++) {
      attacker.publish('blocks', announce(chain.block(chain.genesis, [`eve ${i}`]).block, null))
    }
    await world.pass(20)
    const good = chain.block(chain.genesis, ['ann']).block
    attacker.publish('blocks', announce(good))
    await world.until('it is taken', () => victim.store.head()?.height === 1, { withinMs: 100 })
    await world.until('it is passed on', () => bystander.store.head()?.height === 1, { withinMs: 100 })
    await world.stop()
  })
})

const SMALL = { blockEntries: 2_000, blockBytes: 4_096, timeAhead: 120_000 }

function chainOf(chain: TestChain, count: number): Block[] {
  const blocks: Block[] = []
  for (let tip: TestBlock = chain.genesis; blocks.length < count; ) {
    // More than one entry in a block: what is swapped or bloated then exceeds small limits.
    tip = chain.block(tip, count > 100 ? ['eve'] : ['eve', 'eve'])
    blocks.push(tip.block)
  }
  return blocks
}

/** Tells the victim of a chain with these blocks. */
async function tell({ attacker, victim, world }: Scene, blocks: readonly Block[]): Promise<void> {
  const answer = attacker.ask(victim, 'status', statusOf(blocks))
  answer.catch(() => {})
  await world.pass(5)
}

/** The peer is disconnected for it, and nothing else has changed. */
async function isBrokenOff(scene: Scene, attack: () => unknown, { stop = true } = {}): Promise<void> {
  const { world, victim, bystander } = scene
  const before = [stateOf(victim), stateOf(bystander)]
  const attacked = attack()
  if (attacked instanceof Promise) attacked.catch(() => {})
  await world.until('the peer is disconnected', () => !isConnected(scene), { withinMs: 600_000, stepMs: 20 })
  expect([stateOf(victim), stateOf(bystander)]).toEqual(before)
  if (stop) await world.stop()
}

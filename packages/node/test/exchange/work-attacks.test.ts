import { targetOf, uint256 } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { type TestBlock, TestChain } from '../support/chain.ts'
import { mined, minedChain, unworked, WORK } from '../support/mined.ts'
import { announce, honest, isConnected, type Scene, startScene, stateOf, statusOf } from './attacker.ts'
import type { MemoryPeer } from './memory-peer.ts'

const newChain = () => new TestChain('attacked', { document: { engine: WORK } })
const easiest = (seal: Uint8Array) => Uint8Array.from([...uint256(targetOf(4n)), ...seal.subarray(32)])
const tooEasy = (seal: Uint8Array) => Uint8Array.from([...uint256(targetOf(1n)), ...seal.subarray(32)])

/** Of a chain, of which the victim has nothing. */
function orphan(chain: TestChain): TestBlock {
  return minedChain(chain, 3)[2] as TestBlock
}

describe('a peer that gossips a block', () => {
  test.each<[string, string, (chain: TestChain) => TestBlock]>([
    ['without work', 'BLOCK_WORK_INSUFFICIENT', (chain) => unworked(chain, chain.genesis)],
    ['with a target of its choice', 'BLOCK_TARGET_WRONG', (chain) => mined(chain, chain.genesis, easiest)],
    [
      'without work, on nothing that we know',
      'BLOCK_WORK_INSUFFICIENT',
      (chain) => unworked(chain, orphan(chain)),
    ],
    [
      'that is too easy, on nothing that we know',
      'BLOCK_TARGET_WRONG',
      (chain) => mined(chain, orphan(chain), tooEasy),
    ],
  ])('%s is refused before its signature is looked at, and it is not passed on', async (_, code, make) => {
    const scene = await startScene(newChain())
    const { world, chain, attacker, victim, bystander } = scene
    const before = stateOf(victim)
    const { block } = make(chain)
    // Nobody signed it, which would be the next thing to be found.
    attacker.publish('blocks', announce({ ...block, signature: new Uint8Array(64) }))
    await world.until('it is judged', () => victim.heard.length === 1)
    expect(victim.heard).toMatchObject([{ verdict: 'reject' }])
    expect(codesLogged(victim)).toContain(code)
    expect(stateOf(victim)).toBe(before)
    expect(bystander.heard).toEqual([])
    await world.stop()
  })

  test('that was worked for is taken and passed on', async () => {
    const { world, chain, attacker, victim, bystander } = await startScene(newChain())
    attacker.publish('blocks', announce(mined(chain, chain.genesis).block))
    for (const peer of [victim, bystander]) {
      await world.until('it is there', () => peer.store.head()?.height === 1)
    }
    await world.stop()
  })
})

describe('a peer that is asked by sync', () => {
  test('and has a chain that was worked for gives it', async () => {
    const scene = await startScene(newChain())
    const blocks = minedChain(scene.chain, 12)
    serve(scene, blocks)
    await scene.world.until('it is taken', () => scene.victim.store.head()?.height === 12)
    expect(scene.victim.ledger.head.weight).toBe((blocks.at(-1) as TestBlock).weight)
    await scene.world.stop()
  })

  test.each<[string, (chain: TestChain, parent: TestBlock) => TestBlock]>([
    ['of no work', unworked],
    [
      'that keeps to the target of the first window',
      (chain, parent) => mined(chain, parent, () => firstSeal(chain)),
    ],
  ])('and sends headers of a chain %s is disconnected before a body is asked for', async (_, make) => {
    const scene = await startScene(newChain())
    const blocks = minedChain(scene.chain, 4)
    while (blocks.length < 9) blocks.push(make(scene.chain, blocks.at(-1) as TestBlock))
    const before = stateOf(scene.victim)
    serve(scene, blocks)
    await scene.world.until('it is gone', () => !isConnected(scene), { withinMs: 60_000, stepMs: 20 })
    expect(scene.attacker.asked).toContain('headers')
    expect(scene.attacker.asked).not.toContain('bodies')
    expect(stateOf(scene.victim)).toBe(before)
    await scene.world.stop()
  })
})

function firstSeal(chain: TestChain): Uint8Array {
  return mined(chain, chain.genesis).block.header.seal.map((byte, i) => (i < 40 ? byte : 0))
}

/** Tells the victim of the chain, and answers for it. */
function serve({ attacker, victim }: Scene, chain: readonly TestBlock[]): void {
  const blocks = chain.map(({ block }) => block)
  const { weight } = chain.at(-1) as TestBlock
  attacker.answers = honest(blocks, weight)
  attacker.ask(victim, 'status', statusOf(blocks, weight)).catch(() => {})
}

function codesLogged({ logger }: MemoryPeer): unknown[] {
  return logger.lines.map(({ fields }) => (fields as { code?: unknown }).code)
}

import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/block/block.ts'
import { type Hash, keyOf } from '../../../src/bytes.ts'
import { type Failure, fail } from '../../../src/result.ts'
import { chainOf, extend, FakeLedger, genesis, headerOf, nextBlock, statusOf } from './fake-chain.ts'
import { type FakePeer, failed, SyncWorld } from './sync-world.ts'

const honest = (id: string, chain: readonly Block[], delayMs = 10): FakePeer => ({ id, chain, delayMs })

const LIE = { head: new Uint8Array(32).fill(7), height: 1_000_000, weight: 1_000_000n }

/** Claims whatever `status` says, and is honest else. */
function liar(
  id: string,
  chain: readonly Block[],
  status: { head: Hash; height: number; weight: bigint },
): FakePeer {
  return {
    id,
    chain,
    delayMs: 5,
    answer: (ask, truth) => (ask.kind === 'request-status' ? { kind: 'status', peer: id, status } : truth),
  }
}

function refusing(hash: Hash, code: Failure['code']): Map<string, Failure> {
  return new Map([[keyOf(hash), fail(code, 'refused here').error]])
}

describe('a peer that does not answer', () => {
  for (const kind of ['request-status', 'request-headers', 'request-bodies'] as const) {
    test(`${kind}: others are asked, and it is hung up on in the end`, () => {
      const chain = chainOf(800)
      const stalling: FakePeer = {
        ...honest('stalling', chain),
        answer: (ask, truth) => (ask.kind === kind ? 'stall' : truth),
      }
      const world = new SyncWorld(new FakeLedger([genesis])).connect(stalling, honest('a', chain))
      // The front of the queue is asked of another long before the deadline.
      expect(world.runTo(chain, kind === 'request-bodies' ? 9_000 : 30_000)).toBe(true)
      expect(world.disconnected.size).toBe(0)

      const alone = new SyncWorld(new FakeLedger([genesis])).connect(stalling)
      alone.run(alone.now + 50_000)
      expect(alone.disconnected.size).toBe(0)
      alone.run(alone.now + 50_000)
      expect(alone.disconnected.get('stalling')?.code).toBe('PEER_STALLED')
    })
  }

  test('says so each time: it is left alone for longer and longer', () => {
    const chain = chainOf(800)
    const busy: FakePeer = {
      ...honest('busy', chain),
      answer: (ask, truth) => (ask.kind === 'request-bodies' ? failed(ask.request, false) : truth),
    }
    const world = new SyncWorld(new FakeLedger([genesis])).connect(busy)
    expect(world.runTo(chain, 14_000)).toBe(false)
    expect(world.count('request-bodies')).toBeLessThanOrEqual(16)
    expect(world.disconnected.size).toBe(0)
  })

  test('is hung up on at once when what it sent breaks a rule', () => {
    const chain = chainOf(800)
    const broken: FakePeer = { ...honest('broken', chain), answer: ({ request }) => failed(request, true) }
    const world = new SyncWorld(new FakeLedger([genesis])).connect(broken, honest('a', chain))
    expect(world.runTo(chain)).toBe(true)
    expect([...world.disconnected.keys()]).toEqual(['broken'])
  })
})

describe('whoever keeps a node from making blocks', () => {
  const withoutBodies = (id: string, chain: readonly Block[]): FakePeer => ({
    ...honest(id, chain),
    answer: (ask, truth) => (ask.kind === 'request-bodies' ? 'stall' : truth),
  })
  const silent = (id: string): FakePeer => ({
    ...liar(id, [genesis], LIE),
    answer: (ask) => {
      return ask.kind === 'request-status' ? { kind: 'status', peer: id, status: LIE } : 'stall'
    },
  })

  test.each([
    ['by a claim that it never shows', silent],
    ['by headers without their bodies', (id: string) => withoutBodies(id, chainOf(800))],
  ])('%s does so for seconds, once, however many come after it', (_, attacker) => {
    const world = new SyncWorld(new FakeLedger([genesis])).connect(attacker('eve'))
    const start = world.now
    world.run(start + 1_000)
    expect(world.sync.isBehind).toBe(true)
    world.run(start + 5_500)
    expect(world.sync.isBehind).toBe(false)
    for (let second = 6; second < 60; second++) {
      if (second % 4 === 0) world.connect(attacker(`eve ${second}`))
      expect(world.run(start + second * 1_000, () => world.sync.isBehind)).toBe(false)
    }
  })

  test('by a claim that it never shows does so for seconds, also while gossip moves the head', () => {
    const chain = chainOf(100)
    const world = new SyncWorld(new FakeLedger([genesis])).connect(silent('eve'))
    const start = world.now
    for (const [second, block] of chain.slice(1, 60).entries()) {
      world.at(start + second * 1_000, () => {
        world.ledger.receive([block])
        world.step({ kind: 'head-moved' })
      })
    }
    world.run(start + 6_000)
    expect(world.run(start + 60_000, () => world.sync.isBehind)).toBe(false)
    expect(world.ledger.head.height).toBeGreaterThan(50)
  })

  test('by headers that grow without their bodies does so for seconds, once', () => {
    const chain = chainOf(2_000)
    const growing: FakePeer = withoutBodies('eve', chain.slice(0, 10))
    const world = new SyncWorld(new FakeLedger([genesis])).connect(growing)
    const start = world.now
    const grow = () => {
      growing.chain = chain.slice(0, growing.chain.length + 2)
      if (world.peers.has('eve')) world.step({ kind: 'status', peer: 'eve', status: statusOf(growing.chain) })
    }
    for (let second = 1; second < 60; second++) world.at(start + second * 1_000, grow)
    world.run(start + 16_000)
    expect(world.sync.isBehind).toBe(false)
    expect(world.run(start + 60_000, () => world.sync.isBehind)).toBe(false)
  })

  test('are silent, however many: an honest peer that claims less is asked before long', () => {
    const chain = chainOf(600)
    for (const count of [1, 3, 6]) {
      const silents = Array.from({ length: count }, (_, i) => silent(`eve ${i}`))
      const world = new SyncWorld(new FakeLedger([genesis])).connect(...silents, honest('a', chain))
      // Four at a time are waited for, 10 s each.
      expect(world.runTo(chain, 10_000 * Math.ceil((count + 1) / 4) + 5_000)).toBe(true)
    }
  })

  test('cannot when there is an honest peer: what that gives counts, and then the node is behind', () => {
    const chain = chainOf(2_000)
    const world = new SyncWorld(new FakeLedger([genesis])).connect(silent('eve'))
    expect(world.run(world.now + 6_000, () => world.sync.isStuck)).toBe(true)
    world.connect(honest('a', chain, 50))
    expect(world.run(world.now + 60_000, () => world.sync.isBehind)).toBe(true)
    expect(world.ledger.head.height).toBeLessThan(chain.length - 1)
    expect(world.runTo(chain)).toBe(true)
  })

  test('is not an honest peer behind a slow line: as long as something comes the node is behind', () => {
    const chain = chainOf(60)
    const world = new SyncWorld(new FakeLedger([genesis])).connect(honest('slow', chain, 4_000))
    const isLeft = () => world.ledger.head.height < chain.length - 3
    expect(world.run(world.now + 120_000, () => !world.sync.isBehind && isLeft())).toBe(false)
    expect(isLeft()).toBe(false)
  })
})

describe('a peer that claims what is not true', () => {
  test('a height that nobody has costs its connection, and not the progress', () => {
    const chain = chainOf(700)
    const world = new SyncWorld(new FakeLedger([genesis]))
    world.connect(liar('liar', chain, LIE), honest('a', chain))
    expect(world.runTo(chain, 5_000)).toBe(true)
    world.run(world.now + 1_000)
    expect(world.disconnected.get('liar')?.code).toBe('PEER_CLAIM_FALSE')
    expect([...world.disconnected.keys()]).toEqual(['liar'])
    expect(world.sync.progress).toEqual({ kind: 'synced' })
  })

  test('another height or weight for a head that exists costs it at once', () => {
    const chain = chainOf(20)
    for (const wrong of [{ height: 21 }, { weight: 21n }]) {
      const world = new SyncWorld(new FakeLedger([genesis]))
      world.connect(liar('liar', chain, { ...statusOf(chain), ...wrong }))
      world.run(world.now + 1_000)
      expect(world.disconnected.get('liar')?.code).toBe('PEER_CLAIM_FALSE')
    }
  })

  test('a chain whose bodies it does not give is left for one that can be had', () => {
    const chain = chainOf(700)
    const phantom = chainOf(900, 'phantom')
    const withholding: FakePeer = {
      ...honest('withholding', phantom),
      answer: (ask, truth) =>
        ask.kind === 'request-bodies'
          ? { kind: 'bodies', request: ask.request, blocks: ask.headers.map(() => null) }
          : truth,
    }
    const world = new SyncWorld(new FakeLedger([genesis])).connect(withholding, honest('a', chain))
    expect(world.runTo(chain, 20_000)).toBe(true)
    expect(world.disconnected.get('withholding')?.code).toBe('PEER_CLAIM_FALSE')
    expect(world.peers.has('a')).toBe(true)
  })

  test('reorganising between status and headers costs an honest peer nothing', () => {
    const common = chainOf(40)
    const before = extend(common, 30, 'before')
    const after = extend(common, 31, 'after')
    const peer = honest('a', before)
    peer.answer = (ask, truth) => {
      if (ask.kind !== 'request-headers' || peer.chain === after) return truth
      peer.chain = after
      return { kind: 'headers', request: ask.request, headers: after.slice(1).map(headerOf) }
    }
    const world = new SyncWorld(new FakeLedger([genesis])).connect(peer)
    expect(world.runTo(after, 10_000)).toBe(true)
    expect(world.disconnected.size).toBe(0)
  })
})

describe('a peer that sends headers', () => {
  const chain = chainOf(100)
  const wrong: Record<string, (headers: Block[]) => Block[]> = {
    'that leave one out': (blocks) => blocks.toSpliced(50, 1),
    'in another order': (blocks) => [...blocks.slice(0, 2).reverse(), ...blocks.slice(2)],
    'that stand on nothing known': (blocks) => blocks.slice(3),
    'of a height that does not follow': (blocks) => [
      nextBlock(genesis, '', { height: 2 }),
      ...blocks.slice(1),
    ],
    'that make the log shorter': (blocks) => [
      ...blocks.slice(0, 5),
      nextBlock(blocks[4] as Block, '', { size: 2 }),
    ],
    'that the engine refuses': (blocks) => [
      ...blocks.slice(0, 5),
      nextBlock(blocks[4] as Block, '', { seal: new Uint8Array(1) }),
    ],
  }
  for (const [name, spoil] of Object.entries(wrong)) {
    test(`${name} is hung up on, and another is asked`, () => {
      const bad = honest('bad', chain, 1)
      bad.answer = (ask, truth) =>
        ask.kind === 'request-headers'
          ? { kind: 'headers', request: ask.request, headers: spoil(chain.slice(1)).map(headerOf) }
          : truth
      const world = new SyncWorld(new FakeLedger([genesis])).connect(bad, honest('a', chain))
      expect(world.runTo(chain, 10_000)).toBe(true)
      expect(world.disconnected.get('bad')?.code).toBe('PEER_HEADERS_INVALID')
      expect([...world.disconnected.keys()]).toEqual(['bad'])
    })
  }
})

describe('an invalid block', () => {
  const good = chainOf(300)
  const bad = extend(good.slice(0, 201), 200, 'bad')
  const invalid = bad[250] as Block

  test('costs those who gave it, and not the progress of an honest third', () => {
    const ledger = new FakeLedger([genesis], 1_000_000, refusing(invalid.hash, 'BLOCK_SEQUENCE_WRONG'))
    const world = new SyncWorld(ledger).connect(honest('x', bad), honest('y', bad), honest('a', good))
    expect(world.runTo(good, 60_000)).toBe(true)
    world.run(world.now + 20_000)
    expect(world.disconnected.get('x')?.code).toBe('PEER_HEADERS_INVALID')
    expect([...world.disconnected.keys()].sort()).toEqual(['x', 'y'])
    expect(world.ledger.find(invalid.hash)).toBeUndefined()
  })

  test('is not fetched again from whoever offers it later', () => {
    const ledger = new FakeLedger([genesis], 1_000_000, refusing(invalid.hash, 'BLOCK_SEQUENCE_WRONG'))
    const world = new SyncWorld(ledger).connect(honest('x', bad))
    world.run(world.now + 10_000, () => world.disconnected.has('x'))
    const before = world.asked.length
    world.connect(honest('late', extend(bad, 10, 'more')))
    world.run(world.now + 10_000)
    expect(world.disconnected.get('late')?.code).toBe('PEER_HEADERS_INVALID')
    expect(world.asked.slice(before).map(({ kind }) => kind)).not.toContain('request-bodies')
  })

  test('found so while it was received costs the same', () => {
    const x = honest('x', bad)
    x.answer = (ask, truth) =>
      ask.kind === 'request-bodies' && ask.headers.some(({ hash }) => hash === invalid.hash)
        ? {
            kind: 'failed',
            request: ask.request,
            isFault: true,
            error: fail('ENTRY_SIGNATURE_INVALID', 'no').error,
            invalidBlock: invalid.hash,
          }
        : truth
    const world = new SyncWorld(new FakeLedger([genesis])).connect(x, honest('a', good))
    expect(world.runTo(good, 60_000)).toBe(true)
    expect([...world.disconnected.keys()]).toEqual(['x'])
    world.connect(honest('late', bad))
    world.run(world.now + 10_000)
    expect(world.disconnected.get('late')?.code).toBe('PEER_HEADERS_INVALID')
  })

  test('is not what a valid one becomes when somebody sends another body for it', () => {
    const wrong = honest('wrong', good, 1)
    wrong.answer = (ask, truth) =>
      ask.kind === 'request-bodies'
        ? { kind: 'bodies', request: ask.request, blocks: ask.headers.map(() => bad[399] as Block) }
        : truth
    const world = new SyncWorld(new FakeLedger([genesis])).connect(wrong, honest('a', good))
    expect(world.runTo(good, 60_000)).toBe(true)
    expect(world.disconnected.get('wrong')?.code).toBe('PEER_ANSWER_INVALID')
    expect([...world.disconnected.keys()]).toEqual(['wrong'])
  })

  test('of a time that has not come costs nothing, and is asked for again later', () => {
    const refusals = refusing(good[280]?.hash as Hash, 'BLOCK_TIME_AHEAD')
    const world = new SyncWorld(new FakeLedger([genesis], 1_000_000, refusals)).connect(honest('a', good))
    world.run(world.now + 9_000)
    expect(world.ledger.head.height).toBe(279)
    expect(world.count('request-headers')).toBeLessThan(5)
    refusals.clear()
    expect(world.runTo(good, 20_000)).toBe(true)
    expect(world.disconnected.size).toBe(0)
  })
})

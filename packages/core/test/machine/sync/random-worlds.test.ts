/**
 * Sync among random peers: honest ones of several chains and speeds, and those that stall, lie, withhold or
 * send nonsense, now and then or always. One honest peer has the best chain and stays. Whatever the others
 * do, the node gets to the head of that chain, and no honest peer loses its connection.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Block } from '../../../src/block/block.ts'
import { equalBytes, keyOf } from '../../../src/bytes.ts'
import { isPreferred } from '../../../src/consensus/engine.ts'
import { fail } from '../../../src/result.ts'
import { runs } from '../../support/runs.ts'
import { extend, FakeLedger, genesis, headerOf, statusOf } from './fake-chain.ts'
import { type Answer, type Ask, type FakePeer, failed, SyncWorld } from './sync-world.ts'

const FAULTS = ['stall', 'busy', 'fault', 'lie', 'withhold', 'some', 'empty', 'shuffle', 'foreign'] as const
type Fault = (typeof FAULTS)[number]

const badPeer = fc.record({
  fault: fc.constantFrom(...FAULTS),
  /** Of its questions, how many in ten it answers badly. */
  often: fc.integer({ min: 1, max: 10 }),
  /** Of the best chain, of a worse one, of one that nobody else has, of one with an invalid block. */
  chain: fc.constantFrom('best', 'worse', 'phantom', 'invalid'),
  delayMs: fc.integer({ min: 0, max: 3_000 }),
  leavesAt: fc.option(fc.integer({ min: 1, max: 60_000 })),
  joinsAt: fc.integer({ min: 0, max: 30_000 }),
})
const world = fc.record({
  seed: fc.nat({ max: 1_000_000 }),
  common: fc.integer({ min: 0, max: 60 }),
  ours: fc.integer({ min: 0, max: 60 }),
  best: fc.integer({ min: 61, max: 400 }),
  isFork: fc.boolean(),
  bad: fc.array(badPeer, { maxLength: 4 }),
  honestDelays: fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 3 }),
  headersAheadMax: fc.constantFrom(8, 60, 2_048),
  headersPerRequest: fc.constantFrom(5, 50, 512),
  bodiesAheadMax: fc.constantFrom(4, 64, 512),
})
type Choice = typeof world extends fc.Arbitrary<infer T> ? T : never

/** Numbers from 0 below `below`, the same for the same seed. */
function dice(seed: number): (below: number) => number {
  let state = seed * 2 + 1
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function spoilt(fault: Fault, ask: Ask, honest: Answer, id: string, roll: (below: number) => number): Answer {
  const { request } = ask
  if (fault === 'stall') return 'stall'
  if (fault === 'busy') return failed(request, false)
  if (fault === 'fault') return failed(request, true)
  if (typeof honest === 'string') return honest
  if (honest.kind === 'status' && fault === 'lie') {
    const height = roll(1_000)
    const status = {
      head: honest.status.head.map((byte) => byte ^ height),
      height,
      weight: BigInt(roll(1_000)),
    }
    return { kind: 'status', peer: id, status }
  }
  if (honest.kind === 'headers') {
    if (fault === 'empty') return { ...honest, headers: [] }
    if (fault === 'shuffle') return { ...honest, headers: honest.headers.toReversed() }
    if (fault === 'some') return { ...honest, headers: honest.headers.slice(0, roll(honest.headers.length)) }
  }
  if (honest.kind === 'bodies') {
    if (fault === 'withhold') return { ...honest, blocks: honest.blocks.map(() => null) }
    if (fault === 'some') return { ...honest, blocks: honest.blocks.map((block) => (roll(2) ? block : null)) }
    if (fault === 'empty') return { ...honest, blocks: [] }
    if (fault === 'foreign') return { ...honest, blocks: honest.blocks.map(() => genesis) }
  }
  return honest
}

function play(choice: Choice): void {
  const roll = dice(choice.seed)
  const common = extend([genesis], choice.common)
  const ours = choice.isFork ? extend(common, choice.ours, 'ours') : common
  const best = extend(common, choice.best, 'best')
  const invalid = extend(best.slice(0, common.length + roll(60)), 450, 'invalid')
  const bad = invalid.at(-roll(300) - 1) as Block
  const chains = {
    best,
    worse: extend(common, 30, 'worse'),
    phantom: extend(best.slice(0, common.length + roll(60)), 450, 'phantom'),
    invalid,
  }
  const ledger = new FakeLedger(
    ours,
    1_000_000,
    new Map([[keyOf(bad.hash), fail('BLOCK_SEQUENCE_WRONG', 'invalid').error]]),
  )
  const { headersAheadMax, headersPerRequest, bodiesAheadMax } = choice
  const sim = new SyncWorld(ledger, { headersAheadMax, headersPerRequest, bodiesAheadMax })
  const honest = choice.honestDelays.map(
    (delayMs, i): FakePeer => ({ id: `honest-${i}`, chain: best, delayMs }),
  )
  for (const [i, { fault, often, chain, delayMs, leavesAt, joinsAt }] of choice.bad.entries()) {
    const id = `bad-${i}`
    const answer = (ask: Ask, truth: Answer): Answer =>
      roll(10) < often ? spoilt(fault, ask, truth, id, roll) : truth
    sim.at(sim.now + joinsAt, () => sim.connect({ id, chain: chains[chain], delayMs, answer }))
    if (leavesAt !== null) sim.at(sim.now + joinsAt + leavesAt, () => sim.peers.has(id) && sim.leave(id))
  }
  sim.connect(...honest)
  for (let i = 0; i < 10; i++) {
    const block = best[roll(best.length)] as Block
    sim.at(sim.now + roll(20_000), () => {
      if (roll(2) === 0) ledger.receive([block])
      sim.step({ kind: 'head-moved' })
      if (block !== genesis) sim.step({ kind: 'announced', peer: 'honest-0', header: headerOf(block) })
    })
  }
  const target = statusOf(best)
  const candidate = { hash: target.head, weight: target.weight }
  const isThere = () => equalBytes(ledger.head.hash, target.head) || isPreferred(ledger.head, candidate)
  expect(sim.run(sim.now + 1_800_000, isThere)).toBe(true)
  for (const { id } of honest) expect(sim.disconnected.get(id)).toBeUndefined()
  sim.run(sim.now + 600_000)
  for (const { id } of honest) expect(sim.disconnected.get(id)).toBeUndefined()
  expect(sim.queuedMax).toBeLessThanOrEqual(headersAheadMax)
}

test('among random peers the node reaches the best chain of an honest one, and keeps the honest', () => {
  fc.assert(fc.property(world, play), runs(60))
}, 60_000)

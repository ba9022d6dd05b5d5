/** Blocks that no honest node makes: announced whole, by their header alone, and given to sync. */
import { encodeStatus } from '@pulseledger/core'
import type { World } from '../../world.ts'
import { altered, announced, announcedHeader } from '../announce.ts'
import { Book } from '../book.ts'
import { type Forged, forgeBranch } from '../forge.ts'
import { Hostile } from '../hostile.ts'
import { SPOILS, type SpoilContext, type Spoiled } from '../spoils.ts'
import { type Tip, tipOf } from '../tip.ts'
import { type AttackTools, bestNode, heightOf, type Plan } from '../tools.ts'

/** Between two bad blocks, ms. */
const GAP_MS = 1_500

const DAY = 86_400_000

export const badBlocks: Plan = (tools) => {
  const { world, chance, every } = tools
  const book = new Book(() => bestNode(world).disk)
  const member = new Hostile(tools, {
    name: 'bad-blocks',
    victims: () => chance.some(world.nodes, chance.between(1, world.nodes.length)),
    answer: (kind, message) => book.answer(kind, message),
  })
  member.join()
  every(GAP_MS, () => attack(tools, member, book))
  return () => member.leave()
}

function attack(tools: AttackTools, member: Hostile, book: Book): void {
  const { world, chance, later } = tools
  if (member.peers.length === 0) return
  const name = chance.pick(Object.keys(SPOILS))
  const base = chooseTip(tools)
  const way = chance.pick(['whole', 'header', 'altered', 'sync', 'sync'] as const)
  world.tell('bad-blocks', `gives a block with ${name}, on ${base.header.height}: ${way}`)
  if (way === 'sync') {
    book.show(base, buriedBranch(tools, base, name))
    member.tellStatus(encodeStatus(book.status()))
    return
  }
  const block = spoiled(tools, base, name)
  book.keep(block)
  if (way === 'header') member.publish('blocks', announcedHeader(block))
  else if (way === 'whole') member.publish('blocks', announced(block))
  else member.publish('blocks', altered(announced(block), chance))
  const { truth } = block
  // A good block must be taken from whoever brings it, after somebody else made it look bad.
  if (truth) later(chance.gap(300), () => member.publish('blocks', announced(truth)))
}

/** Good blocks, the bad one, and what would stand on it. */
function buriedBranch(tools: AttackTools, base: Tip, name: string): Forged[] {
  const { chance, shop } = tools
  const below = forgeBranch(base, chance.pick([0, 0, 1, 3]), shop)
  const bad = spoiled(tools, below.at(-1)?.tip ?? base, name)
  const above = forgeBranch(bad.tip, chance.pick([0, 1, 5]), shop)
  return [...below, bad, ...above]
}

function spoiled({ world, shop }: AttackTools, tip: Tip, name: string): Spoiled {
  const { document } = world.genesis.rules
  const context: SpoilContext = {
    shop,
    tip,
    disk: bestNode(world).disk,
    document,
    aheadMs: tooFarAhead(world),
  }
  return (SPOILS[name] as (typeof SPOILS)[string])(context)
}

/** The head of the best chain, or a block below it: also below what is final. */
function chooseTip({ world, chance }: AttackTools): Tip {
  const { disk } = bestNode(world)
  const below = chance.happens(0.3) ? chance.between(1, Math.min(12, world.scenario.finalDepth + 3)) : 0
  return tipOf(disk, Math.max(0, heightOf(disk) - below))
}

/**
 * A block that is early for some clocks and not for others is a fork that lasts until it is early for none:
 * with clocks that differ it comes so early that none of them takes it in this run.
 */
function tooFarAhead({ scenario }: World): readonly [number, number] {
  const isSkewed = scenario.faults.has('skew') || scenario.faults.has('clock-jump')
  return isSkewed ? [30 * DAY, 3_650 * DAY] : [130_000, 600_000]
}

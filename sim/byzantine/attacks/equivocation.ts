/**
 * Two truths: an author who signs two entries for one sequence, a producer who makes two blocks on one
 * parent. Each is valid alone and goes to a part of the nodes, by one member for each part. Nobody did wrong
 * who takes what came first; all must come to one of them in the end.
 *
 * Seldom enough that the readings of honest people go on, since nothing here can be refused.
 */
import { type EntryWithPayload, encodeEntries } from '@pulseledger/core'
import type { SimNode } from '../../node/sim-node.ts'
import { announced, announcedHeader } from '../announce.ts'
import { Book } from '../book.ts'
import { type Forged, forgeBlock, forgeBranch, forgeEntries, forgeEntry, readyEntries } from '../forge.ts'
import { Hostile } from '../hostile.ts'
import { type Tip, tipOf } from '../tip.ts'
import { type AttackTools, newKey, type Plan } from '../tools.ts'

/** Between two pairs of entries, and of blocks, ms. */
const ENTRIES_GAP_MS = 12_000
const BLOCKS_GAP_MS = 12_000

/** How long the two stay with the same parts of the nodes, ms. */
const STAY_MS = 60_000

/** Readings of honest people that one of the blocks takes along. */
const HONEST_ENTRIES_MAX = 4

/** As much as a clock may be fast: no honest one is so slow that this is too far ahead for it. */
const AHEAD_MS_MAX = 55_000

/** Forks of two blocks come near to what a small final depth lets heal. */
const DEEP_FROM = 8

/** One face for each part of the nodes. */
interface Face {
  readonly member: Hostile
  readonly book: Book
  victims: readonly SimNode[]
}

export const equivocation: Plan = (tools) => {
  const { every } = tools
  const faces = [makeFace(tools, 'janus'), makeFace(tools, 'sunaj')] as const
  const leave = (): void => {
    for (const { member } of faces) member.leave()
  }
  visit(tools, faces)
  every(ENTRIES_GAP_MS, () => twoEntries(tools, faces))
  every(BLOCKS_GAP_MS, () => twoBlocks(tools, faces))
  // Nodes that lost their key are not found any more, and other parts make other forks.
  every(STAY_MS, () => {
    leave()
    visit(tools, faces)
  })
  return leave
}

/** Each goes to a part of the nodes. */
function visit({ world, chance }: AttackTools, [left, right]: readonly [Face, Face]): void {
  const nodes = chance.shuffled(world.nodes)
  const count = chance.between(1, nodes.length - 1)
  left.victims = nodes.slice(0, count)
  right.victims = nodes.slice(count)
  left.member.join()
  right.member.join()
}

function makeFace(tools: AttackTools, name: string): Face {
  const face = { victims: [] as readonly SimNode[] }
  const book = new Book(() => (face.victims[0] as SimNode).disk)
  const member = new Hostile(tools, {
    name,
    victims: () => face.victims,
    answer: (kind, message) => book.answer(kind, message),
  })
  return Object.assign(face, { member, book })
}

/** One or several sequences of one author, each signed twice. */
function twoEntries({ world, chance, shop }: AttackTools, faces: readonly [Face, Face]): void {
  const signer = newKey(shop)
  const count = chance.pick([1, 1, 1, 2, 5])
  world.tell('equivocation', `signs ${count} entries of one author twice`)
  for (const { member } of faces) member.publish('entries', encodeEntries(forgeEntries(shop, count, signer)))
}

function twoBlocks(tools: AttackTools, faces: readonly [Face, Face]): void {
  const { world, chance, shop } = tools
  const { disk } = chance.pick(world.nodes)
  const base = tipOf(disk)
  const honest = readyEntries(disk, base, Math.min(HONEST_ENTRIES_MAX, world.scenario.blockEntries))
  const branches = twins(tools, base, honest)
  const way = chance.pick([announced, announced, announcedHeader])
  const height = base.header.height + 1
  world.tell('equivocation', `makes two blocks ${height}, with ${honest.length} readings of others`)
  for (const [i, { member, book }] of faces.entries()) {
    const branch = branches[i] as Forged[]
    const longer = [
      ...branch,
      ...forgeBranch((branch.at(-1) as Forged).tip, chance.pick(depths(tools)), shop),
    ]
    book.show(base, longer)
    for (const block of longer) member.publish('blocks', way(block))
  }
}

/**
 * Two blocks of one producer, which differ in their entries, in the order of these, or in their time alone.
 */
function twins({ world, chance, shop }: AttackTools, base: Tip, honest: EntryWithPayload[]): Forged[][] {
  const producer = newKey(shop)
  const roomFor = world.scenario.blockEntries - honest.length
  const own = roomFor > 0 ? [forgeEntry(shop)] : []
  const difference = chance.pick(['entries', 'order', 'time', 'author'] as const)
  const aheadMs = chance.pick([0, 0, 1_000, AHEAD_MS_MAX])
  const make = (items: readonly EntryWithPayload[], later = 0): Forged[] => [
    forgeBlock(base, items, shop, { producer, aheadMs: aheadMs + later }),
  ]
  switch (difference) {
    case 'entries':
      return [make([...honest, ...own]), make([forgeEntry(shop)])]
    case 'order':
      return [make([...honest, ...own]), make([...own, ...honest], 1)]
    case 'time':
      return [make([...honest, ...own]), make([...honest, ...own], chance.between(1, 500))]
    case 'author': {
      // Both forks at once: the blocks carry what the author said to each part.
      const signer = newKey(shop)
      return [make([forgeEntry(shop, { signer })]), make([forgeEntry(shop, { signer })])]
    }
  }
}

/** Further blocks on each of the two. */
function depths({ world }: AttackTools): readonly number[] {
  return world.scenario.finalDepth < DEEP_FROM ? [0] : [0, 0, 0, 1, 3]
}

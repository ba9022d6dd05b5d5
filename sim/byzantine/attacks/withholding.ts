/**
 * A better chain that nobody gets: its blocks are good, their headers are given to whoever asks, and their
 * contents never come, come only in part, or come so late that the question is about to be given up.
 */
import { type BlockContents, encodeHeaders, encodeStatus, LIMITS } from '@pulseledger/core'
import type { RequestKind } from 'pulseledger/simulation'
import { announcedHeader } from '../announce.ts'
import { Book, encodeContents } from '../book.ts'
import { forgeBranch } from '../forge.ts'
import { Hostile, silence } from '../hostile.ts'
import { tipOf } from '../tip.ts'
import { type AttackTools, bestNode, type Plan } from '../tools.ts'

/** Between two chains that it claims to have, ms. */
const GAP_MS = 8_000

/**
 * Between two blocks by which it says that its chain has grown: sooner than a node stops waiting for it, ms.
 */
const GROWTH_MS = 3_000

/** Headers of a chain that grows, at most: its every answer repeats them. */
const GROWN_MAX = 100

/** Before a question is given up, for what the way there and back takes, ms. */
const MARGIN_MS = 500

const WAYS = ['silent', 'growing', 'empty', 'null', 'slow', 'half', 'once'] as const
type Way = (typeof WAYS)[number]

export const withholding: Plan = (tools) => {
  const { world, chance, every } = tools
  const book = new Book(() => bestNode(world).disk)
  let way: Way = 'silent'
  const member = new Hostile(tools, {
    name: 'withholding',
    victims: () => chance.some(world.nodes, chance.between(1, world.nodes.length)),
    answer: (kind, message) => answer(tools, book, { way, kind, message }),
  })
  member.join()
  every(GAP_MS, () => {
    if (member.peers.length === 0) return
    way = chance.pick(WAYS)
    claimBetter(tools, member, book, way)
  })
  every(GROWTH_MS, () => {
    if (way === 'growing' && member.peers.length > 0) grow(tools, member, book)
  })
  return () => member.leave()
}

/** Always more headers of the same chain, so that it looks as if something came. */
function grow({ shop }: AttackTools, member: Hostile, book: Book): void {
  const last = book.branch.at(-1)
  if (last === undefined || book.branch.length >= GROWN_MAX) return
  book.extend(forgeBranch(last.tip, 1, shop))
  member.tellStatus(encodeStatus(book.status()))
}

function claimBetter(tools: AttackTools, member: Hostile, book: Book, way: Way): void {
  const { world, chance, shop } = tools
  const { disk } = bestNode(world)
  const base = tipOf(disk)
  const branch = forgeBranch(base, chance.pick([1, 1, 2, 6, 40]), shop)
  book.show(base, branch)
  const announces = chance.pick(['nothing', 'first', 'last', 'all'] as const)
  world.tell('withholding', `has ${branch.length} blocks, announces ${announces}, gives bodies: ${way}`)
  for (const [i, block] of branch.entries()) {
    const isFirst = i === 0
    const isLast = i === branch.length - 1
    const isTold =
      announces === 'all' || (announces === 'first' && isFirst) || (announces === 'last' && isLast)
    if (isTold) member.publish('blocks', announcedHeader(block))
  }
  if (announces !== 'first' || way === 'growing') member.tellStatus(encodeStatus(book.status()))
}

interface Question {
  readonly way: Way
  readonly kind: RequestKind
  readonly message: Uint8Array
}

function answer(
  tools: AttackTools,
  book: Book,
  { way, kind, message }: Question,
): Uint8Array | Promise<Uint8Array> {
  // Now and then not even headers come.
  if (kind === 'headers' && way === 'silent' && tools.chance.happens(0.3)) return silence()
  if (kind === 'headers' && way === 'half') return encodeHeaders(book.headers(message).slice(0, 1))
  if (kind !== 'bodies') return book.answer(kind, message)
  const bodies = book.contents(message)
  switch (way) {
    case 'silent':
    case 'growing':
      return silence()
    case 'empty':
      return encodeContents([])
    case 'null':
      return encodeContents(bodies.map(() => null))
    case 'half':
      return encodeContents(firstHalf(bodies))
    case 'once':
      return tools.chance.happens(0.2) ? encodeContents(bodies.slice(0, 1)) : silence()
    case 'slow':
      return later(tools, encodeContents(bodies.slice(0, 1)))
  }
}

/** What follows it is said not to be there. */
function firstHalf(bodies: readonly (BlockContents | null)[]): (BlockContents | null)[] {
  return bodies.map((body, i) => (2 * i < bodies.length - 1 ? body : null))
}

function later({ world, owner, chance }: AttackTools, bytes: Uint8Array): Promise<Uint8Array> {
  const { latencyMs } = world.scenario
  const waitMs = LIMITS.syncRequestTimeoutMs - 2 * latencyMs[1] - chance.between(1, MARGIN_MS)
  return new Promise((resolve) => world.scheduler.after(waitMs, owner, () => resolve(bytes)))
}

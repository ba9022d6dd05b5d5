/**
 * Claims that are not true, another one each time, and headers that do not lead to what was claimed; or the
 * best claim of all and then no headers, by several members one after the other.
 */
import {
  encodeHeaders,
  encodeStatus,
  type Hash,
  LIMITS,
  type PeerStatus,
  type SignedHeader,
} from '@pulseledger/core'
import type { RequestKind } from 'pulseledger/simulation'
import { Book } from '../book.ts'
import { forgeBranch } from '../forge.ts'
import { Hostile, silence } from '../hostile.ts'
import { tipOf } from '../tip.ts'
import { type AttackTools, bestNode, heightOf, type Plan, type Workshop } from '../tools.ts'

/** Between two lies that nobody asked for, ms. */
const GAP_MS = 2_000

type Lie = (truth: PeerStatus, shop: Workshop, honestAt: (height: number) => Hash) => PeerStatus

const LIES: Readonly<Record<string, Lie>> = {
  'the truth': (truth) => truth,
  'an absurd height': (truth, { chance }) => {
    return { ...truth, head: chance.bytes(32), height: Number.MAX_SAFE_INTEGER, weight: 2n ** 53n }
  },
  'an absurd weight': (truth, { chance }) => ({ ...truth, head: chance.bytes(32), weight: 2n ** 256n - 1n }),
  'one block more': ({ height, weight }, { chance }) => {
    return { head: chance.bytes(32), height: height + 1, weight: weight + 1n }
  },
  'another head of the same weight': (truth) => ({ ...truth, head: new Uint8Array(32) }),
  'more weight for a known head': (truth) => ({ ...truth, weight: truth.weight + 100n }),
  'less weight for a known head': (truth) => ({ ...truth, weight: 0n }),
  'another height for a known head': (truth) => ({ ...truth, height: truth.height + 100 }),
  'an old head as the best': ({ height, weight }, { chance }, honestAt) => {
    return { head: honestAt(chance.between(0, height)), height: height + 10, weight: weight + 10n }
  },
  'nothing at all': (_, { ledgerId }) => ({ head: ledgerId, height: 0, weight: 1n }),
}

/** How its members behave: all of them in the same way, towards the same nodes. */
interface Manner {
  /** What they claim. */
  readonly lies: readonly string[]
  /** They never show what they claim, and never say that they cannot. */
  readonly isSilent: boolean
}

const MIXED: Manner = { lies: Object.keys(LIES), isSilent: false }

/** The best claim of all, and nobody else is asked while an answer is waited for. */
const GREAT: Manner = { lies: ['an absurd height', 'an absurd weight'], isSilent: true }

export const lyingStatus: Plan = (tools) => {
  const { world, chance, every } = tools
  const book = new Book(() => bestNode(world).disk)
  const manner = chance.pick([MIXED, MIXED, GREAT])
  const names = chance.some(world.nodes, chance.between(1, world.nodes.length)).map(({ name }) => name)
  const members = Array.from({ length: chance.pick([1, 1, 3]) }, () => {
    return new Hostile(tools, {
      name: 'lying-status',
      victims: () => world.nodes.filter(({ name }) => names.includes(name)),
      answer: (kind, message) => answer(tools, book, { manner, kind, message }),
    })
  })
  for (const member of members) {
    member.join()
    every(GAP_MS, () => {
      if (member.peers.length > 0) member.tellStatus(lie(tools, book, manner))
    })
  }
  return () => {
    for (const member of members) member.leave()
  }
}

function lie({ world, chance, shop }: AttackTools, book: Book, { lies }: Manner): Uint8Array {
  const name = chance.pick(lies)
  world.tell('lying-status', `claims ${name}`)
  const honestAt = (height: number): Hash => bestNode(world).disk.canonical[height] as Hash
  return encodeStatus((LIES[name] as Lie)(book.status(), shop, honestAt))
}

interface Question {
  readonly manner: Manner
  readonly kind: RequestKind
  readonly message: Uint8Array
}

function answer(
  tools: AttackTools,
  book: Book,
  { manner, kind, message }: Question,
): Uint8Array | Promise<Uint8Array> {
  const isSilent = kind !== 'bodies' && tools.chance.happens(0.1)
  if (isSilent || (manner.isSilent && kind === 'headers')) return silence()
  if (kind === 'status') return lie(tools, book, manner)
  return kind === 'headers' ? falseHeaders(tools, book, message) : book.answer(kind, message)
}

/** Some that exist, none of which lead on; or some that stand on nothing. */
function falseHeaders({ world, chance, shop }: AttackTools, book: Book, message: Uint8Array): Uint8Array {
  const { disk } = bestNode(world)
  const honest = (from: number): SignedHeader[] => {
    return new Book(() => disk).headersFrom(from, LIMITS.headersCountMax)
  }
  switch (chance.pick(['empty', 'right', 'old', 'again', 'junk', 'unrelated', 'backwards'] as const)) {
    case 'empty':
      return encodeHeaders([])
    case 'right':
      return encodeHeaders(book.headers(message))
    case 'old':
      return encodeHeaders(honest(1).slice(0, 3))
    case 'again':
      return encodeHeaders(honest(Math.max(1, heightOf(disk) - 3)))
    case 'junk':
      return chance.bytes(chance.between(0, 2_000))
    case 'unrelated': {
      const [, ...orphans] = forgeBranch(tipOf(disk), 4, shop)
      return encodeHeaders(orphans)
    }
    case 'backwards':
      return encodeHeaders(honest(Math.max(1, heightOf(disk) - 5)).reverse())
  }
}

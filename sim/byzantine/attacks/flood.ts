/**
 * Too much of everything, in bursts that are longer than what one peer may send: junk, gossip that everybody
 * knows, questions that are dear to answer, and messages that are too long. Each member talks to one node, so
 * a burst costs the simulation some thousand tasks, and a minute of it some ten thousand.
 */
import {
  encodeBodiesRequest,
  encodeEntries,
  encodeHeadersRequest,
  encodeStatus,
  LIMITS,
} from '@pulseledger/core'
import { type MemoryDisk, NODE_LIMITS, type RequestKind } from 'pulseledger/simulation'
import type { Chance } from '../../kernel/chance.ts'
import type { SimNode } from '../../node/sim-node.ts'
import { Book } from '../book.ts'
import { forgeEntry } from '../forge.ts'
import { Hostile } from '../hostile.ts'
import { entriesAt } from '../tip.ts'
import { type AttackTools, bestNode, heightOf, type Plan } from '../tools.ts'

const MEMBERS = 2

/** Between two bursts of one member, ms. */
const GAP_MS = 60_000

/** Longer than an allowance, and than what may be dropped of it. */
const GOSSIP_COUNT = NODE_LIMITS.peerGossipCountBurst + NODE_LIMITS.peerDropsBurst + 800
const REQUEST_COUNT = NODE_LIMITS.peerRequestsBurst + NODE_LIMITS.peerDropsBurst + 200

/** Messages that arrive one by one: over how long a burst is spread, ms. */
const BURST_MS = 200

type Burst = (tools: AttackTools, member: Hostile) => void

const BURSTS: Readonly<Record<string, Burst>> = {
  'gossip that is known': (tools, member) => spread(tools, GOSSIP_COUNT, knownGossip(tools, member)),
  'gossip that is junk': (tools, member) =>
    spread(tools, 100, (chance) => member.publish(chance.pick(['blocks', 'entries']), chance.bytes(64))),
  'the longest gossip': (tools, member) =>
    spread(tools, 40, () => member.publish('entries', new Uint8Array(LIMITS.gossipBytesMax).fill(0x80))),
  'questions of every kind': (tools, member) =>
    spread(tools, REQUEST_COUNT, (chance) => askSomething(tools, member, chance)),
  'questions that are too long': (tools, member) =>
    spread(tools, 20, (chance) => ask(member, chance.pick(KINDS), new Uint8Array(100_000).fill(0x81))),
}

const KINDS: readonly RequestKind[] = ['status', 'headers', 'bodies', 'peers']

export const flood: Plan = (tools) => {
  const { world, chance, every } = tools
  const book = new Book(() => bestNode(world).disk)
  const members = Array.from({ length: MEMBERS }, (_, i) => {
    return new Hostile(tools, {
      name: `flood-${i + 1}`,
      victims: () => [chance.pick(world.nodes)],
      // Its answers are too long as well.
      answer: (kind, message) => (chance.happens(0.02) ? tooLong(kind) : book.answer(kind, message)),
    })
  })
  for (const member of members) {
    member.join()
    every(GAP_MS, () => {
      const name = chance.pick(Object.keys(BURSTS))
      world.tell('flood', `sends ${name} to ${member.peers[0]?.name ?? 'nobody'}`)
      if (member.peers.length > 0) BURSTS[name]?.(tools, member)
    })
  }
  return () => {
    for (const member of members) member.leave()
  }
}

function spread({ chance, later }: AttackTools, count: number, act: (chance: Chance) => void): void {
  // In few tasks, each of which sends many: what counts is how many arrive.
  const perTask = Math.ceil(count / 50)
  for (let sent = 0; sent < count; sent += perTask) {
    later(chance.below(BURST_MS), () => {
      for (let i = 0; i < Math.min(perTask, count - sent); i++) act(chance)
    })
  }
}

/** Always the same: every node has it, and none looks at it for long. */
function knownGossip({ world, shop }: AttackTools, member: Hostile): () => void {
  const { disk } = bestNode(world)
  const items = entriesAt(disk, heightOf(disk))
  const sequence = Number.MAX_SAFE_INTEGER
  const message = encodeEntries(items.length > 0 ? items.slice(0, 3) : [forgeEntry(shop, { sequence })])
  return () => member.publish('entries', message)
}

function askSomething({ world }: AttackTools, member: Hostile, chance: Chance): void {
  const { disk } = bestNode(world)
  const [kind, message] = dearQuestion(disk, chance)
  ask(member, kind, message)
}

/** As much of everything as one question may ask for. */
function dearQuestion(disk: MemoryDisk, chance: Chance): readonly [RequestKind, Uint8Array] {
  const { canonical } = disk
  switch (chance.pick(['status', 'headers', 'bodies', 'unknown'] as const)) {
    case 'status':
      return ['status', encodeStatus(new Book(() => disk).status())]
    case 'headers': {
      const unknown = Array.from({ length: LIMITS.locatorHashesMax - 1 }, () => chance.bytes(32))
      const locator = [...unknown, chance.pick(canonical)]
      return ['headers', encodeHeadersRequest({ locator, countMax: LIMITS.headersCountMax })]
    }
    case 'bodies':
      return ['bodies', encodeBodiesRequest(canonical.slice(-LIMITS.bodiesCountMax))]
    case 'unknown':
      return ['bodies', encodeBodiesRequest([chance.bytes(32)])]
  }
}

function ask(member: Hostile, kind: RequestKind, message: Uint8Array): void {
  const [victim]: readonly (SimNode | undefined)[] = member.peers
  if (victim) member.ask(victim, kind, message)
}

function tooLong(kind: RequestKind): Uint8Array {
  const bytesMax = {
    status: LIMITS.requestBytesMax,
    headers: LIMITS.headersBytesMax,
    bodies: 1_048_576,
    peers: 100,
  }
  return new Uint8Array(bytesMax[kind] + 1)
}

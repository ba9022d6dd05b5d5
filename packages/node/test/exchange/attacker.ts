import {
  type Block,
  type BlockContents,
  decodeBodiesRequest,
  decodeHeadersRequest,
  encodeAnnouncement,
  encodeBodies,
  encodeHeaders,
  encodeStatus,
  equalBytes,
  type Hash,
  invariant,
  keyOf,
} from '@pulseledger/core'
import type { MemoryNetwork } from '../../src/network/memory/network.ts'
import type { GossipTopic, NetworkHandlers, RequestKind } from '../../src/ports.ts'
import { TestChain } from '../support/chain.ts'
import { headOf, type MemoryPeer, MemoryWorld } from './memory-peer.ts'

/** What an attacker answers; without, it does not answer at all. */
export type Answers = Partial<Record<RequestKind, (message: Uint8Array) => Uint8Array | Promise<Uint8Array>>>

/** A peer that says whatever a test wants. */
export class Attacker {
  readonly network: MemoryNetwork
  readonly asked: RequestKind[] = []
  answers: Answers = {}
  #count = 0

  constructor(network: MemoryNetwork) {
    this.network = network
  }

  async start(): Promise<void> {
    const handlers: NetworkHandlers = {
      onPeer: () => {},
      onPeerGone: () => {},
      onForeign: () => {},
      onGossip: () => Promise.resolve('ignore'),
      onRequest: async (kind, message) => {
        this.asked.push(kind)
        const answer = this.answers[kind]
        if (answer) return answer(message)
        return new Promise(() => {})
      },
    }
    await this.network.start(handlers)
  }

  publish(topic: GossipTopic, message: Uint8Array): void {
    this.#count += 1
    this.network.publish(topic, message)
  }

  ask(victim: MemoryPeer, kind: RequestKind, message: Uint8Array): Promise<Uint8Array> {
    const options = { timeoutMs: 1_000, answerBytesMax: 32 * 1_048_576 }
    return this.network.request(victim.network.self, kind, message, options)
  }
}

/** An attacker beside a victim, and a bystander behind the victim who must hear of nothing. */
export interface Scene {
  readonly world: MemoryWorld
  readonly chain: TestChain
  readonly attacker: Attacker
  readonly victim: MemoryPeer
  readonly bystander: MemoryPeer
}

export async function startScene(chain = new TestChain('attacked')): Promise<Scene> {
  const world = await MemoryWorld.create({ document: chain.document })
  const victim = await world.start('victim')
  const bystander = await world.start('bystander')
  const publicKey = world.signer('attacker').publicKey
  const attacker = new Attacker(world.hub.join({ ledgerId: world.rules.ledgerId, publicKey }))
  await attacker.start()
  world.hub.connect(victim.network, bystander.network)
  world.hub.connect(attacker.network, victim.network)
  await world.until('all are connected', () => victim.network.peers().length === 2)
  return { world, chain, attacker, victim, bystander }
}

/** All of a node that an attack could change, as text. */
export function stateOf(peer: MemoryPeer): string {
  const { pending, waitingCount } = peer.ledger
  const blockCount = peer.disk.blocks.size
  return `${headOf(peer)} pending ${pending.count} waiting ${waitingCount} blocks ${blockCount}`
}

export function isConnected({ attacker, victim }: Scene): boolean {
  return victim.network.peers().some(({ id }) => id === attacker.network.self)
}

export function contentsOf({ bodyBytes, payloads }: Block): BlockContents {
  return {
    bodyBytes,
    payloads: payloads.map((payload) => {
      invariant(payload, 'nothing was erased')
      return payload
    }),
  }
}

export function announce(block: Block, contents: BlockContents | null = contentsOf(block)): Uint8Array {
  return encodeAnnouncement({ header: block, contents })
}

/** `weight` by default that of the longest chain. */
export function statusOf(blocks: readonly Block[], weight = BigInt(blocks.length + 1)): Uint8Array {
  const head = blocks.at(-1) as Block
  return encodeStatus({ head: head.hash, height: blocks.length, weight })
}

/** What an honest node with these blocks would answer. */
export function honest(blocks: readonly Block[], weight?: bigint): Answers {
  const byHash = new Map(blocks.map((block) => [keyOf(block.hash), block]))
  return {
    status: () => statusOf(blocks, weight),
    headers: (message) => {
      return encodeHeaders(headersFrom(blocks, message))
    },
    bodies: (message) => {
      const hashes = decodeBodiesRequest(message)
      if (!hashes.ok) throw new Error(hashes.error.message)
      const contents = hashes.value.map((hash) => byHash.get(keyOf(hash)))
      return encodeBodies(contents.map((block) => (block ? contentsOf(block) : null)))
    },
  }
}

export function headersFrom(blocks: readonly Block[], message: Uint8Array): Block[] {
  const request = decodeHeadersRequest(message)
  if (!request.ok) throw new Error(request.error.message)
  const { locator, countMax } = request.value
  const isKnown = (hash: Hash) => blocks.findIndex((block) => equalBytes(block.hash, hash)) + 1
  const from = Math.max(0, ...locator.map(isKnown))
  return blocks.slice(from, from + countMax)
}

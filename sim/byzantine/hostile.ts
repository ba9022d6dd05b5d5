/**
 * One hostile member of the network: a key, connections to some nodes, and what it answers to those who ask.
 * It hears everything and passes nothing on. When everybody refuses it, it comes back after a while with
 * another key, since keys are free; what a ban costs it is time.
 */
import { toHex } from '@pulseledger/core'
import type { GossipTopic, MemoryNetwork, PeerId, RequestKind } from 'pulseledger/simulation'
import { SimClock } from '../kernel/scheduler.ts'
import type { SimNode } from '../node/sim-node.ts'
import { type AttackTools, newKey } from './tools.ts'

/** A promise that stays open is no answer at all. */
export type Answer = (
  kind: RequestKind,
  message: Uint8Array,
  from: PeerId,
) => Promise<Uint8Array> | Uint8Array

export interface HostileInit {
  /** For the trace. */
  readonly name: string
  /** Whom it connects to, each time it comes. */
  readonly victims: () => readonly SimNode[]
  readonly answer: Answer
}

/** Between two looks at whether anybody still talks to it. */
const LOOK_MS = 2_000
/** From a look in vain to its coming back, on average. */
const AWAY_MS = 5_000

export class Hostile {
  readonly #tools: AttackTools
  readonly #init: HostileInit
  #network: MemoryNetwork | undefined
  #victims: readonly SimNode[] = []

  constructor(tools: AttackTools, init: HostileInit) {
    this.#tools = tools
    this.#init = init
  }

  /** Away -> there, with a new key. */
  join(): void {
    const { world, owner, shop, later } = this.#tools
    const { publicKey } = newKey(shop)
    const { ledgerId } = world.genesis.rules
    world.adversaries.add(toHex(publicKey))
    const clock = new SimClock(world.scheduler, owner)
    const network = world.hub.join({ ledgerId, publicKey, clock })
    void network.start({
      onPeer: () => {},
      onPeerGone: () => {},
      onForeign: () => {},
      onGossip: () => Promise.resolve('ignore'),
      onRequest: async (kind, message, from) => this.#init.answer(kind, message, from),
    })
    this.#network = network
    this.#victims = this.#init.victims()
    for (const victim of this.#victims) world.hub.connect(network, victim)
    world.tell(this.#init.name, `comes as ${network.self.slice(0, 8)} to ${namesOf(this.#victims)}`)
    later(LOOK_MS, () => this.#look(network))
  }

  /** There -> away. When the chaos is over it is for good. */
  leave(): void {
    void this.#network?.stop()
    this.#network = undefined
  }

  /** Those that it is connected with. */
  get peers(): readonly SimNode[] {
    const ids = new Set(this.#network?.peers().map(({ id }) => id))
    return this.#victims.filter(({ id }) => ids.has(id))
  }

  publish(topic: GossipTopic, message: Uint8Array): void {
    this.#network?.publish(topic, message)
  }

  /** What becomes of the question is of no interest to it. */
  ask(victim: SimNode, kind: RequestKind, message: Uint8Array): void {
    const options = { timeoutMs: 5_000, answerBytesMax: 32 * 1_048_576 }
    this.#network?.request(victim.id, kind, message, options).catch(() => {})
  }

  /** Tells all that it is connected with, as if to ask them for theirs. */
  tellStatus(message: Uint8Array): void {
    for (const victim of this.peers) this.ask(victim, 'status', message)
  }

  /** Of an earlier coming there is nothing to look after. */
  #look(network: MemoryNetwork): void {
    const { chance, later } = this.#tools
    if (this.#network !== network) return
    if (network.peers().length > 0) {
      later(LOOK_MS, () => this.#look(network))
      return
    }
    this.leave()
    later(chance.gap(AWAY_MS), () => {
      if (this.#network === undefined) this.join()
    })
  }
}

/** No answer: the question runs out of time. */
export function silence(): Promise<never> {
  return new Promise(() => {})
}

function namesOf(nodes: readonly SimNode[]): string {
  return nodes.map(({ name }) => name).join(', ')
}

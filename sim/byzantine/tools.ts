/** What an attack does its work with. */
import type { Hash, Signer } from '@pulseledger/core'
import type { MemoryDisk, NodeCrypto } from 'pulseledger/simulation'
import type { FaultTools } from '../faults/fault.ts'
import type { Chance } from '../kernel/chance.ts'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'

/** What forged entries and blocks are made with. */
export interface Workshop {
  readonly crypto: NodeCrypto
  readonly ledgerId: Hash
  readonly chance: Chance
  /** True time, ms since 1970. */
  readonly now: () => number
}

export interface AttackTools extends FaultTools {
  readonly shop: Workshop
}

/** Begins an attack; what it returns takes its members off the network. */
export type Plan = (tools: AttackTools) => () => void

export function newKey({ crypto, chance }: Workshop): Signer {
  return crypto.signer(chance.bytes(32))
}

/** The node with the highest head: what it has on its disk is what everybody could know. */
export function bestNode({ nodes }: World): SimNode {
  return nodes.reduce((a, b) => (heightOf(b.disk) > heightOf(a.disk) ? b : a))
}

export function heightOf({ head }: MemoryDisk): number {
  return head?.height ?? 0
}

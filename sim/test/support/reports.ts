/** What a checker is told of, apart from any disk. */
import { type ErrorCode, fail, type Ledger } from '@pulseledger/core'
import { MemoryDisk, NodeFailure } from 'pulseledger/simulation'
import type { Observation, ObservedNode } from '../../node/observation.ts'

/** A node of which nothing but its name matters, in this one of its lives. */
export function bareNode(name = 'ann', lifeCount = 1): ObservedNode {
  return { name, id: `${name}-id`, disk: new MemoryDisk(), ledger: undefined, unansweredCount: 0, lifeCount }
}

export function failed(node: ObservedNode, code: ErrorCode): Observation {
  return { kind: 'failed', node, failure: new NodeFailure(code, 'it failed') }
}

export function ioFailed(node: ObservedNode, code: ErrorCode): Observation {
  return { kind: 'io-failed', node, failure: new NodeFailure(code, 'it failed') }
}

export function refused(node: ObservedNode): Observation {
  return { kind: 'answered', node, result: fail('NODE_STOPPING', 'not confirmed'), waitedMs: 1 }
}

export function published(node: ObservedNode, topic: 'blocks' | 'entries', bytes: number): Observation {
  return { kind: 'published', node, topic, message: new Uint8Array(bytes) }
}

export function dropped(node: ObservedNode, peer: string, code: ErrorCode): Observation {
  return { kind: 'dropped', node, peer, reason: { code, message: 'so it seems' } }
}

export function committed(node: ObservedNode): Observation {
  const change = { blocks: [], disconnect: [], connect: [], pendingAdd: [], pendingRemove: [] }
  return { kind: 'committed', node, change }
}

export interface Counts {
  readonly waiting?: number
  readonly held?: number
  readonly watched?: number
  /** Pending entries that are in memory alone, and those that are stored. */
  readonly pending?: number
  readonly stored?: number
}

/** A ledger that holds so much, as far as anybody who looks on can see. */
export function ledgerHolding({
  waiting = 0,
  held = 0,
  watched = 0,
  pending = 0,
  stored = 0,
}: Counts): Ledger {
  const entries = Array.from({ length: pending + stored }, (_, i) => ({ isStored: i >= pending }))
  const seen = {
    ...{ waitingCount: waiting, heldCount: held, watchedCount: watched },
    pending: { count: entries.length, entries: () => entries.values() },
  }
  return seen as unknown as Ledger
}

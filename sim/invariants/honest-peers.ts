/**
 * Invariant 8: who keeps to the rules is not hung up on. A node may give up on a peer that does not answer,
 * since it cannot know whether the network is to blame, but it never blames an honest one for what it sent.
 */
import type { ErrorCode } from '@pulseledger/core'
import type { Observation } from '../node/observation.ts'
import type { FaultKind } from '../scenario/scenario.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'honest-peers'

/** With these a peer may seem dead that is not. */
const SILENCING: readonly FaultKind[] = [
  'loss',
  'delay',
  'clog',
  'half',
  'isolate',
  'one-way',
  'swizzle',
  'crash',
  'restart',
  'pause',
  'wipe',
  'read-error',
]

/** What is said of a peer that does not answer. */
const SILENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['PEER_STALLED'])

export class HonestPeers implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  readonly #mayBeSilent: boolean

  constructor(context: CheckerContext) {
    this.#context = context
    this.#mayBeSilent = SILENCING.some((kind) => context.scenario.faults.has(kind))
  }

  observe(observation: Observation): void {
    if (observation.kind !== 'dropped') return
    const { node, peer, reason } = observation
    if (!this.#context.isHonest(peer)) return
    if (this.#mayBeSilent && SILENT.has(reason.code)) return
    const message = `hangs up on ${peer.slice(0, 8)}, which is honest: ${reason.code}, ${reason.message}`
    this.#context.report({ invariant: NAME, node: node.name, message })
  }
}

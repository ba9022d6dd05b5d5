/**
 * What other nodes tell us unasked, and what becomes of it: passed on, dropped, or dropped and held against
 * the neighbour that passed it on. In this order, cheapest first: the neighbour's allowance, the size, the
 * bounded queue of what is being checked, the form, what is known already, what the engine says, signatures,
 * readings. A message that fails at one stage does not come to the next.
 *
 * Nothing but what can never be valid is rejected: every honest node refuses that too, so whoever passed it
 * on did not look. What is known, early, too late or not wanted now is dropped without blame.
 */
import { type Failure, fail, LIMITS } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { GossipTopic, GossipVerdict, Logger, PeerId } from '../ports.ts'
import type { Conduct } from './conduct.ts'

/** What a check of one message says. `reject` with the reason. */
export type Verdict = Exclude<GossipVerdict, 'reject'> | Failure

/** The message was checked; the verdict waits for something else, which has a bound of its own. */
export interface Later {
  readonly later: Promise<Verdict>
}

export type TopicCheck = (message: Uint8Array, from: PeerId) => Promise<Verdict | Later>

export interface GossipGateInit {
  readonly conduct: Conduct
  readonly logger: Logger
  readonly topics: Readonly<Record<GossipTopic, TopicCheck>>
}

export class GossipGate {
  readonly #init: GossipGateInit
  readonly #inFlight = new Map<PeerId, number>()
  #inFlightCount = 0

  constructor(init: GossipGateInit) {
    this.#init = init
  }

  async onGossip(topic: GossipTopic, message: Uint8Array, from: PeerId): Promise<GossipVerdict> {
    const { conduct, topics, logger } = this.#init
    if (!conduct.allowsGossip(from, message.length)) return 'ignore'
    if (message.length > LIMITS.gossipBytesMax) {
      return this.#reject(from, fail('MESSAGE_INVALID', `gossip of ${message.length} bytes`).error)
    }
    const ofPeer = this.#inFlight.get(from) ?? 0
    if (ofPeer >= NODE_LIMITS.peerGossipInFlightMax) return 'ignore'
    if (this.#inFlightCount >= NODE_LIMITS.gossipInFlightMax) return 'ignore'

    let verdict: Verdict | Later
    this.#count(from, 1)
    try {
      verdict = await topics[topic](message, from)
    } catch (error) {
      // A check that could not be made, as when the node stops: nobody is to blame.
      logger.debug({ topic, err: error }, 'gossip was not checked')
      return 'ignore'
    } finally {
      this.#count(from, -1)
    }
    if (typeof verdict === 'object' && 'later' in verdict) verdict = await verdict.later
    return typeof verdict === 'string' ? verdict : this.#reject(from, verdict)
  }

  #reject(from: PeerId, error: Failure): 'reject' {
    this.#init.conduct.fault(from, error)
    return 'reject'
  }

  #count(from: PeerId, by: 1 | -1): void {
    this.#inFlightCount += by
    const ofPeer = (this.#inFlight.get(from) ?? 0) + by
    if (ofPeer === 0) this.#inFlight.delete(from)
    else this.#inFlight.set(from, ofPeer)
  }
}

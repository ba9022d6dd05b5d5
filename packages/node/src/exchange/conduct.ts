/**
 * What each peer has cost us and what that costs it.
 *
 * Every peer has an allowance for gossip and one for requests. What goes beyond is dropped unread, which is
 * no fault yet: a burst may have been held up on its way. Dropping has an allowance too, and a peer that
 * uses it up floods us. A message that no honest node sends is a fault; a few of them are too many. Then the
 * peer is disconnected and refused for a while that doubles each time.
 */
import { type Failure, fail } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { Clock, Logger, Network, PeerId } from '../ports.ts'
import { BoundedMap } from './bounded-map.ts'
import { TokenBucket } from './token-bucket.ts'

const GOSSIP_COUNT = {
  burst: NODE_LIMITS.peerGossipCountBurst,
  perSecond: NODE_LIMITS.peerGossipCountPerSecond,
}
const GOSSIP_BYTES = {
  burst: NODE_LIMITS.peerGossipBytesBurst,
  perSecond: NODE_LIMITS.peerGossipBytesPerSecond,
}
const REQUESTS = { burst: NODE_LIMITS.peerRequestsBurst, perSecond: NODE_LIMITS.peerRequestsPerSecond }
const DROPS = { burst: NODE_LIMITS.peerDropsBurst, perSecond: NODE_LIMITS.peerDropsPerSecond }
const FAULTS = { burst: NODE_LIMITS.peerFaultsBurst, perSecond: NODE_LIMITS.peerFaultsPerMinute / 60 }

export interface ConductInit {
  readonly network: Pick<Network, 'disconnect'>
  readonly clock: Clock
  readonly logger: Logger
}

interface Account {
  readonly gossipCount: TokenBucket
  readonly gossipBytes: TokenBucket
  readonly requests: TokenBucket
  readonly drops: TokenBucket
  readonly faults: TokenBucket
}

interface Bans {
  readonly count: number
  readonly until: number
}

export class Conduct {
  readonly #init: ConductInit
  /** Also of peers that are gone: reconnecting must not fill the buckets. */
  readonly #accounts = new BoundedMap<PeerId, Account>(NODE_LIMITS.peerRecordsMax)
  readonly #bans = new BoundedMap<PeerId, Bans>(NODE_LIMITS.peerRecordsMax)

  constructor(init: ConductInit) {
    this.#init = init
  }

  /** Whether a gossip message of the peer is looked at. */
  allowsGossip(peer: PeerId, bytes: number): boolean {
    const { gossipCount, gossipBytes } = this.#account(peer)
    const now = this.#init.clock.now()
    if (gossipCount.take(1, now) && gossipBytes.take(bytes, now)) return true
    this.#dropped(peer, 'gossip')
    return false
  }

  /** Whether a request of the peer is answered. */
  allowsRequest(peer: PeerId): boolean {
    if (this.#account(peer).requests.take(1, this.#init.clock.now())) return true
    this.#dropped(peer, 'requests')
    return false
  }

  /** The peer sent what no honest node sends. */
  fault(peer: PeerId, error: Failure): void {
    this.#init.logger.debug({ peer, code: error.code }, error.message)
    if (!this.#account(peer).faults.take(1, this.#init.clock.now())) this.disconnect(peer, error)
  }

  /** Hangs up and refuses the peer, twice as long as the last time. */
  disconnect(peer: PeerId, error: Failure): void {
    const { network, clock, logger } = this.#init
    const now = clock.now()
    const before = this.#bans.get(peer)
    // One message can be the last straw of several allowances; the peer is disconnected already.
    if (before && now < before.until) {
      network.disconnect(peer, error, before.until - now)
      return
    }
    const isForgiven = before === undefined || now - before.until > NODE_LIMITS.peerBanForgivenMs
    const count = isForgiven ? 1 : before.count + 1
    const banMs = Math.min(NODE_LIMITS.peerBanMinMs * 2 ** (count - 1), NODE_LIMITS.peerBanMaxMs)
    this.#bans.set(peer, { count, until: now + banMs })
    logger.warn({ peer, code: error.code, banMs }, `peer disconnected: ${error.message}`)
    network.disconnect(peer, error, banMs)
  }

  #dropped(peer: PeerId, what: string): void {
    if (this.#account(peer).drops.take(1, this.#init.clock.now())) return
    this.disconnect(peer, fail('PEER_FLOOD', `the peer sends more ${what} than any node needs`).error)
  }

  #account(peer: PeerId): Account {
    const known = this.#accounts.get(peer)
    if (known) return known
    const now = this.#init.clock.now()
    const made: Account = {
      gossipCount: new TokenBucket(GOSSIP_COUNT, now),
      gossipBytes: new TokenBucket(GOSSIP_BYTES, now),
      requests: new TokenBucket(REQUESTS, now),
      drops: new TokenBucket(DROPS, now),
      faults: new TokenBucket(FAULTS, now),
    }
    this.#accounts.set(peer, made)
    return made
  }
}

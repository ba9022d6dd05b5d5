import { NODE_LIMITS } from '../../limits.ts'
import type { Clock, Logger, PeerId } from '../../ports.ts'

export interface GossipWatchInit {
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  /** Whether what we publish gets to this peer. */
  readonly reaches: (id: PeerId) => boolean
  /** Makes a gossip stream to it when there is none. */
  readonly mend: (id: PeerId) => void
  readonly hangUp: (id: PeerId) => void
}

/** Of a peer: since when gossip does not reach it, undefined while it does, and whether it ever did. */
interface Hearing {
  silentSince: number | undefined
  wasReached: boolean
}

/**
 * Sees to it that gossip reaches every peer. gossipsub sends to a peer on one stream, which it makes when it
 * meets the peer; when that stream ends alone, or with one of several connections, it makes no other before
 * the peer was gone altogether. Here another one is made at once, and when that does not help, the connection
 * is.
 */
export class GossipWatch {
  readonly #init: GossipWatchInit
  readonly #hearings = new Map<PeerId, Hearing>()

  constructor(init: GossipWatchInit) {
    this.#init = init
  }

  /** Unmet -> met. */
  met(id: PeerId): void {
    this.#hearings.set(id, { silentSince: this.#init.clock.now(), wasReached: false })
  }

  /** Met -> unmet. */
  gone(id: PeerId): void {
    this.#hearings.delete(id)
  }

  /** One of its connections is closed, and others are left: the stream may have been on that one. */
  lostConnection(id: PeerId): void {
    if (!this.#init.reaches(id)) this.#init.mend(id)
  }

  /** To be called every now and then. */
  check(): void {
    const now = this.#init.clock.now()
    for (const [id, hearing] of this.#hearings) this.#check(id, hearing, now)
  }

  #check(id: PeerId, hearing: Hearing, now: number): void {
    const { reaches, mend, hangUp, logger } = this.#init
    if (reaches(id)) {
      hearing.silentSince = undefined
      hearing.wasReached = true
      return
    }
    hearing.silentSince ??= now
    if (now - hearing.silentSince < NODE_LIMITS.peerGossipLostMs) {
      // At first it is being made.
      if (hearing.wasReached) mend(id)
      return
    }
    logger.warn({ peer: id }, 'gossip with a peer was lost; connecting to it again')
    hangUp(id)
  }
}

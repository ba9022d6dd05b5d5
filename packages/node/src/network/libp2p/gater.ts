import type { Connection, ConnectionGater, PeerId as LibPeerId, MultiaddrConnection } from '@libp2p/interface'
import { NODE_LIMITS } from '../../limits.ts'
import type { Clock, PeerId } from '../../ports.ts'
import { hostOf } from './addresses.ts'

/**
 * Who may connect: nobody whom we refuse for a while, in either direction, and not so many from outside that
 * no room is left for those whom we choose ourselves.
 */
export class Gater {
  readonly #clock: Clock
  readonly #connections: () => readonly Connection[]
  readonly #refusedUntil = new Map<PeerId, number>()

  constructor(clock: Clock, connections: () => readonly Connection[]) {
    this.#clock = clock
    this.#connections = connections
  }

  refuse(id: PeerId, until: number): void {
    const now = this.#clock.now()
    this.#refusedUntil.delete(id)
    this.#refusedUntil.set(id, until)
    if (this.#refusedUntil.size <= NODE_LIMITS.peerRefusalsMax) return
    for (const [other, end] of this.#refusedUntil) if (end <= now) this.#refusedUntil.delete(other)
    const [oldest] = this.#refusedUntil.keys()
    const isOver = this.#refusedUntil.size > NODE_LIMITS.peerRefusalsMax
    if (isOver && oldest !== undefined) this.#refusedUntil.delete(oldest)
  }

  /** Undefined: it may connect. */
  refusedUntil(id: PeerId): number | undefined {
    const until = this.#refusedUntil.get(id)
    return until !== undefined && until > this.#clock.now() ? until : undefined
  }

  readonly rules: ConnectionGater = {
    // In a browser libp2p refuses private addresses by default; here they are what most groups have.
    denyDialMultiaddr: () => false,
    denyDialPeer: (id) => this.#isRefused(id),
    denyInboundConnection: (connection) => this.#isCrowded(connection),
    denyInboundEncryptedConnection: (id) => this.#isRefused(id),
    denyOutboundEncryptedConnection: (id) => this.#isRefused(id),
  }

  #isRefused(id: LibPeerId): boolean {
    // Others than Ed25519 keys are none of a node, which signs with the same key.
    return id.type !== 'Ed25519' || this.refusedUntil(id.toString()) !== undefined
  }

  #isCrowded({ remoteAddr }: MultiaddrConnection): boolean {
    const inbound = this.#connections().filter(({ direction }) => direction === 'inbound')
    if (inbound.length >= NODE_LIMITS.peerInboundMax) return true
    const host = hostOf(remoteAddr)
    const neighbours = inbound.filter((other) => hostOf(other.remoteAddr) === host)
    return neighbours.length >= NODE_LIMITS.peerInboundPerAddressMax
  }
}

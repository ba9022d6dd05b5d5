import type { LedgerEvent } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { Clock, PeerId } from '../ports.ts'

export interface NetworkWatchInit {
  readonly clock: Clock
  /** 'certainly': it waits for one however long that takes. */
  readonly expectsPeers: boolean | 'certainly'
  readonly dispatch: (event: LedgerEvent) => void
  /** Whether the node is so far behind that it should not make blocks. */
  readonly isBehind: () => boolean
  /** Whether this peer said that it has a better chain, and we do not have that yet. */
  readonly isAhead: (peer: PeerId) => boolean
}

/** How far the first exchange of statuses with a peer is. */
type Hearing = 'unheard' | 'heard' | 'failed'

/**
 * Tells the ledger how many peers there are and whether they are ahead, whenever that changes.
 *
 * A node that has peers to expect counts as behind when it starts: its directory may have been lost, and what
 * it signs now could be what it signed before. It waits until a peer has told its status and no peer is ahead
 * by a single block. When no peer tells anything, or none is there after a grace time, it goes on alone, but
 * for one that begins its ledger again: what it has is for a chain that it does not have yet.
 */
export class NetworkWatch {
  readonly #init: NetworkWatchInit
  readonly #peers = new Map<PeerId, Hearing>()
  #isWaiting: boolean
  #isGraceOver = false
  #told: { readonly peerCount: number; readonly isBehind: boolean } = { peerCount: 0, isBehind: false }
  #cancelGrace: (() => void) | undefined

  constructor(init: NetworkWatchInit) {
    this.#init = init
    this.#isWaiting = init.expectsPeers !== false
  }

  start(): void {
    if (this.#isWaiting && this.#init.expectsPeers !== 'certainly') {
      this.#cancelGrace = this.#init.clock.after(NODE_LIMITS.peerGraceMs, () => {
        this.#isGraceOver = true
        this.update()
      })
    }
    this.update()
  }

  stop(): void {
    this.#cancelGrace?.()
  }

  onPeer(peer: PeerId): void {
    this.#peers.set(peer, 'unheard')
    this.update()
  }

  onPeerGone(peer: PeerId): void {
    this.#peers.delete(peer)
    this.update()
  }

  /** An exchange of statuses with this peer is over. */
  onStatusOver(peer: PeerId, isHeard: boolean): void {
    const hearing = this.#peers.get(peer)
    if (hearing === 'unheard' || (hearing === 'failed' && isHeard)) {
      this.#peers.set(peer, isHeard ? 'heard' : 'failed')
    }
    this.update()
  }

  /** Compares what the ledger was told with what is. To be called whenever sync may have changed its mind. */
  update(): void {
    this.#isWaiting &&= this.#mustWait()
    const isBehind = this.#isWaiting || this.#init.isBehind()
    const peerCount = this.#peers.size
    if (peerCount === this.#told.peerCount && isBehind === this.#told.isBehind) return
    this.#told = { peerCount, isBehind }
    this.#init.dispatch({ kind: 'network', peerCount, isBehind })
  }

  #mustWait(): boolean {
    if (this.#peers.size === 0) return !this.#isGraceOver
    for (const peer of this.#peers.keys()) if (this.#init.isAhead(peer)) return true
    const hearings = [...this.#peers.values()]
    if (this.#init.expectsPeers === 'certainly') return !hearings.includes('heard')
    return !hearings.includes('heard') && hearings.includes('unheard')
  }
}

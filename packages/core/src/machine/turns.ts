import { equalBytes } from '../bytes.ts'
import type { Engine } from '../consensus/engine.ts'
import type { Crypto, Signer } from '../crypto.ts'
import type { TreeBlock } from './block-tree.ts'
import type { Pending } from './pending.ts'
import { lotOf, productionTime } from './production-policy.ts'
import { Tempo } from './tempo.ts'

export interface NetworkView {
  readonly peerCount: number
  readonly isBehind: boolean
}

interface TurnsInit {
  readonly signer: Signer
  readonly crypto: Crypto
  readonly engine: Pick<Engine, 'finalHeight'>
}

/** A height at which the final depth shows, whatever it is. */
const FAR = 1_000_000_000

/**
 * When a block that costs nothing is to be made here: what production-policy.ts and tempo.ts say, over what
 * this node has seen of the network and of the head.
 */
export class Turns {
  readonly #signer: Signer
  readonly #crypto: Crypto
  readonly #tempo: Tempo
  #headSince = 0
  #headLot: number | undefined
  /** Whether it ever had peers to think of: a part of a network that was cut apart may be one node. */
  #isNetworked = false

  constructor({ signer, crypto, engine }: TurnsInit) {
    this.#signer = signer
    this.#crypto = crypto
    this.#tempo = new Tempo(FAR - engine.finalHeight(FAR))
  }

  /** To be called with every step, before anything is asked. The clock may go backwards. */
  pass(now: number): void {
    this.#headSince = Math.min(this.#headSince, now)
    this.#tempo.pass(now)
  }

  headMoved(now: number): void {
    this.#headSince = now
    this.#headLot = undefined
  }

  networkChanged({ peerCount, isBehind }: NetworkView): void {
    this.#isNetworked ||= peerCount > 0 || isBehind
  }

  /**
   * Blocks of others, parents before children, are in the tree. One that does not extend the head is a
   * rival.
   */
  placed(added: readonly TreeBlock[], head: TreeBlock, now: number): void {
    const successors = new Set([head])
    for (const block of added) {
      if (block.parent === undefined || !successors.has(block.parent)) {
        this.#tempo.rival(now)
        return
      }
      successors.add(block)
    }
  }

  /** A block was made here. */
  made(): void {
    this.#tempo.made()
  }

  /** From when on a block of what is pending may be made on `head`; undefined: not as things are. */
  time(head: TreeBlock, pending: Pending, network: NetworkView, now: number): number | undefined {
    const { ours, foreign } = pending.oldestReady()
    // The clock may have gone backwards since they came.
    if (ours) ours.since = Math.min(ours.since, now)
    if (foreign) foreign.since = Math.min(foreign.since, now)
    const time = productionTime({
      ...network,
      head: {
        isOwn: equalBytes(head.header.producer, this.#signer.publicKey),
        since: this.#headSince,
        lot: this.#lot(head, network),
      },
      holdMs: this.#tempo.holdMs,
      rivalSince: this.#tempo.rivalSince,
      oursSince: ours?.since,
      foreignSince: foreign?.since,
    })
    return time === undefined || !this.#isNetworked ? time : Math.max(time, this.#tempo.paceTime(now))
  }

  #lot(head: TreeBlock, { peerCount }: NetworkView): number {
    if (peerCount === 0) return 0
    this.#headLot ??= lotOf(head.hash, this.#signer.publicKey, this.#crypto)
    return this.#headLot
  }
}

import type { Hash } from '../../bytes.ts'
import type { PeerStatus } from '../../wire/status.ts'
import { Strikes } from './strikes.ts'
import type { PeerId } from './sync-events.ts'

/** Blocks of the first question for bodies; quick answers double it, slow ones halve it. */
const FIRST_BATCH = 16
/** Less in an answer does not make it come sooner. */
const BATCH_BYTES_MIN = 16_384

/** What is known of a connected peer. */
export class Peer {
  readonly id: PeerId
  /** What it says of its chain, and whether we found height and weight right. */
  claim: PeerStatus | undefined
  isClaimChecked = false
  /** It did not show what it claimed: its status is asked again before anything is fetched from it. */
  isClaimDoubted = false
  /** A block that we have came from it. */
  isProven = false
  readonly claimFaults = new Strikes()
  readonly stalls = new Strikes()
  /** Nothing is asked of it before. */
  backoffUntil = 0
  /** No headers are asked of it before: its chain cannot be used yet. */
  deferUntil = 0
  /** The highest block of its chain, by its last headers, that we have or fetch. */
  common: { readonly hash: Hash; readonly height: number } | undefined
  /** The queue that it gave headers of. */
  epoch = -1
  /** The queue that its chain parts from. */
  rivalOf = -1
  /** From this height on it has no bodies for the queue of this epoch. */
  lacks: { readonly epoch: number; readonly height: number } | undefined
  /** Its chain and ours part at this block, which is below our final one. */
  diverged: { readonly claimed: Hash; readonly recheckAt: number } | undefined
  statusDueAt: number
  statusAskedAt = Number.NEGATIVE_INFINITY
  isStatusAsked = false
  /** It is to be told of a block that it has not heard of: an exchange that runs may have begun before. */
  isToBeTold = false
  /** Questions for bodies that it has not answered. */
  bodyRequestCount = 0
  /** Blocks of the next question for bodies, and how long it took for each of the last. */
  batch = FIRST_BATCH
  msPerBlock = 0
  /** Bytes that the answer to the next question for bodies should have. */
  batchBytes: number

  constructor(id: PeerId, now: number, batchBytes: number) {
    this.id = id
    this.batchBytes = batchBytes
    this.statusDueAt = now
  }

  /** Whether it may have the body of a block of the queue. What it has not told yet, it may have. */
  mayHave(height: number, epoch: number): boolean {
    if (this.claim !== undefined && this.claim.height < height) return false
    return !(this.lacks?.epoch === epoch && this.lacks.height <= height)
  }

  answeredBodies(blockCount: number, durationMs: number, isFull: boolean): void {
    this.tookBodies(blockCount, durationMs)
    if (durationMs < 500 && isFull) {
      this.batch *= 2
      this.batchBytes *= 2
    } else if (durationMs > 1_000) this.slowDown()
  }

  /** It took this long for so many, or has taken it without an end. */
  tookBodies(blockCount: number, durationMs: number): void {
    const perBlock = durationMs / Math.max(1, blockCount)
    this.msPerBlock = this.msPerBlock === 0 ? perBlock : (this.msPerBlock + perBlock) / 2
  }

  slowDown(): void {
    this.batch = Math.max(1, this.batch >> 1)
    this.batchBytes = Math.max(BATCH_BYTES_MIN, this.batchBytes >> 1)
  }
}

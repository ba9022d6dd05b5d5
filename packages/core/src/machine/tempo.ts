/**
 * How fast this node may make blocks among peers, learnt from what it sees.
 *
 * A block that does not extend our head is a rival: somebody made it before ours, or theirs, had arrived.
 * Then messages take longer than nodes hold back, because the network is slow or the machines are busy. So
 * the hold doubles with every round of rivals and halves when there were none for a while, as Ethernet and
 * Wi-Fi do with their contention windows. Without this, two nodes that each make blocks faster than they hear
 * of one another would both go on for as long as they have entries, and part for good at the final depth.
 *
 * Blocks are also counted out, a burst and then so many a second: what comes meanwhile joins the next one. It
 * bounds how deep the branches of a network that was cut in two can grow, in blocks, whatever is typed. Where
 * few blocks make one final they are fewer: else two nodes could go past that before they hear of each other.
 */
import { LIMITS } from '../limits.ts'

export class Tempo {
  #holdMs: number = LIMITS.contentionHoldMs
  #changedAt = 0
  #rivalAt: number | undefined
  readonly #burst: number
  readonly #perSecond: number
  #blocks: number
  #countedAt = 0

  /** `finalDepth`: how many blocks make one final. */
  constructor(finalDepth: number) {
    const share = Math.max(1, Math.floor(finalDepth / LIMITS.paceFinalShare))
    this.#burst = Math.min(share, LIMITS.paceBurstBlocks)
    this.#perSecond = Math.min(Math.max(share, LIMITS.paceBlocksPerSecondMin), LIMITS.paceBlocksPerSecond)
    this.#blocks = this.#burst
  }

  /** What a node holds back at least after a block of another, ms. */
  get holdMs(): number {
    return this.#holdMs
  }

  /** When the last rival was seen, as long as it matters. */
  get rivalSince(): number | undefined {
    return this.#rivalAt
  }

  /** To be called with every step, before anything is asked. The clock may go backwards. */
  pass(now: number): void {
    this.#changedAt = Math.min(this.#changedAt, now)
    this.#countedAt = Math.min(this.#countedAt, now)
    if (this.#rivalAt !== undefined) this.#rivalAt = Math.min(this.#rivalAt, now)
    while (this.#holdMs > LIMITS.contentionHoldMs && now - this.#changedAt >= this.#calmMs) {
      this.#changedAt += this.#calmMs
      this.#holdMs /= 2
    }
    if (this.#rivalAt !== undefined && now - this.#rivalAt >= LIMITS.contentionRivalHolds * this.#holdMs)
      this.#rivalAt = undefined
    const earned = ((now - this.#countedAt) * this.#perSecond) / 1_000
    this.#blocks = Math.min(this.#burst, this.#blocks + earned)
    this.#countedAt = now
  }

  /** A block that does not extend the head was placed. */
  rival(now: number): void {
    this.#rivalAt = now
    if (this.#holdMs > LIMITS.contentionHoldMs && now - this.#changedAt < 2 * this.#holdMs) return
    this.#holdMs = Math.min(2 * this.#holdMs, LIMITS.contentionHoldMaxMs)
    this.#changedAt = now
  }

  /** A block was made here. */
  made(): void {
    this.#blocks -= 1
  }

  /** From when on the next block may be made. */
  paceTime(now: number): number {
    if (this.#blocks >= 1) return now
    return now + Math.ceil(((1 - this.#blocks) * 1_000) / this.#perSecond)
  }

  get #calmMs(): number {
    return LIMITS.contentionCalmHolds * this.#holdMs
  }
}

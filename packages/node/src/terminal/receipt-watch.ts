import { type Hash, toHex } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { NodeEvent, Receipt } from '../ports.ts'

/** Whoever was told that a reading is stored. */
export interface ReceiptHolder {
  moved(receipt: Receipt, value: number): void
}

interface Watched {
  readonly holder: ReceiptHolder
  readonly value: number
}

/**
 * Who was told of which reading, so that the one who typed it learns when it moves to another block. The
 * latest `receiptsWatchedMax` of all terminals: older ones are deep in the chain, where hardly a fork
 * reaches. Those of a connection that ends are forgotten with it.
 */
export class ReceiptWatch {
  readonly #max: number
  /** By entry id in hexadecimal, oldest first. */
  readonly #watched = new Map<string, Watched>()
  readonly #ofHolder = new Map<ReceiptHolder, Set<string>>()

  constructor(max: number = NODE_LIMITS.receiptsWatchedMax) {
    this.#max = max
  }

  get size(): number {
    return this.#watched.size
  }

  /** `holder` has been told that its reading, `value`, is in the block of this receipt. */
  told(entryId: Hash, holder: ReceiptHolder, value: number): void {
    const key = toHex(entryId)
    this.#forget(key)
    this.#watched.set(key, { holder, value })
    const own = this.#ofHolder.get(holder) ?? new Set()
    this.#ofHolder.set(holder, own.add(key))
    const [oldest] = this.#watched.keys()
    if (this.#watched.size > this.#max && oldest !== undefined) this.#forget(oldest)
  }

  left(holder: ReceiptHolder): void {
    for (const key of this.#ofHolder.get(holder) ?? []) this.#watched.delete(key)
    this.#ofHolder.delete(holder)
  }

  onEvent(event: NodeEvent): void {
    if (event.kind !== 'receipt-moved') return
    const { receipt } = event
    const watched = this.#watched.get(toHex(receipt.entryId))
    watched?.holder.moved(receipt, watched.value)
  }

  #forget(key: string): void {
    const watched = this.#watched.get(key)
    if (watched === undefined) return
    this.#watched.delete(key)
    const own = this.#ofHolder.get(watched.holder)
    own?.delete(key)
    if (own?.size === 0) this.#ofHolder.delete(watched.holder)
  }
}

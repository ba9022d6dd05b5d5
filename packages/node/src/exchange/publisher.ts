import {
  type Block,
  type BlockContents,
  countEntriesThatFit,
  type EntryWithPayload,
  encodeAnnouncement,
  encodeEntries,
  fitsAnnouncement,
} from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { Network, PeerId } from '../ports.ts'
import type { ExchangeInit } from './context.ts'

export type PublisherInit = Pick<ExchangeInit, 'pause'> & { readonly network: Pick<Network, 'publish'> }

/**
 * Tells other nodes what this one made. A small block goes out whole, of a larger one only the header: then
 * whoever lacks it fetches the contents once instead of getting them from every neighbour. Entries that come
 * in the same turn of the event loop share messages, since a message for each would cost more than checking
 * it.
 */
export class Publisher {
  readonly #init: PublisherInit
  #entries: EntryWithPayload[] = []

  constructor(init: PublisherInit) {
    this.#init = init
  }

  /** The peers that gossip does not bring it to. */
  block(block: Block): readonly PeerId[] {
    const contents = contentsOf(block)
    const inline = contents && fitsAnnouncement(contents) ? contents : null
    return this.#init.network.publish('blocks', encodeAnnouncement({ header: block, contents: inline }))
  }

  entries(items: readonly EntryWithPayload[]): void {
    if (items.length === 0) return
    const isFirst = this.#entries.length === 0
    for (const item of items) this.#entries.push(item)
    if (isFirst) void this.#init.pause().then(() => this.#flush())
  }

  #flush(): void {
    const items = this.#entries
    this.#entries = []
    for (let at = 0; at < items.length; ) {
      const count = countEntriesThatFit(items, at, NODE_LIMITS.entriesBatchBytesMax)
      this.#init.network.publish('entries', encodeEntries(items.slice(at, at + count)))
      at += count
    }
  }
}

/** What is sent of a block beside its header, as it is stored; null when a payload was erased. */
export function contentsOf({ bodyBytes, payloads }: Block): BlockContents | null {
  const all = payloads.filter((payload) => payload !== null)
  return all.length === payloads.length ? { bodyBytes, payloads: all } : null
}

/**
 * The latest blocks as terminals see them. A block may hold thousands of readings, of which a line of `chain`
 * shows three and a broadcast as many as fit: what they show is kept from when the block was connected, so
 * that nobody who asks makes the node read a hundred whole blocks.
 *
 * What is not kept (after a start, above all) is read from the head down by parent, one block in a turn of
 * the event loop however many ask, and kept from then on.
 */
import { setImmediate } from 'node:timers/promises'
import { type Block, type Hash, toHex } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { NodeService } from '../ports.ts'
import { type BlockView, blockView, ownedView } from '../views/block-view.ts'
import { tutorialJson } from '../views/tutorial-json.ts'

export interface RecentBlock {
  /** With the first `summaryReadingsMax` readings. */
  readonly view: BlockView
  /** In the shape of the tutorial, cut at `broadcastBlockBytesMax`. */
  readonly json: string
}

export type RecentService = Pick<NodeService, 'document' | 'blockByHash' | 'subscribe'>

export class RecentBlocks {
  readonly #service: RecentService
  readonly #blocksMax: number
  readonly #pause: () => Promise<unknown>
  /** By hash in hexadecimal: what a hash stands for never changes. */
  readonly #kept = new Map<string, RecentBlock>()
  /** Settled when the last of those who wait for a read has it. Never rejects. */
  #reads: Promise<unknown> = Promise.resolve()
  #unsubscribe = () => {}
  #stopped = false

  /** Keeps at most `blocksMax` blocks. `pause` gives others their turn before each read. */
  constructor(service: RecentService, blocksMax: number, pause: () => Promise<unknown> = setImmediate) {
    this.#service = service
    this.#blocksMax = blocksMax
    this.#pause = pause
  }

  /** From now on blocks are kept as they are connected. */
  start(): void {
    this.#unsubscribe = this.#service.subscribe((event) => {
      if (event.kind === 'block-connected') this.#keep(event.block)
      // It would take the place of a block of the chain.
      else if (event.kind === 'block-disconnected') this.#kept.delete(toHex(event.block.hash))
    })
  }

  /** Idempotent. Nothing is read any more: those who still wait are rejected. */
  stop(): void {
    this.#stopped = true
    this.#unsubscribe()
  }

  /** At most `count` blocks up to `head`, ascending; fewer when one cannot be read. */
  async latest(head: Hash, count: number): Promise<readonly RecentBlock[]> {
    const blocks: RecentBlock[] = []
    for await (const block of this.newestFirst(head)) {
      blocks.push(block)
      if (blocks.length >= count) break
    }
    return blocks.toReversed()
  }

  /** From `head` down to genesis, or to a block that cannot be read; whoever has enough breaks off. */
  async *newestFirst(head: Hash): AsyncGenerator<RecentBlock, void> {
    for (let hash: Hash | null = head; hash !== null; ) {
      const block: RecentBlock | undefined = this.#kept.get(toHex(hash)) ?? (await this.#read(hash))
      if (block === undefined) return
      yield block
      hash = block.view.parent
    }
  }

  /** One after the other, so that a hundred who ask at once cost one turn no more than one read. */
  #read(hash: Hash): Promise<RecentBlock | undefined> {
    const read = this.#reads.then(() => this.#readInTurn(hash))
    this.#reads = read.catch(() => {})
    return read
  }

  async #readInTurn(hash: Hash): Promise<RecentBlock | undefined> {
    const key = toHex(hash)
    if (this.#kept.has(key)) return this.#kept.get(key)
    await this.#pause()
    if (this.#stopped) throw new Error('the terminals were stopped')
    const block = this.#service.blockByHash(hash)
    return block && this.#keep(block)
  }

  #keep(block: Block): RecentBlock {
    const { summaryReadingsMax, broadcastBlockBytesMax } = NODE_LIMITS
    // No reading takes less than the ten bytes of {"BPM":7}, so no more than that are decoded.
    const view = blockView(block, this.#service.document, broadcastBlockBytesMax / 10)
    const kept = {
      view: ownedView({ ...view, readings: view.readings.slice(0, summaryReadingsMax) }),
      json: tutorialJson(view, broadcastBlockBytesMax),
    }
    this.#kept.set(toHex(block.hash), kept)
    if (this.#kept.size > this.#blocksMax) this.#dropLowest()
    return kept
  }

  /** Not the oldest inserted: blocks that are read on demand come from the head down. */
  #dropLowest(): void {
    let lowest: readonly [key: string, height: number] | undefined
    for (const [key, { view }] of this.#kept) {
      if (lowest === undefined || view.height < lowest[1]) lowest = [key, view.height]
    }
    if (lowest !== undefined) this.#kept.delete(lowest[0])
  }
}

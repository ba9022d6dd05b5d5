/**
 * The chain as JSON, sent to every terminal at an interval, as in the tutorial:
 *
 *   <empty line>
 *   Latest 2 of 1234 blocks:
 *   [{"Index":1232,...},{"Index":1233,...}]
 *
 * The second line is left out when the array holds the whole chain. The tutorial sent all of it and built it
 * anew for each client, so its cost grew as clients x blocks. Here the text is made once for all and shares
 * one buffer, it is kept while the head stays, it has a bound in blocks and in bytes, and clients get it in
 * slices: between two slices the event loop serves whoever types.
 */
import { equalBytes, type Hash, utf8 } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { Clock, Logger, NodeService } from '../ports.ts'
import type { RecentBlock, RecentBlocks } from './recent-blocks.ts'

/** A client; one that has gone meanwhile ignores the bytes. */
export interface Receiver {
  broadcast(bytes: Uint8Array): void
}

export interface BroadcasterInit {
  readonly service: Pick<NodeService, 'status'>
  readonly recent: Pick<RecentBlocks, 'newestFirst'>
  readonly clock: Clock
  readonly logger: Logger
  readonly intervalMs: number
  readonly blocksMax: number
  readonly receivers: () => Iterable<Receiver>
}

export class Broadcaster {
  readonly #init: BroadcasterInit
  #cached: { readonly head: Hash; readonly bytes: Uint8Array } | undefined
  #cancelRound = () => {}
  #cancelSlice = () => {}
  /** From reading the chain to the last client. */
  #isBusy = false
  #stopped = false

  constructor(init: BroadcasterInit) {
    this.#init = init
  }

  start(): void {
    this.#waitForRound()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelRound()
    this.#cancelSlice()
  }

  #waitForRound(): void {
    const { clock, intervalMs } = this.#init
    this.#cancelRound = clock.after(intervalMs, () => this.#round())
  }

  /** None begins before the one before has ended: it is left out. */
  #round(): void {
    this.#waitForRound()
    if (this.#isBusy) return
    this.#isBusy = true
    this.#broadcast().catch((error: unknown) => {
      this.#isBusy = false
      if (this.#stopped) return
      // Whatever reads the chain for us failed, and has stopped the node if that was its fault.
      this.#init.logger.error({ err: error }, 'the chain could not be read for a broadcast')
    })
  }

  async #broadcast(): Promise<void> {
    const bytes = await this.#bytes()
    if (!this.#stopped) this.#serve(bytes, [...this.#init.receivers()], 0)
  }

  /** Those from `first` on, a slice now and the rest in the next turn of the event loop. */
  #serve(bytes: Uint8Array, receivers: readonly Receiver[], first: number): void {
    const next = first + NODE_LIMITS.broadcastSliceCount
    for (const receiver of receivers.slice(first, next)) receiver.broadcast(bytes)
    this.#isBusy = next < receivers.length
    if (!this.#isBusy) return
    this.#cancelSlice = this.#init.clock.after(0, () => this.#serve(bytes, receivers, next))
  }

  async #bytes(): Promise<Uint8Array> {
    const { service, recent, blocksMax } = this.#init
    const { hash, height } = service.status().head
    if (this.#cached === undefined || !equalBytes(this.#cached.head, hash)) {
      const text = await broadcastText(recent.newestFirst(hash), height + 1, blocksMax)
      this.#cached = { head: hash, bytes: utf8(text) }
    }
    return this.#cached.bytes
  }
}

/** At most `blocksMax` of the latest of `total` blocks, fewer when they are large; always the head. */
export async function broadcastText(
  newestFirst: AsyncIterable<RecentBlock>,
  total: number,
  blocksMax: number,
): Promise<string> {
  const blocks: string[] = []
  let bytes = 0
  for await (const { json } of newestFirst) {
    bytes += json.length + 1
    if (bytes > NODE_LIMITS.broadcastBytesMax && blocks.length > 0) break
    blocks.push(json)
    if (blocks.length >= blocksMax) break
  }
  const title = blocks.length < total ? `Latest ${blocks.length} of ${total} blocks:\n` : ''
  return `\n${title}[${blocks.toReversed().join(',')}]\n`
}

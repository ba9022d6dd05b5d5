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
import { blockView } from '../views/block-view.ts'
import { tutorialJson } from '../views/tutorial-json.ts'

/** A client; one that has gone meanwhile ignores the bytes. */
export interface Receiver {
  broadcast(bytes: Uint8Array): void
}

export interface BroadcasterInit {
  readonly service: Pick<NodeService, 'document' | 'status' | 'blocks'>
  readonly clock: Clock
  readonly logger: Logger
  readonly intervalMs: number
  readonly blocksMax: number
  readonly receivers: () => Iterable<Receiver>
}

export class Broadcaster {
  readonly #init: BroadcasterInit
  #cached: { readonly head: Hash; readonly bytes: Uint8Array } | undefined
  #cancels: (() => void)[] = []

  constructor(init: BroadcasterInit) {
    this.#init = init
  }

  start(): void {
    this.#waitForRound()
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel()
    this.#cancels = []
  }

  #waitForRound(): void {
    const { clock, intervalMs } = this.#init
    this.#cancels = [clock.after(intervalMs, () => this.#round())]
  }

  #round(): void {
    const { logger, receivers } = this.#init
    this.#waitForRound()
    try {
      this.#serve(this.#bytes(), [...receivers()], 0)
    } catch (error) {
      // Whatever reads the chain for us failed, and has stopped the node if that was its fault.
      logger.error({ err: error }, 'the chain could not be read for a broadcast')
    }
  }

  /** Those from `first` on, a slice now and the rest in the next turn of the event loop. */
  #serve(bytes: Uint8Array, receivers: readonly Receiver[], first: number): void {
    const next = first + NODE_LIMITS.broadcastSliceCount
    for (const receiver of receivers.slice(first, next)) receiver.broadcast(bytes)
    if (next >= receivers.length) return
    this.#cancels[1] = this.#init.clock.after(0, () => this.#serve(bytes, receivers, next))
  }

  #bytes(): Uint8Array {
    const { service, blocksMax } = this.#init
    const head = service.status().head.hash
    if (this.#cached === undefined || !equalBytes(this.#cached.head, head)) {
      this.#cached = { head, bytes: utf8(broadcastText(service, blocksMax)) }
    }
    return this.#cached.bytes
  }
}

/** At most `blocksMax` of the latest blocks, fewer when they are large; always the head. */
export function broadcastText(service: BroadcasterInit['service'], blocksMax: number): string {
  const { broadcastBytesMax, broadcastBlockBytesMax } = NODE_LIMITS
  const { height } = service.status().head
  const blocks: string[] = []
  let bytes = 0
  for (let at = height; at >= 0 && blocks.length < blocksMax; at--) {
    for (const block of service.blocks(at, at)) {
      // No reading takes less than the ten bytes of {"BPM":7}, so no more than that are decoded.
      const view = blockView(block, service.document, broadcastBlockBytesMax / 10)
      const json = tutorialJson(view, broadcastBlockBytesMax)
      bytes += json.length + 1
      if (bytes > broadcastBytesMax && blocks.length > 0) return framed(blocks, height + 1)
      blocks.push(json)
    }
  }
  return framed(blocks, height + 1)
}

/** `blocks` come with the newest first. */
function framed(blocks: readonly string[], total: number): string {
  const title = blocks.length < total ? `Latest ${blocks.length} of ${total} blocks:\n` : ''
  return `\n${title}[${blocks.toReversed().join(',')}]\n`
}

import type { Socket } from 'node:net'
import { NODE_LIMITS } from '../limits.ts'
import type { Clock } from '../ports.ts'

const HELD_BYTES_MAX = NODE_LIMITS.proxyHeldBytesMax

type Piece = { readonly at: number } & ({ readonly bytes: Buffer } | { readonly isEnd: true })

export interface TcpFlowInit {
  readonly source: Socket
  readonly clock: Clock
  /** Read for each piece that arrives. */
  readonly delayMs: () => number
}

/**
 * One direction of a proxied connection: what comes from `source` goes to the sink, in order, each piece
 * `delayMs` after it came. While the flow is cut, bytes and the end of the source are swallowed; one that
 * lost anything can never go on, since TCP promised its sender that they arrived.
 */
export class TcpFlow {
  readonly #init: TcpFlowInit
  #sink: Socket | undefined
  #pieces: Piece[] = []
  #heldBytes = 0
  #lastAt = 0
  #isCut = false
  #hasLost = false
  #isFull = false
  #cancelTimer: (() => void) | undefined

  constructor(init: TcpFlowInit) {
    this.#init = init
  }

  /** Whether bytes or an end were swallowed. */
  get hasLost(): boolean {
    return this.#hasLost
  }

  start(): void {
    const { source } = this.#init
    source.on('data', (bytes) => this.#take({ bytes: bytes as Buffer }))
    source.on('end', () => this.#take({ isEnd: true }))
  }

  /** Until then what arrives is held. */
  connect(sink: Socket): void {
    this.#sink = sink
    sink.on('drain', () => {
      this.#isFull = false
      this.#flush()
    })
    this.#flush()
  }

  /** What is on its way is lost too. */
  cut(): void {
    this.#isCut = true
    if (this.#pieces.length > 0) this.#hasLost = true
    this.#pieces = []
    this.#heldBytes = 0
    // Nobody will read on otherwise, and what is read here is lost: the sender must see silence, not a jam.
    this.#init.source.resume()
  }

  /** The source is gone; to a flow that is cut, that is one more thing which is not told. */
  closed(): void {
    if (this.#isCut) this.#hasLost = true
  }

  /** Only of use to a flow that has lost nothing. */
  heal(): void {
    this.#isCut = false
  }

  /** Idempotent. */
  stop(): void {
    this.#cancelTimer?.()
    this.#pieces = []
    this.#sink = undefined
  }

  #take(piece: { readonly bytes: Buffer } | { readonly isEnd: true }): void {
    if (this.#isCut) {
      this.#hasLost = true
      return
    }
    // A delay that was made shorter must not let later bytes overtake earlier ones.
    this.#lastAt = Math.max(this.#lastAt, this.#init.clock.now() + this.#init.delayMs())
    this.#pieces.push({ ...piece, at: this.#lastAt })
    if ('bytes' in piece) this.#heldBytes += piece.bytes.length
    this.#flush()
    if (this.#heldBytes > HELD_BYTES_MAX) this.#init.source.pause()
  }

  #flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const now = this.#init.clock.now()
    for (;;) {
      const [next] = this.#pieces
      if (next === undefined || this.#sink === undefined || this.#isFull) break
      if (next.at > now) {
        this.#cancelTimer = this.#init.clock.after(next.at - now, () => this.#flush())
        break
      }
      this.#pieces.shift()
      if ('bytes' in next) {
        this.#heldBytes -= next.bytes.length
        this.#isFull = !this.#sink.write(next.bytes)
      } else {
        this.#sink.end()
      }
    }
    if (this.#heldBytes <= HELD_BYTES_MAX) this.#init.source.resume()
  }
}

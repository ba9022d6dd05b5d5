import type { Socket } from 'node:net'
import { NODE_LIMITS } from '../limits.ts'
import type { Clock, NewReading, NodeService, Receipt } from '../ports.ts'
import type { CalmLog } from './calm-log.ts'
import type { Query } from './commands.ts'
import { findText } from './find.ts'
import { chainText, peersText, showText, statusText, verifyText } from './queries.ts'
import type { ReceiptHolder, ReceiptWatch } from './receipt-watch.ts'
import type { RecentBlocks } from './recent-blocks.ts'
import type { Effect, Session, SessionEvent } from './session.ts'
import type { SharedVerify } from './shared-verify.ts'

type TimerName = 'deadline' | 'patience' | 'stall' | 'linger'

/** What all connections of a server share. */
export interface ConnectionContext {
  readonly service: NodeService
  readonly clock: Clock
  readonly log: CalmLog
  readonly verify: SharedVerify
  readonly recent: RecentBlocks
  readonly receipts: ReceiptWatch
  /** How many terminals are connected. */
  readonly terminalCount: () => number
}

/**
 * One socket and its session: feeds the session what happens and does what it says. It decides one thing
 * itself: when a client does not read. Its own lines are then not looked at until its queue is empty
 * (back-pressure), and it is dropped when that takes too long or when broadcasts fill the queue.
 */
export class Connection implements ReceiptHolder {
  readonly #socket: Socket
  readonly #session: Session
  readonly #context: ConnectionContext
  readonly #cancels: Partial<Record<TimerName, () => void>> = {}
  #paused = false
  /** The queue of the socket is full; `drain` comes when it is empty. */
  #full = false
  #continueWhenDrained = false
  #corked = false
  /** Made when the client asks for a verification, to give it up when the client leaves. */
  #verifying: AbortController | undefined
  /** Events that came while effects were being done: a query may be answered at once. */
  #events: SessionEvent[] = []
  #stepping = false

  constructor(socket: Socket, session: Session, context: ConnectionContext) {
    this.#socket = socket
    this.#session = session
    this.#context = context
  }

  /** `onClosed` is called once, when nothing of the connection is left. */
  start(onClosed: () => void): void {
    const socket = this.#socket
    socket.setNoDelay(true)
    // Finds clients that vanished without a word: a pulled cable, a laptop that was closed.
    socket.setKeepAlive(true, NODE_LIMITS.keepAliveMs)
    socket.on('data', (bytes) => this.#step({ kind: 'bytes', bytes }))
    socket.on('end', () => this.#step({ kind: 'end' }))
    socket.on('drain', () => this.#drained())
    // A reset by the other side is its way to leave; 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      for (const cancel of Object.values(this.#cancels)) cancel()
      this.#verifying?.abort()
      this.#context.receipts.left(this)
      onClosed()
    })
    this.#step({ kind: 'connected' })
  }

  broadcast(bytes: Uint8Array): void {
    this.#step({ kind: 'broadcast', bytes })
  }

  moved(receipt: Receipt, value: number): void {
    this.#step({ kind: 'moved', receipt, value })
  }

  /** Answers what is in flight, says goodbye and closes. */
  stop(): void {
    this.#step({ kind: 'stop' })
  }

  /** At once, whatever is in flight. */
  destroy(): void {
    this.#socket.destroy()
  }

  #step(event: SessionEvent): void {
    this.#events.push(event)
    if (this.#stepping) return
    this.#stepping = true
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      if (this.#socket.destroyed) continue
      for (const effect of this.#session.step(next)) this.#do(effect)
    }
    this.#stepping = false
  }

  #do(effect: Effect): void {
    switch (effect.kind) {
      case 'write':
        this.#write(effect.bytes)
        break
      case 'submit':
        this.#submit(effect.ticket, effect.reading)
        break
      case 'query':
        this.#query(effect.ticket, effect.query)
        break
      case 'pause':
      case 'resume':
        this.#paused = effect.kind === 'pause'
        this.#steerReading()
        break
      case 'continue':
        this.#continue()
        break
      case 'deadline':
        this.#setTimer('deadline', effect.afterMs, () => this.#step({ kind: 'deadline' }))
        break
      case 'patience':
        this.#setTimer('patience', effect.afterMs, () => this.#patience())
        break
      case 'close':
        this.#close()
        break
    }
  }

  #patience(): void {
    this.#step({ kind: 'patience', status: this.#context.service.status() })
  }

  #write(bytes: Uint8Array): void {
    const socket = this.#socket
    if (socket.destroyed) return
    // Answers that come in one turn of the event loop leave in one packet.
    if (!this.#corked) {
      this.#corked = true
      socket.cork()
      process.nextTick(() => {
        this.#corked = false
        socket.uncork()
      })
    }
    const roomLeft = socket.write(bytes)
    if (socket.writableLength > NODE_LIMITS.writeQueueBytesMax) this.#drop('its queue is full')
    if (roomLeft || this.#full || socket.destroyed) return
    this.#full = true
    this.#setTimer('stall', NODE_LIMITS.writeStallMs, () => this.#drop('it does not read'))
    this.#steerReading()
  }

  #drained(): void {
    this.#full = false
    this.#setTimer('stall', null)
    this.#steerReading()
    if (!this.#continueWhenDrained) return
    this.#continueWhenDrained = false
    this.#continue()
  }

  #continue(): void {
    if (this.#full) this.#continueWhenDrained = true
    else setImmediate(() => this.#step({ kind: 'continue' }))
  }

  #steerReading(): void {
    if (this.#paused || this.#full) this.#socket.pause()
    else this.#socket.resume()
  }

  #submit(ticket: number, reading: NewReading): void {
    this.#context.service.submit(reading).then(
      (result) => {
        if (result.ok && !this.#socket.destroyed) {
          this.#context.receipts.told(result.value.entryId, this, reading.value)
        }
        this.#step({ kind: 'submitted', ticket, result })
      },
      () => this.#step({ kind: 'unconfirmed', ticket }),
    )
  }

  #query(ticket: number, query: Query): void {
    const answer = (text: string) => this.#step({ kind: 'answered', ticket, text })
    const failed = (error: unknown) => {
      if (this.#socket.destroyed) return
      this.#context.log.warn({ err: error, query: query.kind }, 'a terminal could not be answered')
      answer(`The node could not answer "${query.kind}": its log says why.\n`)
    }
    if (query.kind === 'verify') {
      this.#verifying = new AbortController()
      const { signal } = this.#verifying
      this.#context.verify.ask(signal).then((report) => answer(verifyText(report)), failed)
      return
    }
    try {
      if (query.kind === 'chain') this.#chainText(query.count).then(answer, failed)
      else if (query.kind === 'find') findText(this.#context.service, query.digits).then(answer, failed)
      else answer(this.#textOf(query))
    } catch (error) {
      failed(error)
    }
  }

  async #chainText(count: number): Promise<string> {
    const { service, recent } = this.#context
    const { hash, height } = service.status().head
    const blocks = await recent.latest(hash, count)
    return chainText(
      blocks.map(({ view }) => view),
      height + 1,
    )
  }

  #textOf(query: Exclude<Query, { kind: 'verify' | 'chain' | 'find' }>): string {
    const { service, terminalCount } = this.#context
    switch (query.kind) {
      case 'status':
        return statusText(service, terminalCount())
      case 'show':
        return showText(service, query.height)
      case 'peers':
        return peersText(service.peers())
    }
  }

  /**
   * Ends our side, and once everything has left waits for the other to end its own, throwing away what it
   * still sends. Closing both sides at once would answer that with a reset, which may overtake our last
   * words.
   */
  #close(): void {
    this.#verifying?.abort()
    this.#setTimer('stall', NODE_LIMITS.writeStallMs, () => this.#drop('it does not read'))
    this.#socket.end(() => {
      this.#setTimer('stall', null)
      this.#setTimer('linger', NODE_LIMITS.lingerMs, () => this.#socket.destroy())
    })
    this.#socket.resume()
  }

  #drop(reason: string): void {
    const { remoteAddress, writableLength } = this.#socket
    this.#context.log.warn(
      { remoteAddress, writableLength, reason },
      'dropped a terminal that reads too slowly',
    )
    this.#socket.destroy()
  }

  #setTimer(name: TimerName, afterMs: number | null, task = () => {}): void {
    this.#cancels[name]?.()
    delete this.#cancels[name]
    if (afterMs !== null) this.#cancels[name] = this.#context.clock.after(afterMs, task)
  }
}

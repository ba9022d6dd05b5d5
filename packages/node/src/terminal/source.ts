/**
 * A device that serves its readings as lines of text: we connect out and store each line.
 *
 * The device hears nothing back, so what cannot be stored is logged and counted, and the stream goes on. A
 * line that the end of a connection cut off is not stored: `12` may be the beginning of `120`. A connection
 * that ends or fails is made again, after a wait that doubles up to a maximum, less up to half of it by
 * chance, so that many nodes do not fall upon a device together.
 */
import { connect, type Socket } from 'node:net'
import { checkReading, type Failure, parseNumber, type Result } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { SourceAddress } from '../options.ts'
import type { Clock, Logger, NodeService, Random } from '../ports.ts'
import { printable } from '../views/printable.ts'
import { hostPort, measureOf } from './address.ts'
import { CalmLog } from './calm-log.ts'
import { type Line, LineSplitter } from './line-splitter.ts'

export interface SourceInit {
  readonly service: NodeService
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly address: SourceAddress
}

export interface SourceCounts {
  /** Connections that were made. */
  readonly connected: number
  /** Readings that are durable on the chain. */
  readonly stored: number
  /** Lines that were skipped. */
  readonly skipped: number
}

type State =
  | { readonly kind: 'idle' }
  /** `cancel` takes back the time limit for connecting. */
  | { readonly kind: 'connecting'; readonly socket: Socket; readonly cancel: () => void }
  | { readonly kind: 'connected'; readonly socket: Socket }
  /** The connection is gone; lines that came over it still wait for a free place in flight. */
  | { readonly kind: 'finishing' }
  | { readonly kind: 'waiting'; readonly cancel: () => void }
  | { readonly kind: 'stopped' }

export class Source {
  readonly #init: SourceInit
  readonly #log: CalmLog
  readonly #counts = { connected: 0, stored: 0, skipped: 0 }
  readonly #retries = new Set<() => void>()
  #state: State = { kind: 'idle' }
  #measureName = ''
  #splitter = new LineSplitter()
  #inFlightCount = 0
  /** Connections in a row that brought no reading. */
  #failureCount = 0
  /** The line that must end in time, and how to take the limit back. */
  #deadline: { readonly line: number; readonly cancel: () => void } = { line: 0, cancel: () => {} }
  #stopped: Promise<void> | undefined
  #settled = () => {}

  constructor(init: SourceInit) {
    this.#init = init
    this.#log = new CalmLog(init.clock, init.logger)
  }

  get counts(): SourceCounts {
    return { ...this.#counts }
  }

  /** Connects, in the background and for ever. Throws a `NodeFailure`: MEASURE_UNKNOWN. */
  start(): void {
    const { address, service } = this.#init
    this.#measureName = measureOf(service.document, address.measure).name
    this.#connect()
  }

  /** Idempotent. Reads no more; resolves when every submitted reading is answered. */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain()
    return this.#stopped
  }

  async #drain(): Promise<void> {
    const state = this.#state
    this.#state = { kind: 'stopped' }
    this.#deadline.cancel()
    if (state.kind === 'connecting' || state.kind === 'waiting') state.cancel()
    if (state.kind === 'connecting' || state.kind === 'connected') state.socket.destroy()
    for (const giveUp of [...this.#retries]) giveUp()
    if (this.#inFlightCount === 0) return
    await new Promise<void>((resolve) => {
      this.#settled = resolve
    })
  }

  /** idle, waiting -> connecting */
  #connect(): void {
    const { host, port } = this.#init.address
    const socket = connect({ host, port })
    this.#splitter = new LineSplitter()
    const timeout = () => socket.destroy(new Error('it did not accept the connection in time'))
    const cancel = this.#init.clock.after(NODE_LIMITS.sourceConnectTimeoutMs, timeout)
    this.#state = { kind: 'connecting', socket, cancel }
    let reason = 'the device ended it'
    socket.on('connect', () => this.#connected(socket))
    socket.on('data', (bytes) => {
      this.#splitter.push(bytes)
      this.#readLines()
    })
    socket.on('error', (error) => {
      reason = error.message
    })
    socket.on('close', () => this.#closed(reason))
  }

  /** connecting -> connected */
  #connected(socket: Socket): void {
    if (this.#state.kind !== 'connecting') return
    this.#state.cancel()
    this.#state = { kind: 'connected', socket }
    this.#counts.connected += 1
    // Finds a device that vanished without a word.
    socket.setKeepAlive(true, NODE_LIMITS.keepAliveMs)
    this.#init.logger.info(this.#where(), 'connected to a device')
  }

  /** connecting, connected -> finishing */
  #closed(reason: string): void {
    if (this.#state.kind === 'stopped') return
    if (this.#state.kind === 'connecting') this.#state.cancel()
    this.#state = { kind: 'finishing' }
    this.#failureCount += 1
    this.#log.warn({ ...this.#where(), reason }, 'the connection to a device is gone: connecting again')
    this.#readLines()
  }

  /** finishing -> waiting */
  #wait(): void {
    if (this.#splitter.started) this.#skip('', 'the connection ended within a line')
    const { clock, random } = this.#init
    const { sourceBackoffMinMs, sourceBackoffMaxMs } = NODE_LIMITS
    const longestMs = Math.min(sourceBackoffMaxMs, sourceBackoffMinMs * 2 ** (this.#failureCount - 1))
    const [chance] = random.bytes(1) as Uint8Array & [number]
    const delayMs = Math.round(longestMs * (1 - chance / 512))
    this.#state = { kind: 'waiting', cancel: clock.after(delayMs, () => this.#connect()) }
  }

  #readLines(): void {
    while (this.#state.kind !== 'stopped' && this.#inFlightCount < NODE_LIMITS.linesInFlightMax) {
      const line = this.#splitter.next()
      if (line === undefined) break
      this.#readLine(line)
    }
    this.#steer()
  }

  #steer(): void {
    const { backlog, startedLine } = this.#splitter
    if (this.#state.kind === 'finishing' && !backlog) this.#wait()
    const socket = this.#state.kind === 'connected' ? this.#state.socket : undefined
    if (backlog) socket?.pause()
    else socket?.resume()
    // Time that a line spends in our own queue is not held against the device.
    const line = socket === undefined || backlog ? 0 : startedLine
    if (line === this.#deadline.line) return
    this.#deadline.cancel()
    const timeout = () => socket?.destroy(new Error('a line was begun and not ended in time'))
    const cancel = line === 0 ? () => {} : this.#init.clock.after(NODE_LIMITS.lineTimeoutMs, timeout)
    this.#deadline = { line, cancel }
  }

  #readLine(line: Line): void {
    if (line.kind === 'interrupt') return
    if (line.kind !== 'text') {
      this.#skip('', line.kind === 'long' ? 'the line is too long' : `the line is not text (${line.fault})`)
      return
    }
    const text = line.text.replace(/^[ \t]+|[ \t]+$/g, '')
    // Devices send empty lines to show that they are there.
    if (text === '') return
    const value = this.#valueOf(text)
    if (!value.ok) {
      this.#skip(text, value.error.message)
      return
    }
    this.#failureCount = 0
    this.#inFlightCount += 1
    this.#submit(value.value)
  }

  #valueOf(text: string): Result<number> {
    const parsed = parseNumber(text)
    if (!parsed.ok) return parsed
    const checked = checkReading(this.#init.service.document, this.#measureName, parsed.value)
    return checked.ok ? parsed : checked
  }

  /** Holds its place in flight until it is stored or given up. */
  #submit(value: number): void {
    const { service, address } = this.#init
    const subject = address.subject === undefined ? {} : { subject: address.subject }
    service.submit({ measure: this.#measureName, value, ...subject }).then(
      (result) => {
        if (result.ok) this.#counts.stored += 1
        else if (this.#retry(value, result.error)) return
        else this.#skip(String(value), result.error.message)
        this.#landed()
      },
      () => {
        this.#skip(String(value), 'the node failed before it was confirmed')
        this.#landed()
      },
    )
  }

  /** Whether it will be submitted again: nothing was stored, and the device cannot repeat it. */
  #retry(value: number, { code, message }: Failure): boolean {
    if (code !== 'PENDING_FULL' || this.#state.kind === 'stopped') return false
    const giveUp = () => {
      cancel()
      this.#retries.delete(giveUp)
      this.#skip(String(value), message)
      this.#landed()
    }
    const cancel = this.#init.clock.after(NODE_LIMITS.sourceRetryMs, () => {
      this.#retries.delete(giveUp)
      this.#submit(value)
    })
    this.#retries.add(giveUp)
    return true
  }

  /** A submitted reading has its answer. */
  #landed(): void {
    this.#inFlightCount -= 1
    this.#readLines()
    if (this.#inFlightCount === 0) this.#settled()
  }

  #skip(text: string, reason: string): void {
    this.#counts.skipped += 1
    const line = printable(text, NODE_LIMITS.echoCharactersMax)
    this.#log.warn({ ...this.#where(), line, reason }, 'skipped a line of a device')
  }

  #where(): { readonly device: string; readonly measure: string } {
    return { device: hostPort(this.#init.address), measure: this.#measureName }
  }
}

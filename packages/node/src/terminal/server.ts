import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type ErrorCode, invariant, type Measure } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { TerminalPort } from '../options.ts'
import { type Clock, type Logger, NodeFailure, type NodeService } from '../ports.ts'
import { hostPort, measureOf } from './address.ts'
import { Broadcaster } from './broadcast.ts'
import { CalmLog } from './calm-log.ts'
import { Connection, type ConnectionContext } from './connection.ts'
import { ReceiptWatch } from './receipt-watch.ts'
import { RecentBlocks } from './recent-blocks.ts'
import { Session, type SessionConfig } from './session.ts'
import { SharedVerify } from './shared-verify.ts'
import { Tally } from './tally.ts'

/** Where a terminal is served. */
export interface TerminalAddress {
  /** As it was asked for; `0.0.0.0` and `::` mean every address of the machine. */
  readonly host: string
  /** The actual one, also when 0 was asked for. */
  readonly port: number
  /** The port that was asked for, when another program serves it and this is the next free one. */
  readonly movedFrom?: number
  readonly measure: Measure
  readonly subject?: string
}

/** Each defaults to its row in `NODE_LIMITS`. */
export interface TerminalOptions {
  readonly connectionsMax?: number
  readonly connectionsPerAddressMax?: number
  /** 0 turns broadcasts off. */
  readonly broadcastIntervalMs?: number
  readonly broadcastBlocksMax?: number
  readonly drainMs?: number
}

export interface TerminalServerInit {
  readonly service: NodeService
  readonly clock: Clock
  readonly logger: Logger
  readonly ports: readonly TerminalPort[]
  /** Somebody chose the ports: one that is taken is an error, not the next free one used. Default true. */
  readonly portsExplicit?: boolean
  readonly options?: TerminalOptions
}

const LISTEN_FAILURES: Record<string, readonly [ErrorCode, string]> = {
  EADDRINUSE: ['TERMINAL_PORT_TAKEN', 'another program serves this port'],
  EACCES: ['TERMINAL_PORT_FORBIDDEN', 'the system does not allow this port'],
}

const PORT_MAX = 65_535

/** Serves terminals on every configured port: accepts, counts, broadcasts, drains. */
export class TerminalServer {
  readonly #service: NodeService
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #log: CalmLog
  readonly #ports: readonly TerminalPort[]
  readonly #portsExplicit: boolean
  readonly #receipts = new ReceiptWatch()
  readonly #options: Required<TerminalOptions>
  readonly #context: ConnectionContext
  readonly #recent: RecentBlocks
  readonly #broadcaster: Broadcaster
  readonly #connections = new Set<Connection>()
  /** Connections by remote address. */
  readonly #addresses = new Tally()
  #servers: Server[] = []
  #stopped: Promise<void> | undefined
  #drained = () => {}
  #unsubscribe = () => {}

  constructor({ service, clock, logger, ports, portsExplicit = true, options = {} }: TerminalServerInit) {
    this.#service = service
    this.#clock = clock
    this.#logger = logger
    this.#ports = ports
    this.#portsExplicit = portsExplicit
    this.#options = {
      connectionsMax: NODE_LIMITS.connectionsMax,
      connectionsPerAddressMax: NODE_LIMITS.connectionsPerAddressMax,
      broadcastIntervalMs: NODE_LIMITS.broadcastIntervalMs,
      broadcastBlocksMax: NODE_LIMITS.broadcastBlocksMax,
      drainMs: NODE_LIMITS.terminalDrainMs,
      ...options,
    }
    this.#log = new CalmLog(clock, logger)
    const verify = new SharedVerify(service, clock)
    const { broadcastIntervalMs: intervalMs, broadcastBlocksMax: blocksMax } = this.#options
    const recent = new RecentBlocks(service, Math.max(blocksMax, NODE_LIMITS.chainBlocksMax))
    this.#recent = recent
    const terminalCount = () => this.#connections.size
    this.#context = {
      service,
      clock,
      log: this.#log,
      verify,
      recent,
      receipts: this.#receipts,
      terminalCount,
    }
    const receivers = () => this.#connections
    this.#broadcaster = new Broadcaster({ service, recent, clock, logger, intervalMs, blocksMax, receivers })
  }

  /**
   * Listens on every port, in their order, or on none. Rejects with a `NodeFailure`: MEASURE_UNKNOWN,
   * TERMINAL_PORT_TAKEN, TERMINAL_PORT_FORBIDDEN, TERMINAL_ADDRESS_INVALID.
   */
  async start(): Promise<readonly TerminalAddress[]> {
    const configs = this.#ports.map((port) => sessionConfig(port, this.#service))
    this.#recent.start()
    this.#unsubscribe = this.#service.subscribe((event) => this.#receipts.onEvent(event))
    try {
      const addresses: TerminalAddress[] = []
      for (const [index, { host, port: asked }] of this.#ports.entries()) {
        const { document: _, isMined: __, ...config } = configs[index] as SessionConfig
        const port = await this.#listenNear(host, asked, configs[index] as SessionConfig)
        const isMoved = asked !== 0 && port !== asked
        if (isMoved) this.#logger.warn({ host, from: asked, to: port }, 'a terminal port was taken')
        addresses.push({ host, port, ...(isMoved && { movedFrom: asked }), ...config })
      }
      if (this.#options.broadcastIntervalMs > 0) this.#broadcaster.start()
      return addresses
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /**
   * Idempotent. Accepts nobody any more, answers what is in flight, says goodbye to everyone and closes. What
   * takes longer than `drainMs` is cut off.
   */
  stop(): Promise<void> {
    // Whoever waits for the latest blocks is answered before they are given up.
    this.#stopped ??= this.#drain().finally(() => {
      this.#recent.stop()
      this.#unsubscribe()
    })
    return this.#stopped
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  async #drain(): Promise<void> {
    this.#broadcaster.stop()
    for (const server of this.#servers) server.close()
    for (const connection of [...this.#connections]) connection.stop()
    if (this.#connections.size === 0) return
    const cancel = this.#clock.after(this.#options.drainMs, () => {
      this.#logger.warn(
        { count: this.#connections.size },
        'cut off terminals that did not take their answers',
      )
      for (const connection of this.#connections) connection.destroy()
    })
    await new Promise<void>((resolve) => {
      this.#drained = resolve
    })
    cancel()
  }

  /** The port that was asked for or, when nobody chose it and it is taken, the next free one above it. */
  async #listenNear(host: string, asked: number, config: SessionConfig): Promise<number> {
    const triesMax = this.#portsExplicit || asked === 0 ? 1 : NODE_LIMITS.portTriesMax
    for (let port = asked; ; port += 1) {
      try {
        return await this.#listen(host, port, config)
      } catch (error) {
        const isTaken = error instanceof NodeFailure && error.code === 'TERMINAL_PORT_TAKEN'
        if (!isTaken || port + 1 >= asked + triesMax || port === PORT_MAX) throw error
      }
    }
  }

  /** Resolves with the actual port. */
  #listen(host: string, port: number, config: SessionConfig): Promise<number> {
    // A client that ends its side still gets its answers. The mark is when `write` says that it is enough.
    const highWaterMark = NODE_LIMITS.writeQueueBytesHigh
    const server = createServer({ allowHalfOpen: true, highWaterMark }, (socket) =>
      this.#accept(socket, config),
    )
    return new Promise((resolve, reject) => {
      server.once('error', (error) => reject(listenFailure(host, port, error)))
      server.listen({ host, port, backlog: NODE_LIMITS.listenBacklog }, () => {
        server.removeAllListeners('error')
        // Out of file descriptors, above all: those who are connected stay connected.
        server.on('error', (error) => this.#log.warn({ err: error }, 'a terminal could not be accepted'))
        this.#servers.push(server)
        const address = server.address()
        invariant(address !== null && typeof address === 'object', 'a listening TCP server has an address')
        resolve((address as AddressInfo).port)
      })
    })
  }

  #accept(socket: Socket, config: SessionConfig): void {
    const remote = socket.remoteAddress
    // It left before it was accepted.
    if (remote === undefined) {
      socket.destroy()
      return
    }
    const address = remote.replace(/^::ffff:/, '')
    const refusal = this.#refusal(address)
    if (refusal !== undefined) {
      this.#refuse(socket, address, refusal)
      return
    }
    const connection = new Connection(socket, new Session(config), this.#context)
    this.#connections.add(connection)
    this.#addresses.add(address)
    connection.start(() => {
      this.#connections.delete(connection)
      this.#addresses.remove(address)
      if (this.#connections.size === 0) this.#drained()
    })
    // Accepted in the very turn in which the server was told to stop.
    if (this.#stopped !== undefined) connection.stop()
  }

  /** Why a further connection from `address` is not taken. */
  #refusal(address: string): string | undefined {
    const { connectionsMax, connectionsPerAddressMax } = this.#options
    if (this.#connections.size >= connectionsMax) {
      return `This node serves ${connectionsMax} terminals already: try again later.\n`
    }
    if (this.#addresses.of(address) >= connectionsPerAddressMax) {
      return `This node serves ${connectionsPerAddressMax} terminals of your address already: close one.\n`
    }
    return undefined
  }

  /** One line and out, without waiting for the other side: a flood of these must cost nothing. */
  #refuse(socket: Socket, address: string, refusal: string): void {
    this.#log.warn(
      { address, connectionCount: this.#connections.size },
      'refused a terminal: there are too many',
    )
    socket.on('error', () => {})
    socket.end(refusal, () => socket.destroy())
  }
}

function sessionConfig({ measure, subject }: TerminalPort, service: NodeService): SessionConfig {
  const { document } = service
  return {
    ...{ document, measure: measureOf(document, measure), isMined: service.status().mining !== undefined },
    ...(subject === undefined ? {} : { subject }),
  }
}

function listenFailure(host: string, port: number, error: NodeJS.ErrnoException): NodeFailure {
  const [code, reason] = LISTEN_FAILURES[error.code ?? ''] ?? ['TERMINAL_ADDRESS_INVALID', error.message]
  const where = hostPort({ host, port })
  return new NodeFailure(code, `terminals cannot be served on ${where}: ${reason}`, { cause: error })
}

/**
 * A TCP proxy on this machine that behaves like the network between two computers, so that the network can
 * fail on purpose: be cut, cut in one direction only, reset connections, be slow.
 *
 * A partition is silence: whoever sends into it learns nothing, neither from an error nor from an end of the
 * connection, until its own time-outs find out. A cut proxy therefore swallows bytes and ends of existing
 * connections, and accepts new ones (the system does that before a program is asked) without a word. What it
 * swallowed is gone, while TCP has told the sender that it arrived, so such a connection cannot go on: when
 * the cut is healed it is destroyed at both ends, and both have to connect anew. Connections that lost
 * nothing go on, as they would after a short failure of a cable.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../ports.ts'
import { TcpFlow } from './tcp-flow.ts'

const HOST = '127.0.0.1'

/** `forward`: from whoever connected to the proxy, to the target. */
export type CutDirection = 'both' | 'forward' | 'backward'

type OneWay = Exclude<CutDirection, 'both'>

export interface TcpProxyInit {
  readonly clock: Clock
}

/** Where connections lead: to a port of this machine, nowhere yet (they wait), nowhere (they are reset). */
type Target = number | 'unknown' | 'none'

interface Link {
  readonly client: Socket
  readonly forward: TcpFlow
  readonly backward: TcpFlow | undefined
  readonly target: Socket | undefined
}

export class TcpProxy {
  readonly #clock: Clock
  #server: Server | undefined
  #links = new Map<Socket, Link>()
  #target: Target = 'unknown'
  readonly #silent = new Set<OneWay>()
  #isReset = false
  #delayMs = 0

  constructor({ clock }: TcpProxyInit) {
    this.#clock = clock
  }

  /** Listens on a port of 127.0.0.1 that the system chooses, and gives it. */
  async listen(): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, HOST, () => resolve())
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
    return address.port
  }

  /** Connections that wait for it, and new ones, go there. Others stay where they are. */
  setTarget(port: number): void {
    this.#target = port
    for (const link of [...this.#links.values()]) {
      if (link.target === undefined && !this.isCut) this.#connect(link)
    }
  }

  /** New connections wait for the next `setTarget`, as before the first one. */
  forgetTarget(): void {
    this.#target = 'unknown'
  }

  /** New connections are reset, as by a machine on which nobody listens, until the next `setTarget`. */
  refuse(): void {
    this.#target = 'none'
    for (const link of [...this.#links.values()]) if (link.target === undefined) this.#destroy(link, true)
  }

  /** Silence in that direction, for existing connections and new ones. Adds to a cut that is there. */
  cut(direction: CutDirection = 'both'): void {
    for (const way of ['forward', 'backward'] as const) {
      if (direction === 'both' || direction === way) this.#silent.add(way)
    }
    for (const link of this.#links.values()) this.#silence(link)
  }

  /** Resets all connections, and new ones as they come: a firewall or a machine that says no. */
  reset(): void {
    this.#isReset = true
    for (const link of [...this.#links.values()]) this.#destroy(link, true)
  }

  /** Ends the cut. Connections that lost bytes are destroyed at both ends; whoever wants to connects anew. */
  heal(): void {
    this.#isReset = false
    this.#silent.clear()
    for (const link of [...this.#links.values()]) {
      if (link.forward.hasLost || link.backward?.hasLost === true) {
        this.#destroy(link, true)
        continue
      }
      link.forward.heal()
      link.backward?.heal()
      if (link.target === undefined && typeof this.#target === 'number') this.#connect(link)
    }
  }

  /** Of each direction, for what is sent from now on. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs
  }

  get isCut(): boolean {
    return this.#isReset || this.#silent.size > 0
  }

  get connectionCount(): number {
    return this.#links.size
  }

  /** Resets what is connected. Idempotent. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const link of [...this.#links.values()]) this.#destroy(link, true)
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined)
    if (this.#server === undefined || this.#isReset || this.#target === 'none') {
      client.resetAndDestroy()
      return
    }
    const forward = this.#flow(client)
    forward.start()
    const link = { client, forward, backward: undefined, target: undefined }
    this.#links.set(client, link)
    client.on('close', (hadError) => this.#onClose(client, 'forward', hadError))
    // Also when only what comes back is cut: the handshake of TCP would not succeed.
    if (this.isCut) forward.cut()
    else if (this.#target !== 'unknown') this.#connect(link)
  }

  #connect({ client, forward }: Link): void {
    const target = connect({ host: HOST, port: this.#target as number, allowHalfOpen: true, noDelay: true })
    target.on('error', () => undefined)
    const backward = this.#flow(target)
    backward.start()
    this.#links.set(client, { client, forward, backward, target })
    target.on('close', (hadError) => this.#onClose(client, 'backward', hadError))
    forward.connect(target)
    backward.connect(client)
  }

  #flow(source: Socket): TcpFlow {
    return new TcpFlow({ source, clock: this.#clock, delayMs: () => this.#delayMs })
  }

  #silence({ forward, backward }: Link): void {
    if (this.#silent.has('forward')) forward.cut()
    if (this.#silent.has('backward')) backward?.cut()
  }

  /** One end is gone altogether. While its direction is silent, the other end must not learn of it. */
  #onClose(client: Socket, way: OneWay, hadError: boolean): void {
    const link = this.#links.get(client)
    if (link === undefined) return
    const [flow, other] = way === 'forward' ? [link.forward, link.target] : [link.backward, link.client]
    flow?.closed()
    if (other === undefined || other.destroyed) this.#destroy(link, hadError)
    // In good order the other end closes by itself, once each has sent its end.
    else if (hadError && !this.#silent.has(way)) this.#destroy(link, true)
  }

  #destroy(link: Link, isReset: boolean): void {
    const { client, target, forward, backward } = link
    this.#links.delete(client)
    forward.stop()
    backward?.stop()
    for (const socket of [client, target]) {
      if (socket === undefined || socket.destroyed) continue
      if (isReset) socket.resetAndDestroy()
      else socket.destroy()
    }
  }
}

import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A proxy to a port of this machine that lets what comes back through only as far as it is told to: so a node
 * is in the middle of what it fetches for as long as a test likes.
 */
export class MeteredProxy {
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #allowedBytes = 65_536

  constructor(target: number) {
    this.#target = target
  }

  /** Gives its port of 127.0.0.1. */
  async listen(): Promise<number> {
    const server = createServer((client) => this.#accept(client))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
    return address.port
  }

  /** So many more bytes, beside those of the handshakes. */
  allow(bytes: number): undefined {
    this.#allowedBytes += bytes
    for (const socket of this.#sockets) socket.resume()
  }

  /** Idempotent. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const server = this.#server
    this.#server = undefined
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  #accept(client: Socket): void {
    const target = connect({ port: this.#target, host: '127.0.0.1' })
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', (bytes) => target.write(bytes))
    target.on('data', (bytes) => {
      client.write(bytes)
      this.#allowedBytes -= bytes.length
      if (this.#allowedBytes <= 0) target.pause()
    })
  }
}

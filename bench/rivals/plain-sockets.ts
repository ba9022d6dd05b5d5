import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What corestore and autobase have in common. */
interface Replicated {
  replicate(isInitiator: boolean): NodeJS.ReadWriteStream
}

/**
 * Replicates over TCP between the processes of this machine, without the swarm and its DHT. The streams are
 * encrypted, as they are in a swarm. Returns the port that it listens on.
 */
export async function replicateOverTcp(store: Replicated, peers: readonly number[]): Promise<number> {
  const server = createServer((socket) => join(store, socket, false))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (const port of peers) {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    join(store, socket, true)
  }
  return (server.address() as AddressInfo).port
}

function join(store: Replicated, socket: Socket, isInitiator: boolean): void {
  socket.setNoDelay()
  const stream = store.replicate(isInitiator)
  // A process that stops ends its sockets: nothing to report.
  stream.on('error', () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.pipe(stream).pipe(socket)
}

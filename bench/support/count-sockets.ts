/**
 * Loaded before a node's own code (`node --import`): answers on the IPC channel how many bytes its process
 * has written to TCP sockets so far. What the kernel adds (headers, resent segments) is not in it.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** The bytes that one process has written, by the ports of the two ends. */
export interface Flow {
  readonly localPort: number
  readonly remotePort: number
  readonly bytes: number
}

const open = new Set<Socket>()
const closed: Flow[] = []

for (const channel of ['net.client.socket', 'net.server.socket']) {
  subscribe(channel, (message) => {
    const { socket } = message as { socket: Socket }
    let flow = flowOf(socket)
    open.add(socket)
    // A closed socket no longer knows its ports.
    socket.on('end', () => (flow = flowOf(socket)))
    socket.once('connect', () => (flow = flowOf(socket)))
    socket.once('close', () => {
      open.delete(socket)
      closed.push({ ...flow, bytes: socket.bytesWritten })
    })
  })
}

process.on('message', (message) => {
  if (message === 'flows') process.send?.([...closed, ...[...open].map(flowOf)])
})
// A bench that was killed leaves no process behind.
process.on('disconnect', () => process.exit(1))
process.channel?.unref()

function flowOf(socket: Socket): Flow {
  const { localPort = 0, remotePort = 0, bytesWritten } = socket
  return { localPort, remotePort, bytes: bytesWritten }
}

/**
 * A process of terminals: arguments are port, count and duration in ms. Each terminal types a number, waits
 * for its confirming line and the next prompt, and types again. Sends to its parent the latencies in ms and
 * when it began, by the machine's monotonic clock, and ends.
 */
import { connect, type Socket } from 'node:net'

const [port, count, durationMs] = process.argv.slice(2).map(Number) as [number, number, number]
const PROMPT = 'BPM:'
const UNASKED = / moved to block |catching up/
const latencies: number[] = []

const sockets: Socket[] = []
for (let i = 0; i < count; i += 100) {
  sockets.push(...(await Promise.all(Array.from({ length: Math.min(100, count - i) }, open))))
}
const startedAt = performance.now()
const beganAt = Number(process.hrtime.bigint()) / 1e6
await Promise.all(sockets.map((socket) => typeUntil(socket, startedAt + durationMs)))
const elapsedMs = performance.now() - startedAt
for (const socket of sockets) socket.destroy()
process.send?.({ latencies, elapsedMs, beganAt }, () => process.disconnect())

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1')
    socket.once('error', reject)
    socket.once('data', () => resolve(socket))
  })
}

function typeUntil(socket: Socket, until: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let typedAt = performance.now()
    let answer = ''
    socket.on('error', reject)
    socket.on('data', (text) => {
      answer += text
      if (!answer.endsWith(PROMPT)) return
      // What is told unasked, such as that an earlier reading has moved, brings a prompt of its own.
      if (!answer.includes('stored') && UNASKED.test(answer)) {
        answer = ''
        return
      }
      if (!answer.includes('stored')) return reject(new Error(`unexpected answer: ${answer}`))
      const now = performance.now()
      latencies.push(now - typedAt)
      // Also when it types no more: what it is told afterwards is no second confirmation.
      answer = ''
      if (now >= until) return resolve()
      typedAt = now
      socket.write('72\n')
    })
    socket.write('72\n')
  })
}

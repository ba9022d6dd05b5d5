/**
 * Clients that do nothing, and clients that read nothing. Scaled down in the normal run; the full figures
 * of the test catalogue on demand (npm run test:soak), where they are printed and asserted.
 */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import type { NodeProcess } from './support/node-process.ts'
import { confirmationsIn, SERIAL_PROMPT, serialLedger } from './support/serials.ts'
import type { TerminalClient } from './support/terminal-client.ts'
import { asserts } from './support/transcript.ts'
import { type RunningNode, useWorld } from './support/world.ts'

const world = useWorld()

const IDLE = asserts.figures ? 10_000 : 500
const IDLE_RSS_MIB_MAX = 256
const ACTIVE_P99_MS_MAX = 100
const SLOW = asserts.figures ? 500 : 50
/** Often, so that the buffers of the system are full before the queue of the node has to be. */
const BROADCAST_INTERVAL = asserts.figures ? '200ms' : '100ms'
/** 10 s, and as much again until the buffers of the system are full. */
const SLOW_DROPPED_MS_MAX = 20_000
const READINGS_PER_SECOND = 1_000

test(`beside ${IDLE} idle clients, one that types is answered, and all of them are let go`, async () => {
  const directory = world.directory()
  const limits = ['--connections-max', '20000', '--connections-per-address-max', '20000']
  const { node, port } = await world.start({ directory, args: [...serialLedger(directory), ...limits] })
  const idle = await Promise.all(Array.from({ length: IDLE }, () => silent(port, 'reads')))
  const active = await world.connect(port, 'the active client')
  await active.readUntilPrompt(SERIAL_PROMPT)
  // A connection that the system has taken may still wait to be accepted.
  await active.statusUntil(new RegExp(`^terminals +${IDLE + 1}$`, 'm'))
  await active.readUntilPrompt(SERIAL_PROMPT)

  const timesMs: number[] = []
  for (let value = 0; value < 200; value += 1) {
    const startedAt = performance.now()
    expect(confirmationsIn(await active.ask(String(value), SERIAL_PROMPT))).toHaveLength(1)
    timesMs.push(performance.now() - startedAt)
  }
  const p99Ms = timesMs.sort((a, b) => a - b)[197] as number
  const rssMib = residentMib(node)
  console.log(`${IDLE} idle clients: RSS ${rssMib} MiB, answers p99 ${p99Ms.toFixed(1)} ms`)
  if (asserts.figures) {
    expect(p99Ms).toBeLessThan(ACTIVE_P99_MS_MAX)
    expect(rssMib).toBeLessThan(IDLE_RSS_MIB_MAX)
  }
  for (const socket of idle) socket.destroy()
  await active.statusUntil(/^terminals +1$/m)
}, 120_000)

test(`${SLOW} clients that read nothing are dropped, with bounded queues, while another types`, async () => {
  const directory = world.directory()
  const args = [
    ...serialLedger(directory),
    '--broadcast-interval',
    BROADCAST_INTERVAL,
    '--broadcast-blocks',
    '10000',
  ]
  const running = await world.start({ directory, args })
  const active = await world.connect(running.port, 'the active client')
  let value = await fillBroadcasts(active)

  const startedAt = performance.now()
  const slow = await Promise.all(Array.from({ length: SLOW }, () => silent(running.port, 'reads nothing')))
  // Half of them ask for more than they read, too.
  for (const socket of slow.slice(SLOW / 2)) socket.write('help\n'.repeat(10_000))
  const typing = asserts.figures ? typeSteadily(active, () => value++) : undefined
  await active.statusUntil(/^terminals +1$/m)
  typing?.stop()
  const droppedMs = performance.now() - startedAt
  active.type(String(value))
  await active.waitFor(new RegExp(`#\\d+ ${value} Serial stored`))

  const queues = droppedQueues(running)
  expect(queues.length).toBeGreaterThan(0)
  const largest = Math.max(...queues)
  expect(largest).toBeLessThan(NODE_LIMITS.writeQueueBytesMax + 2 * NODE_LIMITS.broadcastBytesMax)
  const figures = `RSS ${residentMib(running.node)} MiB, largest queue ${largest} bytes`
  console.log(`${SLOW} slow clients: dropped within ${Math.round(droppedMs)} ms, ${figures}`)
  if (asserts.figures) expect(droppedMs).toBeLessThan(SLOW_DROPPED_MS_MAX)
}, 120_000)

/** Connected, and without an ear for what comes. */
function silent(port: number, kind: 'reads' | 'reads nothing'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  world.later(() => socket.destroy())
  if (kind === 'reads') socket.resume()
  else socket.pause()
  return new Promise((resolve, reject) => {
    // A client that the node drops gets a reset: no failure of the test.
    socket.once('connect', () => resolve(socket)).on('error', reject)
  })
}

/** Types as many readings as a broadcast can hold; resolves with the next number to type. */
async function fillBroadcasts(active: TerminalClient): Promise<number> {
  const count = 6_000
  active.type(Array.from({ length: count }, (_, value) => value).join('\n'))
  await active.waitFor(new RegExp(`#\\d+ ${count - 1} Serial stored`))
  await active.waitFor(/^Latest \d+ of \d+ blocks:$/m)
  return count
}

function typeSteadily(active: TerminalClient, nextValue: () => number): { stop: () => void } {
  const timer = setInterval(() => {
    for (let count = 0; count < READINGS_PER_SECOND / 50; count += 1) active.type(String(nextValue()))
  }, 1_000 / 50)
  world.later(() => clearInterval(timer))
  return { stop: () => clearInterval(timer) }
}

/** What the node says of each client that it dropped and logged: it logs one a second at most. */
function droppedQueues({ node }: RunningNode): number[] {
  const lines = node.stderr.text.split('\n').filter((line) => line.includes('reads too slowly'))
  return lines.map((line) => (JSON.parse(line) as { writableLength: number }).writableLength)
}

function residentMib({ pid }: NodeProcess): number {
  try {
    const [, kib = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Math.round(Number(kib) / 1_024)
  } catch {
    return Number.NaN
  }
}

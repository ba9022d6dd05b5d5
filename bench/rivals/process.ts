/** One process of a rival: arguments are its name, a data directory, a log (or -) and ports to connect to. */
import { createInterface } from 'node:readline'
import { startAutobase } from './autobase.ts'
import { startHypercore } from './hypercore.ts'
import { startOrbitdb } from './orbitdb.ts'
import type { Answers, Order, Reading, Ready, StartRival } from './protocol.ts'

const RIVALS: Readonly<Record<string, StartRival>> = {
  autobase: startAutobase,
  hypercore: startHypercore,
  orbitdb: startOrbitdb,
}
/** Calls under way at once: each of the rivals does them one after another, so this only keeps it busy. */
const CALLS_IN_FLIGHT = 64

const seenAt: number[] = []
const waiting = new Map<number, () => void>()

const [name = '', directory = '', database = '-', ...ports] = process.argv.slice(2)
const start = RIVALS[name]
if (start === undefined) throw new Error(`no rival "${name}"`)
const rival = await start({
  directory,
  database: database === '-' ? null : database,
  peers: ports.map(Number),
  seen,
})
print({ port: rival.port, database: rival.database } satisfies Ready)
for await (const line of createInterface({ input: process.stdin })) {
  const { id, order } = JSON.parse(line) as { id: number; order: Order }
  void carryOut(order).then((answer) => {
    print({ id, answer })
    if (order.kind === 'stop') process.exit(0)
  })
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** Milliseconds of the clock that all processes of this machine share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function seen(count: number): void {
  const at = now()
  while (seenAt.length < count) {
    seenAt.push(at)
    waiting.get(seenAt.length)?.()
    waiting.delete(seenAt.length)
  }
}

async function carryOut(order: Order): Promise<Answers[Order['kind']]> {
  switch (order.kind) {
    case 'append':
      return append(order.count, order.together)
    case 'trickle':
      return trickle(order.count, order.intervalMs)
    case 'wait':
      if (seenAt.length < order.count) await new Promise<void>((resolve) => waiting.set(order.count, resolve))
      return { at: seenAt[order.count - 1] as number }
    case 'times':
      return { times: seenAt.slice(order.from) }
    case 'count':
      return { count: await rival.count() }
    case 'stop':
      await rival.stop()
      return {}
  }
}

async function append(count: number, together: number): Promise<Answers['append']> {
  const at = now()
  let left = count
  const lane = async (): Promise<void> => {
    while (left > 0) {
      const size = Math.min(together, left)
      left -= size
      await rival.append(Array.from({ length: size }, reading))
    }
  }
  await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, lane))
  return { at }
}

/** Keeps to the schedule: a late append does not shift those after it. */
async function trickle(count: number, intervalMs: number): Promise<Answers['trickle']> {
  const times: number[] = []
  const calls: Promise<void>[] = []
  const startedAt = now()
  for (let i = 0; i < count; i++) {
    const waitMs = startedAt + i * intervalMs - now()
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    times.push(now())
    calls.push(rival.append([reading()]))
  }
  await Promise.all(calls)
  return { times }
}

function reading(): Reading {
  const time = Date.now()
  return { measure: 'bpm', value: 40 + (time % 100), time }
}

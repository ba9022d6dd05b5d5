import { hash } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { MiningPool, systemClock } from 'pulseledger'
import type { BareLoop } from './support/bare-loop.ts'
import { measureOpensslSha256 } from './support/openssl.ts'
import { median, perSecond, type Suite } from './support/report.ts'

/** A header of a usual length, filled up to whole blocks, and a target that no nonce meets. */
const JOB = { prefix: new Uint8Array(256).fill(7), target: new Uint8Array(32) }
/** The pool and the bare loops take turns, as the machine is not as fast at every moment. */
const ROUNDS = 3
const MEASURED_MS = 1_000
/** Until V8 has compiled what it runs for good, and slices have found their size. */
const WARM_UP_MS = 300
/** Nonces of the loop in JavaScript between two looks at the clock. */
const LOOP_NONCES = 8_192

/**
 * How fast a node looks for a proof of work. The goal is 0.9 of bare loops over the same module on as many
 * threads: what the slices, the sharing and the counting may cost. Two threads are not twice as fast as one,
 * in the pool or bare, where two processors of the machine are one core, or where something else runs.
 *
 * The other rates are for comparison. `crypto.hash` is what the same search takes without a module: it hashes
 * the whole header for each nonce, which is five compressions and not one. OpenSSL's is the rate at which
 * `openssl speed` compresses 16 kB at a time in machine code, with the SHA instructions of the processor
 * where it has them; it compares no target and changes no nonce.
 */
export const miningSuite: Suite = async (report) => {
  const rates = []
  for (const threads of [1, 2]) {
    const [bare, pool] = await takeTurns(
      () => bareLoops(threads),
      () => pooled(threads),
    )
    report.line(`bare loop over the module, threads: ${threads}, nonces/s`, bare.toFixed(0))
    const ratio = `${(pool / bare).toFixed(2)} of the bare loop (goal 0.90)`
    report.line(`pool, threads: ${threads}, nonces/s`, pool.toFixed(0), ratio)
    rates.push(pool)
  }
  const one = rates[0] as number
  const loop = hashLoop()
  report.line(
    'loop of crypto.hash, nonces/s',
    loop.toFixed(0),
    `the pool of one is ${(one / loop).toFixed(1)} x`,
  )
  const openssl = measureOpensslSha256()
  const ratio = openssl ? `the pool of one is ${(one / openssl).toFixed(2)} of it` : ''
  report.line(
    'openssl speed sha256, one core, compressions/s',
    openssl ? openssl.toFixed(0) : 'absent',
    ratio,
  )
}

/** The median of each. */
async function takeTurns(a: () => Promise<number>, b: () => Promise<number>): Promise<[number, number]> {
  const [ofA, ofB]: [number[], number[]] = [[], []]
  for (let i = 0; i < ROUNDS; i++) {
    ofA.push(await a())
    ofB.push(await b())
  }
  return [median(ofA), median(ofB)]
}

/** Nonces a second of all threads together, each with a module and nonces of its own. */
async function bareLoops(threads: number): Promise<number> {
  const workerData: BareLoop = { job: JOB, warmUpMs: WARM_UP_MS, measuredMs: MEASURED_MS }
  const url = new URL('./support/bare-loop.ts', import.meta.url)
  const workers = Array.from({ length: threads }, () => new Worker(url, { workerData }))
  const rates = await Promise.all(workers.map(async (it) => (await once(it, 'message'))[0] as number))
  await Promise.all(workers.map((worker) => worker.terminate()))
  return rates.reduce((a, b) => a + b)
}

/** Nonces a second of all threads together. */
async function pooled(threads: number): Promise<number> {
  const pool = new MiningPool({ threads, clock: systemClock })
  await pool.start()
  try {
    const job = pool.mine(JOB)
    await pass(WARM_UP_MS)
    const [startedAt, before] = [performance.now(), pool.attempts()]
    await pass(MEASURED_MS)
    const rate = perSecond(pool.attempts() - before, performance.now() - startedAt)
    pool.cancel()
    await job
    return rate
  } finally {
    await pool.stop()
  }
}

function hashLoop(): number {
  const input = Buffer.concat([JOB.prefix, new Uint8Array(8)])
  const startedAt = performance.now()
  let nonce = 0
  while (performance.now() - startedAt < MEASURED_MS) {
    for (const end = nonce + LOOP_NONCES; nonce < end; nonce++) {
      input.writeUInt32BE(nonce, input.length - 4)
      // As a string of one character a byte, the fastest form there is; its first ones are compared.
      if (hash('sha256', input, 'binary').startsWith('\0\0\0\0\0\0\0\0')) throw new Error(`found ${nonce}`)
    }
  }
  return perSecond(nonce, performance.now() - startedAt)
}

/** Threads work meanwhile. Their pool does not keep the process alive; this timer does. */
function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

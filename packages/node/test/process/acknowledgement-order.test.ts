/**
 * "Stored" is told after the fsync that covers the reading, and never after one that failed: seen from
 * outside, in the system calls of the real process. Needs strace; where there is none, the tests say so and
 * are left out.
 */
import { join } from 'node:path'
import { EXIT, encodePayload } from '@pulseledger/core'
import { expect, test } from 'vitest'
import { holderOf, readingsOf, verificationOf } from './support/chain-of.ts'
import { Chance } from './support/chance.ts'
import { Confirmed } from './support/confirmed.ts'
import { unframed } from './support/level-log.ts'
import { Load } from './support/load.ts'
import type { NodeProcess } from './support/node-process.ts'
import { type Confirmation, confirmationsIn, serialLedger } from './support/serials.ts'
import { hasStrace, readTrace, type SystemCall, straceWrapper, type Trace } from './support/strace.ts'
import { asserts, until } from './support/transcript.ts'
import { useWorld } from './support/world.ts'

const world = useWorld()

if (!hasStrace) console.log('strace not present: left out are the tests of the order of acknowledgements')

const CALLS = 'trace=fdatasync,fsync,write,writev,sendto,sendmsg'
const LOG_FILE = /\/ledger\/\d+\.log$/
/** Every reading of these tests takes as many bytes as this one. */
const FIRST_VALUE = 1_000_000

class TracedNode {
  readonly directory: string
  readonly confirmed = new Confirmed()
  readonly node: NodeProcess
  readonly #output: string
  readonly #load: Promise<Load>

  constructor(clientCount: number, filters: readonly string[]) {
    this.directory = world.directory()
    this.#output = join(this.directory, 'strace.txt')
    this.node = world.launch({
      directory: this.directory,
      args: ['start', '--addr', '0', ...serialLedger(this.directory)],
      wrapper: straceWrapper(this.#output, [CALLS, ...filters]),
      // strace counts the calls of each thread for itself, so one thread does all the writing.
      env: { UV_THREADPOOL_SIZE: '1' },
    })
    this.#load = this.#start(clientCount)
    this.#load.catch(() => undefined)
  }

  async #start(clientCount: number): Promise<Load> {
    let value = FIRST_VALUE
    const [port] = await this.node.ready()
    const load = new Load({
      port: port as number,
      clientCount,
      chance: new Chance(1),
      nextValue: () => value++,
      onTyped: (typed) => this.confirmed.typed(typed),
      onConfirmation: (confirmation) => this.confirmed.add(confirmation),
    })
    world.later(() => load.stop())
    await load.start()
    return load
  }

  async confirmedCount(count: number): Promise<void> {
    await this.#load
    await until(`${count} confirmations`, () => (this.confirmed.count >= count ? true : undefined))
  }

  /** All that clients were told, once the process has ended by itself. */
  async ended(): Promise<{ texts: string[]; trace: Trace; code: number | null }> {
    const { code } = await this.node.ended()
    const texts = await this.#load.then(
      (load) => load.ended(),
      () => [],
    )
    return { texts, trace: readTrace(this.#output), code }
  }

  /** After a failure: the directory opens as it is, and nothing that was confirmed is lost. */
  async expectNothingLost(): Promise<void> {
    await world.start({ directory: this.directory, args: serialLedger(this.directory) })
    this.confirmed.check(await readingsOf(this.directory))
    expect(await verificationOf(this.directory)).toMatchObject({ ok: true, problems: [] })
  }
}

/**
 * What is on the disk of the database's log after each fdatasync that succeeded, in the order of the trace.
 */
function syncedLogs({ calls }: Trace): { at: number; bytes: Buffer }[] {
  const written = new Map<string, Buffer[]>()
  const synced: { at: number; bytes: Buffer }[] = []
  const edges = calls
    .filter(({ file }) => LOG_FILE.test(file))
    .map((call) => ({ at: call.name === 'write' ? call.endedAt : call.beganAt, call }))
    .sort((a, b) => a.at - b.at)
  for (const { call } of edges) {
    const pieces = written.get(call.file) ?? []
    written.set(call.file, pieces)
    if (call.name === 'write') pieces.push(call.data)
    else if (call.name === 'fdatasync' && call.result === 0) {
      synced.push({ at: call.endedAt, bytes: unframed(Buffer.concat(pieces)) })
    }
  }
  return synced
}

/** The bytes by which a reading of this value is recognised in whatever holds its payload. */
function markOf(value: number): Buffer {
  const payload = Buffer.from(encodePayload({ salt: new Uint8Array(16), time: 0, value, measure: 'serial' }))
  const at = payload.indexOf('value')
  return payload.subarray(at, payload.indexOf('measure') - 1)
}

/** Confirmations with the moment at which their bytes were handed to the system. */
function told({ calls }: Trace): { at: number; confirmation: Confirmation }[] {
  return calls
    .filter(({ file, data }) => file.startsWith('socket:') && data.includes('stored in block'))
    .flatMap(({ beganAt, data }) =>
      confirmationsIn(data.toString('latin1')).map((confirmation) => ({ at: beganAt, confirmation })),
    )
}

/** Those whose reading was in no log that an fdatasync before them had made durable. */
function toldTooEarly(trace: Trace): readonly Confirmation[] {
  const logs = syncedLogs(trace)
  return told(trace)
    .filter(({ at, confirmation }) => {
      const covered = logs.findLast((log) => log.at < at)
      return covered === undefined || !covered.bytes.includes(markOf(confirmation.value))
    })
    .map(({ confirmation }) => confirmation)
}

test.runIf(hasStrace)(
  'each "stored" leaves after the fdatasync that covers its reading has returned',
  async () => {
    const traced = new TracedNode(8, [])
    await traced.confirmedCount(300)
    process.kill(nodePid(traced), 'SIGTERM')
    const { trace, code } = await traced.ended()
    expect(code).toBe(0)

    const confirmations = told(trace)
    expect(confirmations.length).toBeGreaterThanOrEqual(300)
    expect(toldTooEarly(trace)).toEqual([])
    // The check can tell: with the last fdatasync of the log taken away, the last readings are covered by
    // none.
    const last = trace.calls.findLast(({ name, file }) => name === 'fdatasync' && LOG_FILE.test(file))
    expect(toldTooEarly({ ...trace, calls: trace.calls.filter((call) => call !== last) })).not.toEqual([])
  },
)

test.runIf(hasStrace).each([1, 2, 3, 4, 5, 7, 10, 20, 50])(
  'a kill at fdatasync number %i loses nothing that was confirmed and leaves a ledger that opens',
  async (number) => {
    const traced = new TracedNode(4, [`inject=fdatasync:signal=KILL:when=${number}`])
    const { trace } = await traced.ended()
    expect(trace.calls.filter(isSync)).toHaveLength(number)
    await traced.expectNothingLost()
  },
)

test.runIf(hasStrace)(
  'an fdatasync that fails ends the node at once, and nothing is confirmed after it',
  async () => {
    const traced = new TracedNode(8, ['inject=fdatasync:error=EIO:when=40+'])
    const { trace, code, texts } = await traced.ended()
    expect(code, traced.node.stderr.text).toBe(EXIT.disk)

    const failed = trace.calls.filter((call) => isSync(call) && call.result !== 0)
    // A failed one is never tried again: the kernel may have dropped the pages it was about.
    expect(failed).toHaveLength(1)
    const [failure] = failed as [SystemCall]
    // Readings of the block before may still be told of while the next one fails; none of that one may.
    expect(toldTooEarly(trace)).toEqual([])
    if (asserts.figures) expect(trace.endTime - failure.time).toBeLessThan(1)
    // Whoever waits for an answer is told that there is none.
    for (const text of texts) expect(text).toMatch(/not stored|not confirmed|stopp/i)
    await traced.expectNothingLost()
  },
)

function isSync({ name, file }: SystemCall): boolean {
  return name === 'fdatasync' && file !== ''
}

/** Of the node and not of strace, which hands no signals on. */
function nodePid({ directory }: TracedNode): number {
  return holderOf(directory)?.pid as number
}

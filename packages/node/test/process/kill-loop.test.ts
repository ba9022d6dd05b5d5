/**
 * kill -9 at random moments under load, again and again on one data directory. A round starts a node,
 * checks that every reading that was ever confirmed is where it was said to be, lets clients type, and
 * kills the node: while it starts, or after so many confirmations or bytes of output. Chance is seeded; the
 * interleaving with the disk is not.
 *
 * PULSELEDGER_KILL_ROUNDS=1000 does more rounds (npm run test:kills), PULSELEDGER_KILL_SEED others.
 */
import { expect, test } from 'vitest'
import { holderOf, readingsOf } from './support/chain-of.ts'
import { Chance } from './support/chance.ts'
import { Confirmed } from './support/confirmed.ts'
import { Load } from './support/load.ts'
import type { NodeProcess } from './support/node-process.ts'
import { serialLedger } from './support/serials.ts'
import { asserts, until } from './support/transcript.ts'
import { useWorld } from './support/world.ts'

const ROUNDS = Number(process.env.PULSELEDGER_KILL_ROUNDS ?? 50)
const SEED = Number(process.env.PULSELEDGER_KILL_SEED ?? 1)
const CLIENTS = 20
/** Rounds between two readings of the whole chain; the others read what is new. */
const WHOLE_EVERY = 10
const RESTART_P99_MS = 5_000

type Moment =
  /** As soon as it exists: Node has not yet read the program. */
  | { readonly kind: 'spawned' }
  /** It has opened the store and says so in node.json. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'banner' }
  | { readonly kind: 'confirmations'; readonly count: number }
  | { readonly kind: 'output'; readonly bytes: number }

function moment(chance: Chance): Moment {
  switch (chance.below(10)) {
    case 0:
      return { kind: chance.pick(['spawned', 'opened', 'banner'] as const) }
    case 1:
    case 2:
    case 3:
      return { kind: 'output', bytes: 1 + chance.below(30_000) }
    default:
      return { kind: 'confirmations', count: 1 + chance.below(300) }
  }
}

const world = useWorld()

class KillLoop {
  readonly #directory = world.directory()
  readonly #args = serialLedger(this.#directory)
  readonly #chance = new Chance(SEED)
  readonly confirmed = new Confirmed()
  readonly startsMs: number[] = []
  #value = 0
  #checkedHeight = 0

  get directory(): string {
    return this.#directory
  }

  async round(number: number): Promise<void> {
    const when = moment(this.#chance)
    const node = this.#launch()
    if (when.kind === 'spawned') return this.#kill(node)
    if (when.kind === 'opened') {
      await until('node.json', () => (holderOf(this.#directory)?.pid === node.pid ? true : undefined))
      return this.#kill(node)
    }
    const port = await this.#ready(node)
    if (when.kind === 'banner') return this.#kill(node)
    await this.check(number % WHOLE_EVERY === 0 ? 0 : this.#checkedHeight)
    await this.#loadUntil(when, node, port)
  }

  /** On a node that runs. */
  async check(from: number): Promise<void> {
    const readings = await readingsOf(this.#directory, from)
    this.confirmed.check(readings, from)
    this.#checkedHeight = readings.at(-1)?.height ?? this.#checkedHeight
  }

  async restart(): Promise<NodeProcess> {
    const node = this.#launch()
    await this.#ready(node)
    return node
  }

  #launch(): NodeProcess {
    return world.launch({ directory: this.#directory, args: ['start', '--addr', '0', ...this.#args] })
  }

  async #ready(node: NodeProcess): Promise<number> {
    const startedAt = performance.now()
    const [port] = await node.ready()
    this.startsMs.push(performance.now() - startedAt)
    return port as number
  }

  async #loadUntil(when: Moment & { kind: 'confirmations' | 'output' }, node: NodeProcess, port: number) {
    let confirmations = 0
    const killed = Promise.withResolvers<void>()
    const look = () => {
      const isTime =
        when.kind === 'confirmations' ? confirmations >= when.count : node.stdout.text.length >= when.bytes
      if (!isTime) return
      node.signal('SIGKILL')
      killed.resolve()
    }
    node.stdout.onText(look)
    const load = new Load({
      port,
      clientCount: CLIENTS,
      chance: this.#chance,
      nextValue: () => this.#value++,
      onTyped: (value) => this.confirmed.typed(value),
      onConfirmation: (confirmation) => {
        this.confirmed.add(confirmation)
        confirmations += 1
        look()
      },
    })
    await load.start()
    await killed.promise
    // What was on its way when the node died still arrives, and counts.
    await Promise.all([node.ended(), load.ended()])
  }

  async #kill(node: NodeProcess): Promise<void> {
    await node.kill()
  }
}

test(
  `survives ${ROUNDS} kills under load: every confirmed reading is there once, where it was said to be`,
  async () => {
    const loop = new KillLoop()
    for (let number = 1; number <= ROUNDS; number += 1) {
      await loop.round(number).catch((error: unknown) => {
        throw new Error(`round ${number} of seed ${SEED}: ${(error as Error).message}`, { cause: error })
      })
    }
    const node = await loop.restart()
    await loop.check(0)
    expect(loop.confirmed.count).toBeGreaterThan(ROUNDS)

    node.signal('SIGTERM')
    expect(await node.ended()).toEqual({ code: 0, signal: null })
    const verified = await world.run(loop.directory, ['verify'])
    expect(verified, verified.stdout + verified.stderr).toMatchObject({ code: 0 })

    const sorted = loop.startsMs.toSorted((a, b) => a - b)
    const p99Ms = sorted[Math.ceil(0.99 * sorted.length) - 1] as number
    const medianMs = sorted[Math.floor(sorted.length / 2)] as number
    const figures = `restart p50 ${Math.round(medianMs)} ms, p99 ${Math.round(p99Ms)} ms`
    console.log(`${ROUNDS} kills, ${loop.confirmed.count} confirmed readings, ${figures}`)
    if (asserts.figures) expect(p99Ms).toBeLessThan(RESTART_P99_MS)
  },
  60_000 + ROUNDS * 5_000,
)

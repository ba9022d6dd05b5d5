/**
 * Five nodes, each joined to every other one, each typed into by several people at once, while the network
 * between them is cut and healed and nodes are killed, on a seeded schedule. In the end there is one chain,
 * and what anyone was told is on it, once, where it was said to be.
 *
 * PULSELEDGER_NETWORK_SECONDS=600 goes on for so long (npm run test:network), PULSELEDGER_NETWORK_SEED takes
 * another schedule. Chance is seeded; the interleaving of processes is not.
 */
import { expect, test } from 'vitest'
import type { NodeNumber } from '../../../src/devnet/events.ts'
import { Chance } from '../support/chance.ts'
import { useWorld } from '../support/world.ts'
import { readingsOf, verificationOf } from './support/ask.ts'
import { holds, TEST_MS } from './support/patience.ts'
import { TestCluster } from './support/test-cluster.ts'
import { Told } from './support/told.ts'

const SECONDS = Number(process.env.PULSELEDGER_NETWORK_SECONDS ?? 0)
const SEED = Number(process.env.PULSELEDGER_NETWORK_SEED ?? 1)
/** However short the time is, each kind of failure happens once. */
const ROUNDS_MIN = 3
const NODES = 5
const TYPISTS = 3
/** Readings that each node must confirm before a schedule goes on. */
const PROGRESS = SECONDS > 0 ? [5, 50, 400] : [5]
/** Beyond these, for readings that nobody is told of any more because the node was killed. */
const LOST_MAX = TYPISTS * 3

const world = useWorld()

class Run {
  readonly told = new Told()
  readonly chance = new Chance(SEED)
  readonly net = new TestCluster({ world, nodeCount: NODES })
  readonly convergeMs: number[] = []
  roundCount = 0
  killCount = 0

  async start(): Promise<void> {
    this.net.onUp = (node, port) => void this.told.type(`${node}`, port, TYPISTS)
    await this.net.start()
    await this.progress(this.net.nodes)
  }

  async round(): Promise<void> {
    const { net, chance } = this
    const going = this.#cut()
    await this.progress(going)
    const victim = chance.pick(net.nodes)
    if (chance.below(3) > 0) {
      await net.cluster.kill(victim)
      this.killCount += 1
      await this.progress(going.filter((node) => node !== victim))
      if (chance.below(2) === 0) await this.#revive(victim)
    }
    await this.#heal(victim)
    this.roundCount += 1
  }

  /** Until each of these nodes has confirmed some more readings to those who type there. */
  async progress(nodes: readonly NodeNumber[]): Promise<void> {
    const count = this.chance.pick(PROGRESS)
    for (const node of nodes) this.told.allow(`${node}`, count + LOST_MAX)
    const before = new Map(nodes.map((node) => [node, this.told.countOf(`${node}`)]))
    const waiting = () =>
      nodes.filter((node) => this.told.countOf(`${node}`) < (before.get(node) as number) + count)
    await holds(
      `${count} more confirmations by each of ${nodes} while the network is ${this.net.cluster.partition}`,
      () => waiting().length === 0,
      () => `not by ${waiting()}; ${this.net.complaints}`,
    )
  }

  /** Gives the nodes that are expected to go on meanwhile. */
  #cut(): NodeNumber[] {
    const { cluster, nodes } = this.net
    const [one, ...others] = this.#shuffled(nodes) as [NodeNumber, ...NodeNumber[]]
    switch ((this.roundCount + SEED - 1) % 3) {
      case 0:
        cluster.split([[one, others[0] as NodeNumber]])
        return nodes
      case 1:
        cluster.isolate(one)
        return nodes
      default:
        // It hears the others and cannot fetch anything: it goes on once it finds that nobody hears it, which
        // takes longer than the short version may.
        for (const other of others) cluster.mute(one, other)
        return SECONDS > 0 ? nodes : others
    }
  }

  async #heal(victim: NodeNumber): Promise<void> {
    const { net } = this
    const up = net.nodes.filter((node) => net.cluster.terminalPortOf(node) !== undefined)
    const heights = (await net.headsOf(up)).map((head) => Number.parseInt(head, 10))
    // Some are typing while the network heals.
    for (const node of up) this.told.allow(`${node}`, LOST_MAX)
    net.cluster.heal()
    await this.#revive(victim)
    const startedAt = performance.now()
    await net.agreeAt(Math.max(...heights))
    this.convergeMs.push(performance.now() - startedAt)
  }

  async #revive(node: NodeNumber): Promise<void> {
    const { cluster } = this.net
    if (cluster.pidOf(node) === undefined) await cluster.restart(node)
    await this.net.up(node)
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items]
    return items.map(() => rest.splice(this.chance.below(rest.length), 1)[0] as T)
  }
}

test(
  'five nodes that are typed into, cut apart and killed agree: every confirmed reading is there once',
  async () => {
    const run = new Run()
    const { net, told } = run
    await run.start()
    const endAt = performance.now() + SECONDS * 1_000
    while (run.roundCount < ROUNDS_MIN || performance.now() < endAt) {
      await run.round().catch((error: unknown) => {
        const where = `round ${run.roundCount + 1} of seed ${SEED}`
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
      })
      if (SECONDS > 0)
        console.log(`${Math.round((endAt - performance.now()) / 1_000)} s left: ${figures(run)}`)
    }
    const chains = new Set<string>()
    let complaints: string[] = []
    await holds(
      'each chain to be what was told',
      async () => {
        const head = await net.oneHead()
        complaints = []
        chains.clear()
        for (const node of net.nodes) {
          const readings = await readingsOf(net.directoryOf(node))
          complaints.push(...told.check(readings))
          chains.add(JSON.stringify(readings))
        }
        return complaints.length === 0 && chains.size === 1 && head === (await net.oneHead())
      },
      () => complaints.slice(0, 5).join('\n'),
    )
    for (const node of net.nodes) {
      expect(await verificationOf(net.directoryOf(node))).toMatchObject({ ok: true, problems: [] })
    }
    expect(net.fallen).toEqual([])
    expect(net.nodes.flatMap((node) => net.alarmsOf(node))).toEqual([])
    expect(told.confirmedCount).toBeGreaterThan(NODES * ROUNDS_MIN)
    if (process.env.PULSELEDGER_TEST_FIGURES === '1') console.log(figures(run))
    told.disconnect()
  },
  TEST_MS + SECONDS * 2_000,
)

function figures({ told, net, convergeMs, roundCount, killCount }: Run): string {
  const sorted = convergeMs.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] as number)
  return [
    `${roundCount} cuts, ${killCount} kills`,
    `${told.typedCount} typed, ${told.confirmedCount} confirmed, ${told.movedCount} told of a move`,
    `${net.reorgCount} reorgs of ${net.disconnectedCount} blocks`,
    `one chain after healing p50 ${at(0.5)} ms, max ${at(1)} ms`,
  ].join('; ')
}

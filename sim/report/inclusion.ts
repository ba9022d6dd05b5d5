/**
 * How long a reading takes: until whoever typed it is told that it is stored, and until it is on the chain of
 * every node for good. Nothing goes wrong here; but all nodes make blocks at once, and of those at one height
 * only one stays, so a reading may come off the chain and onto it again.
 */
import { keyOf } from '@pulseledger/core'
import { Load } from '../load.ts'
import type { Observation } from '../node/observation.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { World } from '../world.ts'
import { Tally } from './tally.ts'

/** Of the load: it comes in bursts now and then, 2 to 30 readings in one time out of twenty. */
const READINGS_PER_TURN = 0.95 + 0.05 * 16

/** How long the group gets to come to one chain after the last reading. */
const DRAIN_MS = 120_000

export interface InclusionFigures {
  readonly readingsPerSecond: number
  readonly orphanRate: number
  readonly reorgDepthMax: number
  /** From typed to "stored", ms. */
  readonly stored: Tally
  /** From typed until it last joined the chain of any node, ms. */
  readonly settled: Tally
  /** Readings that were refused or not answered. */
  readonly lostCount: number
  readonly problem: string | undefined
}

/** Between two turns of the load, for `nodeCount` typists who type a reading each `gapMs` on average. */
export function turnGapMs(gapMs: number, nodeCount: number): number {
  return (gapMs / nodeCount) * READINGS_PER_TURN
}

export async function measureInclusion(scenario: Scenario): Promise<InclusionFigures> {
  const world = await World.create({ scenario })
  const watch = new Watch(world)
  for (const node of world.nodes) world.wire(node)
  for (const node of world.nodes) await node.boot()
  const load = new Load(world)
  load.start()
  await world.pass(scenario.hours * 3_600_000)
  load.stop()
  await world.pass(DRAIN_MS)
  world.metrics.total(world.nodes)
  const { inclusionMs, reorgDepths, orphanCount, blockCount, entryCount, refusals } = world.metrics
  return {
    readingsPerSecond: inclusionMs.length / (scenario.hours * 3_600),
    orphanRate: orphanCount / Math.max(1, blockCount),
    reorgDepthMax: Tally.of(reorgDepths).max ?? 0,
    stored: Tally.of(inclusionMs),
    settled: watch.settled(),
    lostCount: entryCount - inclusionMs.length + [...refusals.values()].reduce((a, b) => a + b, 0),
    problem: problemOf(world),
  }
}

/** What the figures would not show. */
function problemOf({ violation, nodes }: World): string | undefined {
  if (violation !== undefined) return `${violation.invariant}: ${violation.message}`
  const heads = new Set(nodes.map(({ disk }) => disk.head && keyOf(disk.head.hash)))
  return heads.size === 1 ? undefined : `${heads.size} chains, ${DRAIN_MS / 1_000} s after the last reading`
}

/** Remembers of each reading when it was typed and when it last joined a chain. */
class Watch {
  readonly #typedAt = new Map<string, number>()
  readonly #joinedAt = new Map<string, number>()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    world.onObservation((observation) => this.#observe(observation))
  }

  settled(): Tally {
    const tally = new Tally()
    for (const [key, typedAt] of this.#typedAt) {
      const joinedAt = this.#joinedAt.get(key)
      if (joinedAt !== undefined) tally.add(joinedAt - typedAt)
    }
    return tally
  }

  #observe(observation: Observation): void {
    const { now } = this.#world
    if (observation.kind === 'answered' && observation.result.ok) {
      this.#typedAt.set(keyOf(observation.result.value.entryId), now - observation.waitedMs)
    }
    if (observation.kind !== 'committed') return
    for (const { block } of observation.change.connect) {
      for (const { id } of block.entries) this.#joinedAt.set(keyOf(id), now)
    }
  }
}

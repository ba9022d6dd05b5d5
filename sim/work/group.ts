/**
 * A group that mines without a break: there is always something pending, and nothing goes wrong but what an
 * experiment does to it. Hashes are so many and so short that what a search loses when it begins anew, half
 * a hash, is nothing; latency is a thousandth of the interval, so forks by chance are nothing too.
 */
import { Owner } from '../kernel/scheduler.ts'
import type { SimNode } from '../node/sim-node.ts'
import { type FaultKind, type Scenario, scenarioOf } from '../scenario/scenario.ts'
import { World } from '../world.ts'

export interface GroupChoice {
  readonly seed: number
  readonly nodeCount: number
  readonly intervalMs: number
  /** Blocks with one target. */
  readonly window: number
  /** Of the nodes' hash power, with which a block takes the interval: they add up to 1. */
  readonly shares: readonly number[]
  readonly finalDepth?: number
  readonly blockEntries?: number
  /** What somebody does on purpose, so that an alarm about it is no violation. */
  readonly faults?: readonly FaultKind[]
}

/** Expected hashes of a block at the beginning. */
const HASHES_PER_BLOCK = 200

/** Nothing is retargeted within so many blocks: the longest window that a ledger may have. */
export const NO_RETARGET = 10_000

/** Of every commit: longer than what is submitted when a block is found takes to be pending, ms. */
const COMMIT_MS = 5

const LATENCY_MS = 1

/** Its nodes are up and joined, and have met. */
export async function workGroup(choice: GroupChoice): Promise<World> {
  const world = await World.create({ scenario: scenarioFor(choice) })
  for (const node of world.nodes) {
    node.health.commitMs = [COMMIT_MS, COMMIT_MS]
    world.wire(node)
  }
  for (const node of world.nodes) await node.boot()
  await world.pass(1_000)
  return world
}

function scenarioFor(choice: GroupChoice): Scenario {
  const { seed, nodeCount, intervalMs, window, shares, finalDepth = 400, blockEntries = 1 } = choice
  const only = choice.faults ?? []
  return {
    ...scenarioOf(seed, { only, nodes: nodeCount, realSignatures: false, engine: 'proof-of-work' }),
    ...{ topology: 'mesh', latencyMs: [LATENCY_MS, LATENCY_MS], finalDepth, blockEntries, authorShare: 0 },
    work: { intervalMs, window, power: shares.map((share) => share * powerOf(intervalMs)) },
  }
}

/** Hashes a second that make a block of the first difficulty in this time. */
export function powerOf(intervalMs: number): number {
  return (HASHES_PER_BLOCK * 1_000) / intervalMs
}

/** Types readings, so that each node has always some that no block has yet. */
export class Typist {
  readonly owner = new Owner('typist')
  readonly #world: World
  readonly #reserve: number
  #value = 40

  /** `reserve`: what a node has pending at least. */
  constructor(world: World, reserve: number) {
    this.#world = world
    this.#reserve = reserve
    for (const node of world.nodes) this.#look(node)
    world.onObservation(({ kind, node }) => {
      // A key is used when a block was found, before it is stored: what is typed now is in the next one.
      if (kind === 'signed' || kind === 'committed') this.#look(node as SimNode)
    })
  }

  stop(): void {
    this.owner.isDead = true
  }

  #look(node: SimNode): void {
    this.#world.scheduler.after(1, this.owner, () => {
      const readyCount = node.ledger?.pending.readyCount ?? this.#reserve
      for (let i = readyCount; i < this.#reserve; i++) {
        this.#value = this.#value === 180 ? 40 : this.#value + 1
        node.type({ measure: 'bpm', value: this.#value })
      }
    })
  }
}

/** Calls `act` when a block of this height is the first time on a disk. */
export function onHeight(world: World, act: (height: number) => void): void {
  let highest = 0
  world.onObservation((observation) => {
    if (observation.kind !== 'committed') return
    const height = observation.node.disk.head?.height ?? 0
    while (highest < height) act(++highest)
  })
}

/** Lets the group mine up to this height. Throws when an invariant of any run is violated. */
export async function mineTo(world: World, height: number): Promise<void> {
  const isThere = (): boolean => (world.nodes[0]?.disk.head?.height ?? 0) >= height
  await world.passUntil(Number.MAX_SAFE_INTEGER, isThere)
  assertUnharmed(world)
}

export function assertUnharmed({ violation }: World): void {
  if (violation) throw new Error(`${violation.invariant} at ${violation.node}: ${violation.message}`)
}

import type { Observation } from '../../node/observation.ts'
import { type Scenario, scenarioOf } from '../../scenario/scenario.ts'
import { World } from '../../world.ts'

export interface QuietWorld {
  readonly world: World
  /** Everything that was observed, in its order. */
  readonly seen: Observation[]
}

/** A group whose nodes are up and joined, to which nothing happens but what the test does. */
export async function quietWorld(nodes: number, part: Partial<Scenario> = {}): Promise<QuietWorld> {
  const drawn = scenarioOf(1, { nodes, only: [], realSignatures: false })
  const scenario: Scenario = {
    ...{ ...drawn, topology: 'mesh', latencyMs: [1, 5], finalDepth: 400, blockEntries: 1_000 },
    ...part,
  }
  const world = await World.create({ scenario })
  const seen: Observation[] = []
  world.onObservation((observation) => seen.push(observation))
  for (const node of world.nodes) world.wire(node)
  for (const node of world.nodes) await node.boot()
  await world.pass(5_000)
  return { world, seen }
}

export function ofKind<K extends Observation['kind']>(
  seen: readonly Observation[],
  kind: K,
): (Observation & { readonly kind: K })[] {
  return seen.filter((observation): observation is Observation & { kind: K } => observation.kind === kind)
}

/** Ids of the entries that were confirmed. */
export function confirmedIds(seen: readonly Observation[]): Uint8Array[] {
  return ofKind(seen, 'answered').flatMap(({ result }) => (result.ok ? [result.value.entryId] : []))
}

import type { ErrorCode } from '@pulseledger/core'
import { adversary } from '../../byzantine/adversary.ts'
import { findStraggler } from '../../invariants/convergence.ts'
import { checkRecovery } from '../../invariants/recovery.ts'
import { Chance } from '../../kernel/chance.ts'
import { Owner } from '../../kernel/scheduler.ts'
import { Load } from '../../load.ts'
import { type Attack, scenarioOf } from '../../scenario/scenario.ts'
import { World } from '../../world.ts'

/** A group after an attack on it, in which people typed readings all the while. */
export interface Attacked {
  readonly world: World
  /** Why honest nodes hung up on members of the attack. */
  readonly codes: ReadonlySet<ErrorCode>
  /** All that was confirmed to somebody. */
  readonly confirmedCount: number
  /** Told by the members. */
  readonly lines: readonly string[]
}

/** For so long, and until all agree. Throws when they do not, or when an invariant of any run is violated. */
export async function attacked(attack: Attack, seconds: number, seed = 1): Promise<Attacked> {
  const scenario = {
    ...scenarioOf(seed, { nodes: 3, only: [attack], realSignatures: false }),
    ...{
      topology: 'mesh' as const,
      finalDepth: 400,
      blockEntries: 1_000,
      authorShare: 0,
      readingGapMs: 2_000,
    },
  }
  const lines: string[] = []
  const world = await World.create({ scenario, print: (line) => lines.push(line) })
  const codes = new Set<ErrorCode>()
  let confirmedCount = 0
  world.onObservation((observation) => {
    if (observation.kind === 'dropped') codes.add(observation.reason.code)
    if (observation.kind === 'answered' && observation.result.ok) confirmedCount += 1
  })
  for (const node of world.nodes) world.wire(node)
  for (const node of world.nodes) await node.boot()
  await endure(world, attack, seconds)
  await agreement(world)
  return { world, codes, confirmedCount, lines }
}

/** What the chaos of a run does, with one fault. */
async function endure(world: World, attack: Attack, seconds: number): Promise<void> {
  const owner = new Owner('chaos')
  const chance = Chance.of(world.scenario.seed, 'fault', attack)
  const later = (delayMs: number, act: () => void): void => void world.scheduler.after(delayMs, owner, act)
  const every = (meanMs: number, act: () => void): void =>
    later(chance.gap(meanMs), () => {
      act()
      every(meanMs, act)
    })
  const load = new Load(world)
  load.start()
  const end = adversary(attack)({ world, chance, owner, every, later })
  await world.pass(seconds * 1_000)
  load.stop()
  owner.isDead = true
  end()
}

async function agreement(world: World): Promise<void> {
  const { nodes, genesis, crypto, now } = world
  await world.pass(60_000)
  const { straggler } = findStraggler(nodes, world.scenario)
  const heads = new Set(nodes.map(({ disk }) => Buffer.from(disk.head?.hash ?? []).toString('hex')))
  if (heads.size > 1) throw new Error(`${straggler.node} ${straggler.message}`)
  world.agreed()
  const context = { genesis, crypto, now: now + 3_600_000, report: world.report.bind(world) }
  for (const node of nodes) await checkRecovery(node, context)
  if (world.violation) throw new Error(`${world.violation.invariant}: ${world.violation.message}`)
}

/**
 * One run, from its scenario to its outcome. In turns: chaos, in which readings are typed while faults
 * happen; then everything is made good, and the group must come to one chain with every confirmed reading on
 * it, in time. At the end all nodes are killed and started again, and must be where they were.
 */

import { agree } from './agreement.ts'
import { FAULT_BY_KIND } from './faults/faults.ts'
import type { Violation } from './invariants/checker.ts'
import { checkRecovery } from './invariants/recovery.ts'
import { Chance } from './kernel/chance.ts'
import { Owner } from './kernel/scheduler.ts'
import { turnOver } from './kernel/settled.ts'
import { Load } from './load.ts'
import type { Metrics } from './metrics.ts'
import type { SimNode } from './node/sim-node.ts'
import { FAULTS, type Scenario } from './scenario/scenario.ts'
import { EPOCH, World } from './world.ts'

/** The longest that a node that went down stays so, ms. */
const DOWN_MS_MAX = 20_000

const HOUR = 3_600_000

/** A run that is shorter has no time to lose. */
const QUIET_HOURS_MIN = 1

/** The least and the most of one silence. */
const QUIET_MINUTES = [10, 60] as const

export interface Outcome {
  readonly scenario: Scenario
  readonly traceHash: string
  readonly eventCount: number
  readonly simulatedMs: number
  readonly metrics: Metrics
  readonly violation: (Violation & { readonly at: number }) | undefined
}

export async function run(scenario: Scenario, print?: (line: string) => void): Promise<Outcome> {
  const world = await World.create({ scenario, print })
  const onRejection = (reason: unknown): void => {
    const message = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)
    world.report({ invariant: 'no-crash', node: '?', message: `nobody handles a rejection: ${message}` })
  }
  process.on('unhandledRejection', onRejection)
  try {
    await live(world)
    // Rejections that nobody handles are reported at the end of a turn.
    await turnOver()
  } finally {
    process.off('unhandledRejection', onRejection)
  }
  world.metrics.total(world.nodes)
  return {
    scenario,
    traceHash: world.trace.hash,
    eventCount: world.trace.eventCount,
    simulatedMs: world.now - EPOCH,
    metrics: world.metrics,
    violation: world.violation,
  }
}

async function live(world: World): Promise<void> {
  const { scenario } = world
  const load = new Load(world)
  const operator = startOperator(world)
  for (const node of world.nodes) world.wire(node)
  for (const node of world.nodes) await node.boot()
  const endsAt = world.now + scenario.hours * HOUR
  for (let epoch = 0; world.now < endsAt && world.violation === undefined; epoch++) {
    const length = Math.min(scenario.epochMs, Math.max(20_000, endsAt - world.now))
    await chaos(world, load, epoch, length)
    if (!(await heal(world)) || !(await quiet(world, epoch, endsAt))) return
  }
  if (world.violation) return
  operator.isDead = true
  world.tell('operator', 'kills all nodes and starts them again')
  for (const node of world.nodes) node.crash(true)
  await world.pass(1_000)
  await checkDisks(world)
  for (const node of world.nodes) await node.boot()
  await agree(world, true)
}

/**
 * In a run of hours nobody types for a while, as at night: what only long silences bring is met, such as bans
 * that end, and nothing may come of them.
 */
async function quiet(world: World, epoch: number, endsAt: number): Promise<boolean> {
  const { seed, hours, epochMs } = world.scenario
  const [min, max] = QUIET_MINUTES
  const drawnMs = Chance.of(seed, 'quiet', epoch).between(min, max) * 60_000
  const ms = Math.min(drawnMs, endsAt - world.now - epochMs)
  if (hours < QUIET_HOURS_MIN || ms <= 0) return true
  world.tell('group', `is left alone for ${ms} ms`)
  await world.pass(ms)
  return agree(world)
}

/** Of two of them: each takes in its whole chain once more. */
async function checkDisks(world: World): Promise<void> {
  const { genesis, crypto } = world
  const context = { genesis, crypto, now: world.now + HOUR, report: world.report.bind(world) }
  for (const node of new Set([world.nodes[0], world.nodes.at(-1)]))
    if (node) await checkRecovery(node, context)
}

/** Whatever went down is started again, sooner or later. */
function startOperator(world: World): Owner {
  const operator = new Owner('operator')
  const chance = Chance.of(world.scenario.seed, 'operator')
  world.onObservation(({ kind, node }) => {
    if (kind !== 'down') return
    const delayMs = Math.min(DOWN_MS_MAX, chance.gap(chance.pick([500, 5_000, 20_000])))
    world.scheduler.after(delayMs, operator, () => void (node as SimNode).boot())
  })
  return operator
}

async function chaos(world: World, load: Load, epoch: number, lengthMs: number): Promise<void> {
  world.tell('chaos', `begins: ${[...world.scenario.faults].join(', ') || 'no faults'}`)
  const owner = new Owner('chaos')
  const ends = FAULTS.filter((kind) => world.scenario.faults.has(kind)).map((kind) => {
    const chance = Chance.of(world.scenario.seed, 'fault', kind, epoch)
    const later = (delayMs: number, act: () => void): void => void world.scheduler.after(delayMs, owner, act)
    const every = (meanMs: number, act: () => void): void =>
      later(chance.gap(meanMs), () => {
        world.metrics.fault(kind)
        act()
        every(meanMs, act)
      })
    return FAULT_BY_KIND[kind]({ world, chance, owner, every, later })
  })
  load.start()
  await world.pass(lengthMs)
  load.stop()
  owner.isDead = true
  for (const end of ends) end()
}

/** False when the group cannot come together by itself, or something is wrong. */
async function heal(world: World): Promise<boolean> {
  world.tell('chaos', 'is over: everything is made good')
  world.hub.healAll()
  world.weather.calm()
  for (const node of world.nodes) await node.boot()
  return agree(world)
}

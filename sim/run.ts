/**
 * One run, from its scenario to its outcome. In turns: chaos, in which readings are typed while faults
 * happen; then everything is made good, and the group must come to one chain with every confirmed reading on
 * it, in time. At the end all nodes are killed and started again, and must be where they were.
 */

import { keyOf, type Ledger } from '@pulseledger/core'
import { FAULT_BY_KIND } from './faults/faults.ts'
import type { Violation } from './invariants/checker.ts'
import { findStraggler } from './invariants/convergence.ts'
import { checkRecovery } from './invariants/recovery.ts'
import { Chance } from './kernel/chance.ts'
import { Owner } from './kernel/scheduler.ts'
import { turnOver } from './kernel/settled.ts'
import { Load } from './load.ts'
import type { Metrics } from './metrics.ts'
import type { SimNode } from './node/sim-node.ts'
import { FAULTS, type FaultKind, type Scenario } from './scenario/scenario.ts'
import { EPOCH, World } from './world.ts'

/** From healing everything to one chain on all nodes: THREATS test 7. */
const CONVERGENCE_MS_MAX = 60_000

/** Where blocks take work, what is pending takes some of them, each of which may take long. */
const WORK_MS_MAX = 240_000

/** How often it is looked at whether the nodes agree, ms. */
const LOOK_MS = 50

const HOUR = 3_600_000

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
    if (!(await heal(world))) return
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
    const delayMs = chance.gap(chance.pick([500, 5_000, 20_000]))
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

/** Waits for one chain on all nodes with nothing pending, and has everything checked that must hold then. */
async function agree(world: World, isLast = false): Promise<boolean> {
  const startedAt = world.now
  let isAgreed = false
  const observer = new Owner('observer')
  const look = (): void => {
    isAgreed = isOneChain(world)
    if (!isAgreed) world.scheduler.after(LOOK_MS, observer, look)
  }
  look()
  const hasWork = world.scenario.engine === 'proof-of-work'
  await world.passUntil(startedAt + (hasWork ? WORK_MS_MAX : CONVERGENCE_MS_MAX), () => isAgreed)
  observer.isDead = true
  if (world.violation) return false
  if (!isAgreed) {
    const { straggler, isSplit } = findStraggler(world.nodes, world.scenario.finalDepth)
    if (isSplit && mayPart(world.scenario)) {
      world.metrics.splitCount += 1
      world.tell('group', 'was apart for longer than the final depth')
      return false
    }
    world.report({ invariant: 'convergence', ...straggler })
    return false
  }
  world.metrics.convergenceMs.push(world.now - startedAt)
  world.tell('group', `is of one mind after ${world.now - startedAt} ms`)
  world.agreed(isLast)
  return world.violation === undefined
}

/** Whether this group can be apart for longer than its final depth without anything being wrong. */
function mayPart({ faults, finalDepth }: Scenario): boolean {
  if (PARTING.some((kind) => faults.has(kind))) return true
  return finalDepth < (HINDERING.some((kind) => faults.has(kind)) ? HINDERED_DEPTH : FREE_DEPTH)
}

const PARTING: readonly FaultKind[] = [
  'loss',
  'delay',
  'clog',
  'half',
  'isolate',
  'one-way',
  'swizzle',
  'pause',
]
const HINDERING: readonly FaultKind[] = ['withholding', 'lying-status', 'flood']

/** Two nodes make as many blocks as that before they hear of each other. */
const FREE_DEPTH = 30
/** A node whose peers are liars but for one may hear nothing for half a minute. */
const HINDERED_DEPTH = 400

/** Entries that must be on the chain before the group is said to agree. */
function waitingCount({ pending }: Ledger, { engine, faults }: Scenario): number {
  // One that a stranger told a single slow miner alone may wait for many blocks.
  if (engine === 'proof-of-work') return pending.stored.size + pending.unstored.size
  // When a disk was lost, entries may wait for ever for an earlier one of their author that was on it.
  return faults.has('wipe') ? pending.readyCount : pending.count
}

function isOneChain({ nodes, scenario }: World): boolean {
  const heads = new Set<string>()
  for (const { life, disk, ledger } of nodes) {
    if (life === undefined || ledger === undefined || disk.head === undefined) return false
    if (waitingCount(ledger, scenario) + ledger.heldCount > 0) return false
    // What is in memory alone is not agreed on.
    heads.add(keyOf(disk.head.hash)).add(keyOf(ledger.head.hash))
    if (heads.size > 1) return false
  }
  return true
}

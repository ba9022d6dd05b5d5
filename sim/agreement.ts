/**
 * When all is well again the group must come to one chain with nothing pending, in time; then everything is
 * looked at that must hold for it.
 */
import { keyOf, type Ledger } from '@pulseledger/core'
import { findStraggler } from './invariants/convergence.ts'
import { Owner } from './kernel/scheduler.ts'
import type { FaultKind, Scenario } from './scenario/scenario.ts'
import type { World } from './world.ts'

/** From healing everything to one chain on all nodes: THREATS test 7. */
const CONVERGENCE_MS_MAX = 60_000

/** Where blocks take work, what is pending takes some of them, each of which may take long. */
const WORK_MS_MAX = 240_000

/** How often it is looked at whether the nodes agree, ms. */
const LOOK_MS = 50

/** False when the group cannot come together by itself, or something is wrong. */
export async function agree(world: World, isLast = false): Promise<boolean> {
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
    const { straggler, isSplit } = findStraggler(world.nodes, world.scenario)
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
function waitingCount(ledger: Ledger, { engine, faults }: Scenario): number {
  const { pending } = ledger
  // One that a stranger told a single slow miner alone may wait for many blocks; what was on a chain may not.
  if (engine === 'proof-of-work') {
    const kept = [...pending.entries()].filter(({ isOurs, isStored }) => isOurs || isStored)
    return kept.filter(({ entry }) => entry.sequence === ledger.nextSequence(entry.author)).length
  }
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

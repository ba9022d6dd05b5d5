/**
 * Faults of disks. A node that meets one ends, and is started again; nothing that it confirmed may be gone.
 */
import { type DiskHealth, healthyDisk } from '../node/sim-store.ts'
import type { Fault, FaultTools } from './fault.ts'

export const diskFull: Fault = (tools) =>
  spells(tools, 60_000, 15_000, (health) => {
    health.isFull = true
  })

export const readError: Fault = (tools) =>
  spells(tools, 60_000, 5_000, (health) => {
    health.readFailureShare = tools.chance.pick([0.0005, 0.01])
  })

export const syncError: Fault = (tools) =>
  spells(tools, 60_000, 10_000, (health) => {
    health.syncFailureShare = 0.3
  })

export const slowDisk: Fault = (tools) =>
  spells(tools, 30_000, 10_000, (health) => {
    health.commitMs = [10, tools.chance.pick([50, 500, 3_000])]
  })

/** From time to time one disk is ill, for a while. */
function spells(tools: FaultTools, meanMs: number, lengthMs: number, fall: (health: DiskHealth) => void) {
  const { world, chance, every, later } = tools
  const recover = (health: DiskHealth): void => void Object.assign(health, healthyDisk())
  every(meanMs, () => {
    const { name, health } = chance.pick(world.nodes)
    fall(health)
    world.tell(name, `has a disk that is ill: ${JSON.stringify(health)}`)
    later(chance.gap(lengthMs), () => recover(health))
  })
  return () => {
    for (const { health } of world.nodes) recover(health)
  }
}

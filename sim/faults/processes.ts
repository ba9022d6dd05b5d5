/**
 * Faults of processes: they are killed, stand still, or lose what they had. Whatever is down is started
 * again by the operator of run.ts.
 */
import type { SimNode } from '../node/sim-node.ts'
import type { Fault } from './fault.ts'

/** A kill, or a power failure: the commit under way is on the disk or it is not. */
export const crash: Fault = ({ world, chance, every }) => {
  every(30_000, () => {
    // Now and then all at once, as when the power of a site fails.
    const victims = chance.happens(0.1) ? world.nodes : [chance.pick(world.nodes)]
    for (const node of victims) node.crash(chance.happens(0.5))
  })
  return () => {}
}

/** In good order, as for an update. */
export const restart: Fault = ({ world, chance, every }) => {
  every(45_000, () => void chance.pick(world.nodes).stop())
  return () => {}
}

/**
 * A process stands still, as in a suspended machine, and does not know of it. Its peers notice when it is
 * long.
 */
export const pause: Fault = ({ world, chance, every, later }) => {
  const paused = new Set<SimNode>()
  every(30_000, () => {
    const node = chance.pick(world.nodes)
    if (paused.has(node) || !node.isUp) return
    const forMs = chance.gap(chance.pick([200, 3_000, 25_000]))
    world.tell(node.name, `stands still for ${forMs} ms`)
    paused.add(node)
    node.pause()
    const others = world.nodes.filter((other) => other !== node)
    later(NOTICE_MS, () => {
      if (paused.has(node)) for (const other of others) world.hub.cut(node, other)
    })
    later(forMs, () => {
      paused.delete(node)
      node.resume()
      if (forMs >= NOTICE_MS) for (const other of others) world.hub.heal(node, other)
    })
  })
  return () => {
    for (const node of paused) node.resume()
    world.hub.healAll()
  }
}

/** How long a peer is silent until its connections are given up: `silence.ts` of the product. */
const NOTICE_MS = 9_000

/** A machine is lost, and a new one takes its place. */
export const wipe: Fault = ({ world, chance, every }) => {
  every(120_000, () => {
    const node = chance.pick(world.nodes)
    node.crash(false)
    node.wipe()
    world.wire(node)
  })
  return () => {}
}

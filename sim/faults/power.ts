/** Hash power comes and goes, as when somebody joins with a faster machine or takes one away. */
import type { Fault } from './fault.ts'

export const hashPower: Fault = ({ world, chance, every }) => {
  every(40_000, () => {
    const node = chance.pick(world.nodes)
    node.power = chance.between(1, 60)
    world.tell(node.name, `has ${node.power} hashes a second`)
  })
  return () => {
    for (const [i, node] of world.nodes.entries()) node.power = world.scenario.work.power[i] ?? 1
  }
}

/**
 * Clocks that are wrong. Blocks may be two minutes ahead, so two clocks may differ by that and all goes on.
 */
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'

/** Less than half of what blocks may be ahead, so that no two clocks differ by more. */
const SKEW_MS_MAX = 55_000

/**
 * Where blocks take work their times say how much. A clock that is wrong by many windows, which are seconds
 * here, makes blocks of minutes.
 */
const SKEW_MS_MAX_OF_MINERS = 1_000

function skewMsMax({ scenario }: World): number {
  return scenario.engine === 'proof-of-work' ? SKEW_MS_MAX_OF_MINERS : SKEW_MS_MAX
}

/** Each clock is wrong by an amount of its own, and stays so. */
export const skew: Fault = ({ world, chance }) => {
  const max = skewMsMax(world)
  for (const node of world.nodes) node.skewMs = chance.between(-max, max)
  world.tell('clocks', world.nodes.map(({ name, skewMs }) => `${name} ${skewMs} ms`).join(', '))
  return () => {}
}

/** A clock is set, forwards or back. */
export const clockJump: Fault = ({ world, chance, every }) => {
  every(20_000, () => {
    const node = chance.pick(world.nodes)
    node.skewMs = chance.between(-skewMsMax(world), skewMsMax(world))
    world.tell(node.name, `has its clock set to ${node.skewMs} ms off`)
  })
  return () => {
    for (const node of world.nodes) node.skewMs = 0
  }
}

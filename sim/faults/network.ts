/** Faults of the network that leave every connection up: messages are lost, doubled, late or held up. */
import type { Fault } from './fault.ts'

/** In spells, since a group that always loses a tenth of everything does little else. */
export const loss: Fault = ({ world, chance, every, later }) => {
  every(40_000, () => {
    world.weather.lossShare = chance.pick([0.01, 0.05, 0.2, 0.5])
    world.tell('network', `loses ${world.weather.lossShare * 100} % of all messages`)
    later(chance.gap(10_000), () => {
      world.weather.lossShare = 0
    })
  })
  return () => world.weather.calm()
}

export const duplicates: Fault = ({ world, chance }) => {
  world.weather.duplicateShare = chance.pick([0.05, 0.3])
  return () => world.weather.calm()
}

/** Messages overtake one another by as much. */
export const delay: Fault = ({ world, chance, every, later }) => {
  every(30_000, () => {
    world.weather.jitterMs = chance.pick([50, 300, 2_000])
    world.tell('network', `delays messages by up to ${world.weather.jitterMs} ms`)
    later(chance.gap(15_000), () => {
      world.weather.jitterMs = 0
    })
  })
  return () => world.weather.calm()
}

/** One direction of one connection stands still for a while, and then everything arrives. */
export const clog: Fault = ({ world, chance, every }) => {
  every(10_000, () => {
    const [from, to] = chance.shuffled(world.nodes)
    if (from === undefined || to === undefined) return
    const forMs = chance.gap(4_000)
    world.weather.clog(from.id, to.id, forMs)
    world.tell('network', `holds up what ${from.name} sends to ${to.name} for ${forMs} ms`)
  })
  return () => world.weather.calm()
}

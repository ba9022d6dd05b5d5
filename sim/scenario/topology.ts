import type { Chance } from '../kernel/chance.ts'
import type { Topology } from './scenario.ts'

/** Which of `count` nodes are joined, by index; all of them are connected, if not directly. */
export function edgesOf(topology: Topology, count: number, chance: Chance): [number, number][] {
  const all = Array.from({ length: count }, (_, i) => i)
  const line = all.slice(1).map((i): [number, number] => [i, i - 1])
  switch (topology) {
    case 'mesh':
      return all.flatMap((i) => all.slice(0, i).map((j): [number, number] => [i, j]))
    case 'line':
      return line
    case 'ring':
      return count < 3 ? line : [...line, [0, count - 1]]
    case 'star':
      return all.slice(1).map((i) => [i, 0])
    case 'random':
      // Each to one before it, so that all are connected, and some more.
      return all.slice(1).flatMap((i) => {
        const earlier = all.slice(0, i)
        const chosen = new Set([chance.pick(earlier), ...earlier.filter(() => chance.happens(0.3))])
        return [...chosen].map((j): [number, number] => [i, j])
      })
  }
}

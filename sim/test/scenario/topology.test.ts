import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Chance } from '../../kernel/chance.ts'
import type { Topology } from '../../scenario/scenario.ts'
import { edgesOf } from '../../scenario/topology.ts'

const TOPOLOGIES: readonly Topology[] = ['mesh', 'ring', 'line', 'star', 'random']

type Edges = readonly (readonly [number, number])[]

/** How many nodes can be reached from node 0, itself included. */
function reachedFromFirst(edges: Edges): number {
  const reached = new Set([0])
  for (let before = 0; before < reached.size; ) {
    before = reached.size
    for (const [a, b] of edges) if (reached.has(a) || reached.has(b)) reached.add(a).add(b)
  }
  return reached.size
}

function degrees(edges: Edges, count: number): number[] {
  return Array.from({ length: count }, (_, i) => edges.filter((edge) => edge.includes(i)).length)
}

describe.each(TOPOLOGIES)('the edges of a %s', (topology) => {
  test('connect all nodes, join none with itself, and none twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 13 }), fc.nat(), (count, seed) => {
        const edges = edgesOf(topology, count, new Chance(seed, 'edges'))
        expect(reachedFromFirst(edges)).toBe(count)
        const names = edges.map(([a, b]) => [Math.min(a, b), Math.max(a, b)].join('-'))
        expect(new Set(names).size).toBe(edges.length)
        for (const [a, b] of edges) {
          expect(a).not.toBe(b)
          expect(Math.max(a, b)).toBeLessThan(count)
          expect(Math.min(a, b)).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })

  test('are the same for the same seed', () => {
    const edges = (seed: number) => edgesOf(topology, 9, new Chance(seed, 'edges'))
    expect(edges(1)).toEqual(edges(1))
  })
})

describe('a topology', () => {
  test('has the shape of its name', () => {
    const of = (topology: Topology, count: number) =>
      degrees(edgesOf(topology, count, new Chance(1, 'edges')), count)
    expect(of('mesh', 5)).toEqual([4, 4, 4, 4, 4])
    expect(of('ring', 5)).toEqual([2, 2, 2, 2, 2])
    expect(of('ring', 2)).toEqual([1, 1])
    expect(of('line', 5)).toEqual([1, 2, 2, 2, 1])
    expect(of('star', 5)).toEqual([4, 1, 1, 1, 1])
  })

  test('by chance differs from seed to seed', () => {
    const drawn = Array.from({ length: 30 }, (_, seed) => edgesOf('random', 9, new Chance(seed, 'edges')))
    expect(new Set(drawn.map((edges) => JSON.stringify(edges))).size).toBeGreaterThan(25)
  })
})

/** Cuts: messages between some nodes are lost, until both ends notice, and until the cut is healed. */
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Fault, FaultTools } from './fault.ts'

/** Into two groups. */
export const half: Fault = (tools) =>
  partitions(tools, 60_000, () => {
    const { world, chance } = tools
    const left = new Set(chance.some(world.nodes, chance.between(1, world.nodes.length - 1)))
    world.tell('network', `is cut: ${namesOf([...left])} on one side`)
    return pairs(world).filter(([a, b]) => left.has(a) !== left.has(b))
  })

/** One node from all others. */
export const isolate: Fault = (tools) =>
  partitions(tools, 40_000, () => {
    const lonely = tools.chance.pick(tools.world.nodes)
    tools.world.tell('network', `is cut: ${lonely.name} is alone`)
    return pairs(tools.world).filter((pair) => pair.includes(lonely))
  })

/** What one sends another is lost; the other direction works until both notice. */
export const oneWay: Fault = ({ world, chance, every, later }) => {
  every(30_000, () => {
    const [from, to] = chance.shuffled(world.nodes)
    if (from === undefined || to === undefined) return
    world.tell('network', `loses all that ${from.name} sends to ${to.name}`)
    world.hub.cutOneWay(from, to)
    later(chance.gap(20_000), () => world.hub.heal(from, to))
  })
  return () => world.hub.healAll()
}

/** Some nodes are cut off one after the other, and come back in another order. */
export const swizzle: Fault = ({ world, chance, every, later }) => {
  every(90_000, () => {
    const cut = chance.some(world.nodes, chance.between(1, world.nodes.length))
    world.tell('network', `is cut and healed node by node: ${namesOf(cut)}`)
    let atMs = 0
    for (const node of chance.shuffled(cut)) {
      later(atMs, () => eachPair(world, node, (other) => world.hub.cut(node, other)))
      atMs += chance.gap(3_000)
    }
    atMs += chance.gap(10_000)
    for (const node of chance.shuffled(cut)) {
      later(atMs, () => eachPair(world, node, (other) => world.hub.heal(node, other)))
      atMs += chance.gap(3_000)
    }
  })
  return () => world.hub.healAll()
}

type Pair = readonly [SimNode, SimNode]

/** From time to time what `choose` says is cut, for seconds or for minutes. */
function partitions({ world, chance, every, later }: FaultTools, meanMs: number, choose: () => Pair[]) {
  every(meanMs, () => {
    const cut = choose()
    for (const [a, b] of cut) world.hub.cut(a, b)
    later(chance.gap(chance.pick([3_000, 20_000, 60_000])), () => {
      world.tell('network', 'is healed')
      for (const [a, b] of cut) world.hub.heal(a, b)
    })
  })
  return () => world.hub.healAll()
}

function pairs({ nodes }: World): Pair[] {
  return nodes.flatMap((a, i) => nodes.slice(0, i).map((b): Pair => [a, b]))
}

function eachPair({ nodes }: World, node: SimNode, act: (other: SimNode) => void): void {
  for (const other of nodes) if (other !== node) act(other)
}

function namesOf(nodes: readonly SimNode[]): string {
  return nodes.map(({ name }) => name).join(', ')
}

/**
 * How long windows take and what difficulty they have, on the chain of two honest programs that mine without
 * a break: while their power changes, or while the second one has a clock that is wrong on purpose.
 */
import { keyOf } from '@pulseledger/core'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import { mineTo, onHeight, powerOf, Typist, workGroup } from './group.ts'

/** Blocks with one target: what a ledger has by default. */
export const WINDOW = 16

export interface Liar {
  /** Of the power. */
  readonly share: number
  /** What its clock shows beyond the time when it makes the block at this height, ms. */
  readonly skewMs: (height: number) => number
}

export interface Course {
  readonly intervalMs: number
  readonly windows: number
  /** Of the first power, from the beginning of this window on, 0 being the first. */
  readonly powerAt: (window: number) => number
  readonly liar?: Liar
}

export interface Window {
  /** Between two of its blocks, in true time, as a multiple of what it should be. */
  readonly interval: number
  /** As a multiple of the first. */
  readonly difficulty: number
}

export async function measureWindows(course: Course, seed: number): Promise<Window[]> {
  const { intervalMs, windows, powerAt, liar } = course
  const liarShare = liar?.share ?? 0.5
  const shares = [1 - liarShare, liarShare]
  const world = await workGroup({ seed, nodeCount: 2, intervalMs, window: WINDOW, shares })
  const edges: number[] = [world.now]
  onHeight(world, (height) => {
    if (height % WINDOW === 0) edges.push(world.now)
    for (const [i, node] of world.nodes.entries()) {
      node.power = powerOf(intervalMs) * (shares[i] ?? 0) * powerAt(Math.floor(height / WINDOW))
    }
    const second = world.nodes[1] as SimNode
    if (liar) second.skewMs = liar.skewMs(height + 1)
  })
  new Typist(world, 3)
  await mineTo(world, windows * WINDOW)
  const due = WINDOW * intervalMs
  return Array.from({ length: windows }, (_, i) => ({
    interval: ((edges[i + 1] ?? 0) - (edges[i] ?? 0)) / due,
    difficulty: difficultyAt(world, i * WINDOW + 1) / difficultyAt(world, 1),
  }))
}

function difficultyAt({ nodes, genesis }: World, height: number): number {
  const { disk } = nodes[0] as SimNode
  const stored = disk.blocks.get(keyOf(disk.canonical[height] as Uint8Array))
  return stored === undefined ? 0 : Number(genesis.rules.engine.weight(stored.block.header))
}

/**
 * What the final depth is worth: branches that are heavier, told of at once, and leave the chain ever lower.
 */
import { equalBytes } from '@pulseledger/core'
import { tipOf } from '../byzantine/tip.ts'
import type { SimNode } from '../node/sim-node.ts'
import { assertUnharmed, mineTo, NO_RETARGET, Typist, workGroup } from './group.ts'
import { PrivateMiner } from './private-miner.ts'

export interface FinalDepthRow {
  /** Blocks that the branch would undo. */
  readonly depth: number
  readonly isTaken: boolean
}

/** The power of whoever makes the branches is of no matter: they are made in no time. */
export async function measureFinalDepth(
  finalDepth: number,
  depths: readonly number[],
  seed: number,
): Promise<FinalDepthRow[]> {
  const world = await workGroup({
    ...{ seed, nodeCount: 1, intervalMs: 1_000, window: NO_RETARGET, finalDepth, shares: [1] },
  })
  new Typist(world, 3)
  const miner = new PrivateMiner(world)
  miner.join()
  const { disk } = world.nodes[0] as SimNode
  const rows: FinalDepthRow[] = []
  for (const depth of depths) {
    const height = (disk.head?.height ?? 0) + 2 * Math.max(...depths)
    await mineTo(world, height)
    miner.adopt(tipOf(disk, (disk.head?.height ?? 0) - depth))
    const { height: forkHeight } = miner.base.header
    for (let i = 0; i < depth + 2; i++) miner.extend()
    miner.publish()
    await world.pass(100)
    const now = disk.canonical[forkHeight + 1]
    const isTaken = now !== undefined && equalBytes(now, miner.branch[0]?.hash ?? now.slice(1))
    rows.push({ depth, isTaken })
  }
  miner.stop()
  assertUnharmed(world)
  return rows
}

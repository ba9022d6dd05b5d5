/** What a run measures. All of it is of honest nodes, in virtual time. */
import { keyOf } from '@pulseledger/core'
import type { Observation, ObservedNode } from './node/observation.ts'

export class Metrics {
  /** Blocks that left the chain, for each move of a head that took some. */
  readonly reorgDepths: number[] = []
  /** From healing everything to one chain on all nodes, ms. */
  readonly convergenceMs: number[] = []
  /** From typing a reading to the answer that it is stored, ms. */
  readonly inclusionMs: number[] = []
  /** Refused, by code. */
  readonly refusals = new Map<string, number>()
  readonly faultCounts = new Map<string, number>()
  /** Groups that were apart for longer than their final depth: they do not come together by themselves. */
  splitCount = 0
  blockCount = 0
  orphanCount = 0
  entryCount = 0

  observe(observation: Observation): void {
    switch (observation.kind) {
      case 'committed': {
        const depth = observation.change.disconnect.length
        if (depth > 0) this.reorgDepths.push(depth)
        return
      }
      case 'answered': {
        const { result, waitedMs } = observation
        if (result.ok) this.inclusionMs.push(waitedMs)
        else count(this.refusals, result.error.code)
        return
      }
      default:
    }
  }

  fault(kind: string): void {
    count(this.faultCounts, kind)
  }

  /** Blocks that were made, and those of them that are on no chain in the end. */
  total(nodes: readonly ObservedNode[]): void {
    const all = new Set<string>()
    const canonical = new Set<string>()
    for (const { disk } of nodes) {
      for (const key of disk.blocks.keys()) all.add(key)
      for (const hash of disk.canonical) canonical.add(keyOf(hash))
    }
    this.blockCount = all.size - 1
    this.orphanCount = all.size - canonical.size
    this.entryCount = Math.max(...nodes.map(({ disk }) => disk.positions.size))
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

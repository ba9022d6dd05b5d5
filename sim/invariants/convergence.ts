/**
 * Invariant 5: nodes that can reach each other come to one chain, within a deadline. Not when they were apart
 * for longer than the final depth: then a person decides, and the run ends.
 */
import { equalBytes, keyOf } from '@pulseledger/core'
import type { ObservedNode } from '../node/observation.ts'
import type { Scenario } from '../scenario/scenario.ts'

export interface Straggler {
  readonly node: string
  readonly message: string
}

/**
 * Who is not where the best chain is, and whether its own final block keeps it from going there. Where some
 * nodes hear of others through a third one alone, it is enough that this holds for one of them.
 */
export function findStraggler(
  nodes: readonly ObservedNode[],
  { finalDepth, topology }: Pick<Scenario, 'finalDepth' | 'topology'>,
): { readonly straggler: Straggler; readonly isSplit: boolean } {
  const best = nodes.reduce((a, b) => (isBetter(b, a) ? b : a))
  const apart = nodes.filter((node) => !isSameHead(node, best))
  const [first] = apart
  if (first === undefined) return { straggler: pendingStraggler(nodes), isSplit: false }
  const mayMove = (node: ObservedNode): boolean => heightOf(node) - forkHeight(node, best) <= finalDepth
  const stuck = apart.find(mayMove)
  const isSplit = topology === 'mesh' ? stuck === undefined : !apart.every(mayMove)
  const node = stuck ?? first
  const message =
    `is at ${heightOf(node)} and ${best.name} at ${heightOf(best)}, ` +
    `after a fork at ${forkHeight(node, best)}; ${finalDepth} blocks are final`
  return { straggler: { node: node.name, message }, isSplit }
}

function pendingStraggler(nodes: readonly ObservedNode[]): Straggler {
  const node = nodes.find(
    ({ ledger, disk }) =>
      ledger === undefined || ledger.heldCount > 0 || ledger.pending.count > 0 || disk.pending.size > 0,
  )
  const { ledger, disk } = node ?? {}
  const what =
    ledger === undefined
      ? 'is down'
      : ledger.heldCount > 0
        ? `holds ${ledger.heldCount} readings unsigned`
        : `has ${ledger.pending.count} entries pending, ${disk?.pending.size} of them stored`
  return { node: node?.name ?? '?', message: what }
}

/** Height of the last block that both have. */
function forkHeight(a: ObservedNode, b: ObservedNode): number {
  let height = Math.min(heightOf(a), heightOf(b))
  while (height > 0 && !isSameAt(a, b, height)) height -= 1
  return height
}

function isSameAt(a: ObservedNode, b: ObservedNode, height: number): boolean {
  return equalBytes(a.disk.canonical[height] as Uint8Array, b.disk.canonical[height] as Uint8Array)
}

function isBetter(a: ObservedNode, b: ObservedNode): boolean {
  const [ours, theirs] = [weightOf(a), weightOf(b)]
  if (ours !== theirs) return ours > theirs
  return Buffer.compare(a.disk.head?.hash ?? NONE, b.disk.head?.hash ?? NONE) < 0
}

function weightOf({ disk }: ObservedNode): bigint {
  return (disk.head && disk.blocks.get(keyOf(disk.head.hash))?.weight) ?? 0n
}

const NONE = new Uint8Array()

function isSameHead(a: ObservedNode, b: ObservedNode): boolean {
  return equalBytes(a.disk.head?.hash ?? NONE, b.disk.head?.hash ?? NONE)
}

function heightOf({ disk }: ObservedNode): number {
  return disk.head?.height ?? 0
}

import type { Change, Hash } from '@pulseledger/core'
import { equalBytes, invariant } from '@pulseledger/core'
import type { HeadPosition } from '../ports.ts'

/**
 * The head after `change`, which must begin at `head`: what disconnects leads down from it, what connects
 * leads up from there. It throws when it does not: a store that wrote such a change would hold two half
 * chains.
 */
export function headAfter(head: HeadPosition | undefined, change: Change): HeadPosition {
  let at = head
  for (const { block } of change.disconnect) {
    const { height, parent } = block.header
    invariant(at && equalBytes(at.hash, block.hash), `block ${height} disconnects only from the head`)
    invariant(parent, 'genesis never disconnects')
    at = { height: height - 1, hash: parent }
  }
  for (const { block } of change.connect) {
    const { height, parent } = block.header
    invariant(isNext(at, height, parent), `block ${height} connects only to its parent, and that is the head`)
    at = { height, hash: block.hash }
  }
  invariant(at, 'the first change connects genesis')
  return at
}

function isNext(head: HeadPosition | undefined, height: number, parent: Hash | null): boolean {
  if (head === undefined || parent === null) return head === undefined && parent === null && height === 0
  return height === head.height + 1 && equalBytes(parent, head.hash)
}

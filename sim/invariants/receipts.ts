/**
 * Whoever submits a reading is told the truth about it, and is told: the place in a receipt is where the
 * entry is in that block; when it moves this is told too, so that once the group agrees the last that was
 * told is where the entry is; and nobody is left without an answer.
 */
import { equalBytes, keyOf, toHex } from '@pulseledger/core'
import type { MemoryDisk, Receipt } from 'pulseledger/simulation'
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'receipts'

/** What the terminals of one process were told last, by the key of the entry; undefined: that it waits. */
type Told = Map<string, Receipt | undefined>

export class Receipts implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  readonly #told = new Map<ObservedNode, Told>()

  constructor(context: CheckerContext) {
    this.#context = context
  }

  observe(observation: Observation): void {
    const { kind, node } = observation
    // Moves are told to who waits at a process; they are forgotten with it.
    if (kind === 'booted') this.#told.set(node, new Map())
    if (kind === 'answered' && observation.result.ok) this.#tell(node, observation.result.value)
    if (kind !== 'event') return
    const { event } = observation
    if (event.kind === 'receipt-moved') this.#tell(node, event.receipt)
    if (event.kind === 'receipt-withdrawn') this.#told.get(node)?.set(keyOf(event.entryId), undefined)
  }

  agreed(nodes: readonly ObservedNode[]): void {
    for (const node of nodes) {
      if (node.unansweredCount > 0) this.#report(node, `leaves ${node.unansweredCount} readings unanswered`)
      // With few places for receipts the oldest are forgotten.
      if (this.#context.scenario.limits !== undefined) continue
      for (const [key, receipt] of this.#told.get(node) ?? []) this.#checkLast(node, key, receipt)
    }
  }

  #tell(node: ObservedNode, receipt: Receipt): void {
    this.#told.get(node)?.set(keyOf(receipt.entryId), receipt)
    if (!isPlace(node.disk, receipt)) this.#report(node, `${textOf(receipt)}, where it is not`)
  }

  #checkLast(node: ObservedNode, key: string, receipt: Receipt | undefined): void {
    const place = node.disk.positions.get(key)
    if (place === undefined) return
    if (receipt?.height === place.height && receipt.index === place.index) return
    const told = receipt === undefined ? 'tells that an entry waits' : textOf(receipt)
    this.#report(node, `${told}; it is in block ${place.height}, entry ${place.index}`)
  }

  #report({ name: node }: Pick<ObservedNode, 'name'>, what: string): void {
    this.#context.report({ invariant: NAME, node, message: what })
  }
}

/** Whether the entry is at this place of this block. */
function isPlace(disk: MemoryDisk, { entryId, blockHash, height, index }: Receipt): boolean {
  const block = disk.blocks.get(keyOf(blockHash))?.block
  if (block === undefined || block.header.height !== height) return false
  const entry = block.entries[index - (block.header.size - block.entries.length)]
  return entry !== undefined && equalBytes(entry.id, entryId)
}

function textOf({ entryId, height, index }: Receipt): string {
  return `tells that ${toHex(entryId).slice(0, 8)} is in block ${height}, entry ${index}`
}

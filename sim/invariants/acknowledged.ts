/**
 * Invariant 2: a reading that was confirmed is never lost. It is on the disk of the node that confirmed it
 * when it does so, on its chain or waiting for a block after every later start, and once the group agrees it
 * is on the chain of every node, once.
 *
 * One way to lose it is nobody's fault: that the only disk that had it is lost.
 */
import { type Entry, type Failure, keyOf, toHex } from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'
import { keyText } from './key-text.ts'

const NAME = 'acknowledged'

export class Acknowledged implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  /** Disks of all nodes that were seen, for what is left when one is lost. */
  readonly #disks = new Map<ObservedNode, MemoryDisk>()
  /** By the key of the entry, who answer for it: those who confirmed it, or have it since they lost it. */
  readonly #confirmed = new Map<string, Set<ObservedNode>>()

  constructor(context: CheckerContext) {
    this.#context = context
  }

  observe(observation: Observation): void {
    const { node } = observation
    switch (observation.kind) {
      case 'booted':
        this.#disks.set(node, node.disk)
        this.#checkStart(node)
        return
      case 'answered':
        if (observation.result.ok) this.#confirm(node, observation.result.value.entryId)
        return
      case 'event':
        if (observation.event.kind === 'alarm') this.#checkAlarm(node, observation.event.error)
        return
      case 'wiped':
        this.#disks.delete(node)
        this.#forgetLost(node, observation.disk)
        return
      default:
    }
  }

  agreed(nodes: readonly ObservedNode[]): void {
    for (const node of nodes) {
      const counts = countEntries(node.disk)
      for (const [key, count] of counts) {
        if (count > 1) this.#report(node, `entry ${keyText(key)} is on its chain ${count} times`)
      }
      for (const [key, by] of this.#confirmed) {
        if (!counts.has(key))
          this.#report(node, `entry ${keyText(key)}, confirmed by ${namesOf(by)}, is not on its chain`)
      }
    }
  }

  #confirm(node: ObservedNode, id: Uint8Array): void {
    const key = keyOf(id)
    if (!isKept(node.disk, key)) this.#report(node, `confirms entry ${toHex(id)}, which is not on its disk`)
    this.#confirmed.set(key, (this.#confirmed.get(key) ?? new Set()).add(node))
  }

  /** Nobody signs two entries for one sequence but those who mean to, and who lost what they had signed. */
  #checkAlarm(node: ObservedNode, { code, message }: Failure): void {
    const { faults } = this.#context.scenario
    if (code !== 'ENTRY_DISPLACED' || faults.has('equivocation') || faults.has('wipe')) return
    this.#report(node, `raises an alarm among the honest: ${message}`)
  }

  #checkStart(node: ObservedNode): void {
    for (const [key, by] of this.#confirmed) {
      if (by.has(node) && !isKept(node.disk, key)) {
        this.#report(node, `starts without entry ${keyText(key)}, which it confirmed`)
      }
    }
  }

  /** What `lost` had and no other disk has is lost without a fault; somebody else answers for the rest. */
  #forgetLost(node: ObservedNode, lost: MemoryDisk): void {
    for (const [key, by] of this.#confirmed) {
      if (!isKept(lost, key)) continue
      const keeper = [...this.#disks].find(([, disk]) => isKept(disk, key))?.[0]
      if (keeper === undefined) this.#confirmed.delete(key)
      else if (by.delete(node)) by.add(keeper)
    }
  }

  #report(node: ObservedNode, message: string): void {
    this.#context.report({ invariant: NAME, node: node.name, message })
  }
}

function namesOf(nodes: ReadonlySet<ObservedNode>): string {
  return [...nodes].map(({ name }) => name).join(', ')
}

/** On the canonical chain, or waiting for a block. */
function isKept(disk: MemoryDisk, key: string): boolean {
  return disk.positions.has(key) || disk.pending.has(key)
}

/** Counted in the blocks themselves: an index could not show an entry twice. */
function countEntries(disk: MemoryDisk): Map<string, number> {
  const counts = new Map<string, number>()
  for (const hash of disk.canonical) {
    for (const { id } of disk.blocks.get(keyOf(hash))?.block.entries ?? ([] as Entry[])) {
      counts.set(keyOf(id), (counts.get(keyOf(id)) ?? 0) + 1)
    }
  }
  return counts
}

/**
 * Invariant 3: two nodes with one head have one state, whatever they went through: the same sequences, the
 * same places of entries, the same log.
 */
import { keyOf, peakCoordinates, toHex } from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'
import { keyText } from './key-text.ts'

const NAME = 'same-state'

/** Heads whose state is remembered: of nodes that are apart, the blocks since then. */
const HEADS_MAX = 20_000

interface Seen {
  readonly digest: string
  readonly by: string
}

export class SameState implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  readonly #seen = new Map<string, Seen>()
  readonly #whole = new Map<string, Seen>()

  constructor(context: CheckerContext) {
    this.#context = context
  }

  /** After each commit what the last block touched is compared. */
  observe(observation: Observation): void {
    if (observation.kind !== 'committed' || observation.change.connect.length === 0) return
    this.#compare(this.#seen, observation.node, touchedDigest(observation.node.disk))
  }

  /** Everything. */
  agreed(nodes: readonly ObservedNode[]): void {
    for (const node of nodes) this.#compare(this.#whole, node, wholeDigest(node.disk))
  }

  #compare(seen: Map<string, Seen>, node: ObservedNode, digest: string): void {
    const { head } = node.disk
    if (head === undefined) return
    const key = keyOf(head.hash)
    const other = seen.get(key)
    if (other === undefined) {
      seen.set(key, { digest, by: node.name })
      if (seen.size > HEADS_MAX) seen.delete(seen.keys().next().value as string)
      return
    }
    if (other.digest === digest) return
    const states = `${digest} and ${other.digest}`
    const message = `at block ${head.height} its state differs from that of ${other.by}: ${states}`
    this.#context.report({ invariant: NAME, node: node.name, message })
  }
}

/** What is next for the authors of the head's block, and the log. */
function touchedDigest(disk: MemoryDisk): string {
  const stored = disk.head && disk.blocks.get(keyOf(disk.head.hash))
  if (stored === undefined) return 'no head'
  const { entries, header } = stored.block
  const next = new Set(
    entries.map(({ author }) => `${toHex(author).slice(0, 8)}=${sequenceOf(disk, author)}`),
  )
  const places = entries.map(({ id }) => disk.positions.get(keyOf(id))?.index ?? 'none')
  return [disk.canonical.length, header.size, ...next, ...places, ...peaksOf(disk, header.size)].join(' ')
}

/** All that is derived from the canonical chain, as text. */
export function wholeDigest(disk: MemoryDisk): string {
  const size = disk.positions.size
  const authors = [...disk.authors]
    .map(([key, { ids }]) => `${keyText(key)}=${ids.map((id) => (id ? toHex(id) : 'none')).join(',')}`)
    .sort()
  const positions = [...disk.positions]
    .map(([key, { height, index }]) => `${keyText(key)}=${height}/${index}`)
    .sort()
  return [disk.canonical.map(toHex).join(), size, ...authors, ...positions, ...peaksOf(disk, size)].join(' ')
}

function sequenceOf(disk: MemoryDisk, author: Uint8Array): number {
  return disk.authors.get(keyOf(author))?.ids.length ?? 0
}

function peaksOf(disk: MemoryDisk, size: number): string[] {
  return peakCoordinates(0, size).map(({ level, index }) => {
    const node = disk.treeNodes.get(`${level}/${index}`)
    return node === undefined ? 'none' : toHex(node).slice(0, 16)
  })
}

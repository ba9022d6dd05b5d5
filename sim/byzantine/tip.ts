/**
 * What a block stands on, read off the disk of an honest node: everything that is needed to make a block
 * there which is right in all that it is not meant to be wrong in.
 */
import {
  type EntryWithPayload,
  type Hash,
  invariant,
  keyOf,
  LIMITS,
  medianTime,
  type ParentView,
  rangeFromNodes,
} from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import { heightOf } from './tools.ts'

export interface Tip extends ParentView {
  readonly weight: bigint
}

/** The block at this height of the chain on the disk; its head by default. */
export function tipOf(disk: MemoryDisk, height = heightOf(disk)): Tip {
  const { block, weight } = blockAt(disk, height)
  const times: number[] = []
  for (let at = Math.max(0, height - LIMITS.medianBlocks + 1); at <= height; at++) {
    times.push(blockAt(disk, at).block.header.time)
  }
  const { size } = block.header
  const range = rangeFromNodes(size, (level, index) => disk.treeNodes.get(`${level}/${index}`) as Hash)
  return {
    ...{ header: block.header, hash: block.hash, weight, times, range },
    nextSequence: (_author, authorKey) => entriesBefore(disk, authorKey, size),
  }
}

/** The earliest time that a block on this tip may have. */
export function earliestTime({ times }: Tip): number {
  return medianTime(times) + 1
}

/** What is in the block at this height, as far as nothing of it was erased. */
export function entriesAt(disk: MemoryDisk, height: number): EntryWithPayload[] {
  return blockAt(disk, height).block.entries.flatMap((entry) => {
    const payload = disk.payloads.get(keyOf(entry.id))
    return payload ? [{ entry, payload }] : []
  })
}

function entriesBefore(disk: MemoryDisk, authorKey: string, size: number): number {
  const ids = disk.authors.get(authorKey)?.ids ?? []
  let count = ids.length
  while (count > 0 && indexOf(disk, ids[count - 1] as Hash) >= size) count -= 1
  return count
}

function indexOf(disk: MemoryDisk, id: Hash): number {
  return disk.positions.get(keyOf(id))?.index ?? 0
}

function blockAt(disk: MemoryDisk, height: number) {
  const stored = disk.blocks.get(keyOf(disk.canonical[height] as Hash))
  invariant(stored, `the disk has a block at ${height}`)
  return stored
}

/**
 * The format of LevelDB's logs: of its write-ahead log, and of its manifest.
 *
 * A log is a row of blocks of 32,768 bytes, each holding fragments; fewer than 7 bytes at the end of a block
 * are zeros.
 *
 *   <4 bytes: masked CRC-32C of type and content> <2 bytes: length, little-endian> <1 byte: type> content
 *
 * A record is one fragment (FULL) or several (FIRST, MIDDLE ..., LAST). Read: doc/log_format.md of LevelDB.
 */
import { concatBytes } from '@pulseledger/core'
import { crc32c, maskCrc32c } from './crc32c.ts'

export const BLOCK_BYTES = 32_768
export const HEADER_BYTES = 7
export const TYPE = { full: 1, first: 2, middle: 3, last: 4 } as const

export interface Fragment {
  readonly type: number
  readonly content: Uint8Array
  /** Where it ends in its block; where it says so, when it is not sound. */
  readonly end: number
  /** Whether it lies within the block, is of a known type and fits its checksum. */
  readonly isSound: boolean
}

/** The fragment at `at` of a block, which has at least 7 bytes left there. */
export function fragmentAt(block: Uint8Array, at: number): Fragment {
  const type = block[at + 6] as number
  const end = at + HEADER_BYTES + (block[at + 4] as number) + 256 * (block[at + 5] as number)
  const content = block.subarray(at + HEADER_BYTES, end)
  if (type < TYPE.full || type > TYPE.last || end > block.length)
    return { type, content, end, isSound: false }
  const stored = new DataView(block.buffer, block.byteOffset).getUint32(at, true)
  return { type, content, end, isSound: maskCrc32c(crc32c(block.subarray(at + 6, end))) === stored }
}

/** The records up to the first that is damaged or not finished. */
export function readRecords(log: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = []
  let begun: Uint8Array[] = []
  for (let start = 0; start < log.length; start += BLOCK_BYTES) {
    const block = log.subarray(start, start + BLOCK_BYTES)
    for (let at = 0; block.length - at >= HEADER_BYTES; ) {
      const { type, content, end, isSound } = fragmentAt(block, at)
      if (!isSound) return records
      begun = type === TYPE.full || type === TYPE.first ? [content] : [...begun, content]
      if (type === TYPE.full || type === TYPE.last) records.push(concatBytes(...begun))
      at = end
    }
  }
  return records
}

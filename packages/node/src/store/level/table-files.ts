/**
 * Compares the checksums in LevelDB's table files, which classic-level does not do when it reads them. A
 * damaged table is worse than a wrong answer: LevelDB can end the process at an assertion.
 *
 *   block ... block, filter, metaindex, index, footer
 *   block:   <content> <1 byte: 0, not compressed> <4 bytes: masked CRC-32C of both, little-endian>
 *   footer:  48 bytes: where the metaindex and the index are, zeros, and a magic number
 *
 * Where a block is, is said by two varints: its offset, and its size without the five bytes at its end. The
 * values in the index say it of the blocks with records, those in the metaindex of the filter. So every byte
 * of a table is covered but those of the footer, which leads nowhere when it is wrong. Blocks are never
 * compressed here: a ledger is made of hashes and signatures.
 *
 * Read: doc/table_format.md of LevelDB.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes } from '@pulseledger/core'
import { crc32c, maskCrc32c } from './crc32c.ts'
import { readManifest } from './manifest.ts'
import { MalformedError, VarintReader } from './varint-reader.ts'

const FOOTER_BYTES = 48
const TRAILER_BYTES = 5
const MAGIC = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb)

/** Bytes of the tables in use. */
export function tableBytes(ledgerDirectory: string): number {
  const tables = readManifest(ledgerDirectory)?.tables ?? []
  return tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

export interface TableFault {
  readonly name: string
  /** The end of a sentence that begins with the name. */
  readonly what: string
}

/**
 * What is wrong with the tables in use. Reads all of them, also while LevelDB replaces some. One that is
 * missing is passed over: LevelDB says so when it opens.
 */
export async function* findTableFaults(ledgerDirectory: string): AsyncGenerator<TableFault> {
  for (const { name, sizeBytes } of readManifest(ledgerDirectory)?.tables ?? []) {
    const table = await readIfThere(join(ledgerDirectory, name))
    if (table === undefined) continue
    const isWhole = table.length === sizeBytes
    const what = isWhole ? tableFault(table) : `has ${table.length} bytes where it had ${sizeBytes}`
    if (what !== undefined) yield { name, what }
  }
}

/** What is wrong with the bytes of a table, as the end of a sentence; undefined when it is sound. */
export function tableFault(table: Uint8Array): string | undefined {
  const footer = table.subarray(-FOOTER_BYTES)
  if (footer.length < FOOTER_BYTES || !equalBytes(footer.subarray(40), MAGIC)) return 'has no footer'
  try {
    const handles = new VarintReader(footer)
    const metaindex = readBlock(table, readHandle(handles))
    const index = readBlock(table, readHandle(handles))
    for (const handle of [...handlesIn(metaindex), ...handlesIn(index)]) readBlock(table, handle)
    return undefined
  } catch (error) {
    if (error instanceof MalformedError) return error.message
    throw error
  }
}

interface Handle {
  readonly offset: number
  readonly size: number
}

/** The content of a block whose checksum fits. */
function readBlock(table: Uint8Array, { offset, size }: Handle): Uint8Array {
  const end = offset + size
  if (end + TRAILER_BYTES > table.length - FOOTER_BYTES)
    throw new MalformedError(`has no block at byte ${offset}`)
  const stored = new DataView(table.buffer, table.byteOffset).getUint32(end + 1, true)
  if (maskCrc32c(crc32c(table.subarray(offset, end + 1))) !== stored) {
    throw new MalformedError(
      `is damaged: bytes ${offset} to ${end + TRAILER_BYTES} do not match their checksum`,
    )
  }
  if (table[end] !== 0) throw new MalformedError(`has a compressed block at byte ${offset}`)
  return table.subarray(offset, end)
}

/**
 * The values of an index block, whose records are <shared> <unshared> <value length> <unshared key> <value>.
 */
function handlesIn(block: Uint8Array): Handle[] {
  if (block.length < 4) throw new MalformedError('has an index without an end')
  const restarts = new DataView(block.buffer, block.byteOffset).getUint32(block.length - 4, true)
  const records = new VarintReader(block.subarray(0, Math.max(0, block.length - 4 * (restarts + 1))))
  const handles: Handle[] = []
  while (!records.isAtEnd) {
    records.varint()
    const unsharedLength = records.varint()
    const valueLength = records.varint()
    records.bytes(unsharedLength)
    handles.push(readHandle(new VarintReader(records.bytes(valueLength))))
  }
  return handles
}

function readHandle(reader: VarintReader): Handle {
  return { offset: reader.varint(), size: reader.varint() }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

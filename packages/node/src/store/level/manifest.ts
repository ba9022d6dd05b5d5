/**
 * Which files LevelDB's database consists of, read from its manifest: a log of edits, each a row of fields.
 *
 *   01 <length> <name of the comparator>                      06 <level> <number>: a table is gone
 *   02 <number of the first write-ahead log in use>           07 <level> <number> <size>
 *   03, 04, 09 <number>: not needed here                         <length> <first key> <length> <last key>: a
 * table
 *   05 <level> <length> <key>: not needed here
 *
 * In one edit, what is gone comes before what is new: a table that moves to another level is both.
 *
 * The directory alone does not tell: a crash leaves tables half written and logs that are of no use any more.
 * Read: db/version_edit.cc of LevelDB 1.20.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRecords } from './log-format.ts'
import { MalformedError, VarintReader } from './varint-reader.ts'

export interface Manifest {
  /** By number, ascending. */
  readonly tables: readonly TableFile[]
  /** Logs with a smaller number are left over. */
  readonly firstLogNumber: number
}

export interface TableFile {
  readonly name: string
  readonly sizeBytes: number
}

const FIELD = {
  comparator: 1,
  logNumber: 2,
  nextFileNumber: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedTable: 6,
  table: 7,
  previousLogNumber: 9,
} as const

/** Undefined when there is none or it is damaged: what is wrong then, LevelDB says when it opens. */
export function readManifest(ledgerDirectory: string): Manifest | undefined {
  try {
    const name = readFileSync(join(ledgerDirectory, 'CURRENT'), 'latin1').trimEnd()
    if (!/^MANIFEST-\d+$/.test(name)) return undefined
    return parseManifest(readFileSync(join(ledgerDirectory, name)))
  } catch (error) {
    if (error instanceof MalformedError || (error as NodeJS.ErrnoException).code === 'ENOENT')
      return undefined
    throw error
  }
}

function parseManifest(log: Uint8Array): Manifest {
  const sizes = new Map<number, number>()
  let firstLogNumber = 0
  for (const edit of readRecords(log)) {
    const fields = new VarintReader(edit)
    while (!fields.isAtEnd) {
      switch (fields.varint()) {
        case FIELD.logNumber:
          firstLogNumber = fields.varint()
          break
        case FIELD.deletedTable:
          fields.varint()
          sizes.delete(fields.varint())
          break
        case FIELD.table: {
          fields.varint()
          sizes.set(fields.varint(), fields.varint())
          skipText(fields)
          skipText(fields)
          break
        }
        case FIELD.compactPointer:
          fields.varint()
          skipText(fields)
          break
        case FIELD.comparator:
          skipText(fields)
          break
        case FIELD.nextFileNumber:
        case FIELD.lastSequence:
        case FIELD.previousLogNumber:
          fields.varint()
          break
        default:
          throw new MalformedError('has an unknown field')
      }
    }
  }
  const tables = [...sizes].sort(([a], [b]) => a - b)
  return {
    tables: tables.map(([number, sizeBytes]) => ({ name: tableName(number), sizeBytes })),
    firstLogNumber,
  }
}

function skipText(fields: VarintReader): void {
  fields.bytes(fields.varint())
}

function tableName(number: number): string {
  return `${String(number).padStart(6, '0')}.ldb`
}

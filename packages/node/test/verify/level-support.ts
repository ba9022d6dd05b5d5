import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterAll } from 'vitest'
import { ledgerPath } from '../../src/store/level/data-directory.ts'
import type { LevelStore } from '../../src/store/level/level-store.ts'
import { levelStore } from '../support/store-places.ts'

export type Database = ClassicLevel<Uint8Array, Uint8Array>

/** Directories that are removed after the tests of a file. */
export function temporaryDirectories(): { empty(): string; copyOf(directory: string): string } {
  const made: string[] = []
  const empty = (): string => {
    const directory = mkdtempSync(join(tmpdir(), 'pulseledger-verify-'))
    made.push(directory)
    return directory
  }
  afterAll(() => {
    for (const directory of made) rmSync(directory, { recursive: true, force: true })
  })
  return {
    empty,
    copyOf(directory) {
      const copy = empty()
      cpSync(directory, copy, { recursive: true })
      return copy
    },
  }
}

/** As `pulseledger verify` opens it. */
export function storeIn(directory: string): LevelStore {
  return levelStore(directory, { checkTables: true })
}

/** The database itself, past the store. */
export async function inDatabase(
  directory: string,
  edit: (database: Database) => Promise<void>,
): Promise<void> {
  const options = { keyEncoding: 'view', valueEncoding: 'view', compression: false } as const
  const database: Database = new ClassicLevel<Uint8Array, Uint8Array>(ledgerPath(directory), options)
  await database.open()
  try {
    await edit(database)
  } finally {
    await database.close()
  }
}

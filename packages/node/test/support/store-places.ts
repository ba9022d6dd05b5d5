import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { testCrypto } from '../../../core/test/support/crypto.ts'
import type { BlockStore } from '../../src/ports.ts'
import { LevelStore } from '../../src/store/level/level-store.ts'
import { MemoryDisk } from '../../src/store/memory/memory-disk.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import type { StorePlace } from '../store/conformance.ts'

/** A directory that is removed when the test has finished. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'pulseledger-store-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function memoryPlace(disk = new MemoryDisk()): StorePlace {
  return {
    store: () => new MemoryStore({ disk }),
    crash: async () => memoryPlace(disk.copy()),
  }
}

export function levelStore(directory: string, more: { readonly checkTables?: boolean } = {}): LevelStore {
  const holder = { pid: process.pid, startedAt: 1_767_225_600_000 }
  return new LevelStore({ directory, crypto: testCrypto(), holder, ...more })
}

export function levelPlace(directory = temporaryDirectory()): StorePlace {
  return {
    store: () => levelStore(directory),
    crash: async () => levelPlace(crashedCopy(directory)),
  }
}

/**
 * A copy of a data directory at one moment. LevelDB may be replacing tables in another thread, so a copy only
 * counts when the directory was the same before and after it. Without the file LOCK: reading and closing it
 * here would end the lock of the store that is open in this process (that is how POSIX locks work).
 */
export function crashedCopy(directory: string): string {
  const copy = temporaryDirectory()
  for (;;) {
    const before = listing(directory)
    try {
      cpSync(directory, copy, { recursive: true, filter: (source) => !source.endsWith('LOCK') })
      if (listing(directory) === before) return copy
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    for (const name of readdirSync(copy)) rmSync(join(copy, name), { recursive: true })
  }
}

function listing(directory: string): string {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  return names.map((name) => `${name} ${timesOf(join(directory, name))}`).join('\n')
}

function timesOf(path: string): string {
  const facts = statSync(path, { bigint: true, throwIfNoEntry: false })
  return `${facts?.ino} ${facts?.size} ${facts?.mtimeNs}`
}

/** The same place, each store of it wrapped. */
export function wrapped(place: StorePlace, wrap: (store: BlockStore) => BlockStore): StorePlace {
  return {
    store: () => wrap(place.store()),
    crash: async () => wrapped(await place.crash(), wrap),
  }
}

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EntryWithPayload, type Hash, invariant, toHex } from '@pulseledger/core'
import { NODE_LIMITS } from './limits.ts'
import { createLedger, readLedger } from './open-ledger.ts'
import { type BlockStore, type Clock, type NodeCrypto, NodeFailure, type Random } from './ports.ts'
import { LevelStore } from './store/level/level-store.ts'
import { decideSwap, finishSwap, isSwapUnfinished, makeAside, makeStaging } from './store/level/swap.ts'

export interface RejoinInput {
  /** The data directory; it has a ledger, and no process holds it. */
  readonly directory: string
  /** Absent: whichever it has. */
  readonly expectedLedger?: Hash
}

export interface RejoinContext {
  readonly crypto: NodeCrypto
  readonly clock: Clock
  readonly random: Random
}

export interface Rejoin {
  /** Where the old ledger is: a data directory without a key, for the commands that look. */
  readonly setAside: string
  /** Entries that wait in the new one. */
  readonly offeredCount: number
  /** Entries of the old one without a payload: nobody can put them into a block again. */
  readonly erasedCount: number
}

/**
 * Begins the ledger of a data directory again from its genesis block, with every entry that it had, on its
 * chain or waiting, as one that waits for a block: signed as it was. With a chain that has some of them these
 * leave pending by themselves, and the others can go into blocks on it. The old ledger is set aside; the key
 * and the address book stay. What a crash leaves is the old ledger as it was, or a rejoin to be run again.
 *
 * Rejects with STORE_LOCKED, LEDGER_MISMATCH, and those of opening, reading and writing a store.
 */
export async function rejoinLedger(input: RejoinInput, context: RejoinContext): Promise<Rejoin> {
  if (!isSwapUnfinished(input.directory)) await exchange(input, context)
  const setAside = finishSwap(input.directory)
  const { ledger, ...counts } = readNote(setAside)
  // Of one that was cut off, whose remainder was done now.
  if (input.expectedLedger) checkLedger(input.directory, ledger, toHex(input.expectedLedger))
  return { setAside, ...counts }
}

/** Up to the rename that decides. */
async function exchange({ directory, expectedLedger }: RejoinInput, context: RejoinContext): Promise<void> {
  const { crypto, clock } = context
  const holder = { pid: process.pid, startedAt: clock.now() }
  const old = new LevelStore({ directory, crypto, holder })
  await old.open()
  try {
    const { document, ledgerId } = readLedger(old, crypto)
    const ledger = toHex(ledgerId)
    if (expectedLedger) checkLedger(directory, ledger, toHex(expectedLedger))
    const staging = makeStaging(directory)
    const aside = makeAside(directory, staging, clock.now())
    const store = new LevelStore({ directory: staging, crypto, holder })
    await store.open()
    try {
      await createLedger(store, document, context)
      writeNote(aside, { ledger, ...(await offerAll(old, store)) })
    } finally {
      await store.close()
    }
    decideSwap(directory, staging)
  } finally {
    await old.close()
  }
}

type Counts = Pick<Rejoin, 'offeredCount' | 'erasedCount'>

/** In the order of the chain, then what waited: so each author's come in the order of their sequences. */
export async function offerAll(from: BlockStore, to: BlockStore): Promise<Counts> {
  let [offeredCount, erasedCount] = [0, 0]
  let batch: EntryWithPayload[] = []
  const flush = async () => {
    await to.commit({ blocks: [], disconnect: [], connect: [], pendingAdd: batch, pendingRemove: [] })
    offeredCount += batch.length
    batch = []
  }
  for (const item of entriesOf(from)) {
    if (item === undefined) erasedCount += 1
    else batch.push(item)
    if (batch.length >= NODE_LIMITS.rejoinBatchEntries) await flush()
  }
  await flush()
  return { offeredCount, erasedCount }
}

/** Undefined for each whose payload is not there. */
function* entriesOf(store: BlockStore): Generator<EntryWithPayload | undefined> {
  const head = store.head()
  invariant(head, 'a store with a ledger has a head')
  for (let height = 1; height <= head.height; height += 1) {
    const hash = store.canonicalHash(height)
    const stored = hash && store.block(hash)
    if (!stored) throw new NodeFailure('STORE_DAMAGED', `block ${height} is missing`)
    const { entries, payloads } = stored.block
    for (const [i, entry] of entries.entries()) {
      const payload = payloads[i]
      yield payload ? { entry, payload } : undefined
    }
  }
  yield* store.pending()
}

/** What `rejoin.json` beside the old ledger says, for people and for a rejoin that was cut off. */
interface Note extends Counts {
  /** 64 hexadecimal digits. */
  readonly ledger: string
}

function writeNote(aside: string, note: Note): void {
  try {
    writeFileSync(notePath(aside), `${JSON.stringify(note)}\n`, { mode: 0o600, flush: true })
  } catch (error) {
    const message = `${aside} could not be written: ${(error as Error).message}`
    throw new NodeFailure('STORE_WRITE_FAILED', message, { cause: error })
  }
}

function readNote(aside: string): Note {
  try {
    return JSON.parse(readFileSync(notePath(aside), 'utf8')) as Note
  } catch (error) {
    const message = `${notePath(aside)} cannot be read: ${(error as Error).message}`
    throw new NodeFailure('STORE_DAMAGED', message, { cause: error })
  }
}

function checkLedger(directory: string, found: string, wanted: string): void {
  if (found === wanted) return
  throw new NodeFailure('LEDGER_MISMATCH', `${directory} has ledger ${found}, not ${wanted}`)
}

function notePath(aside: string): string {
  return join(aside, 'rejoin.json')
}

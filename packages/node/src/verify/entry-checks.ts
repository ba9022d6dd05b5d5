import {
  type Entry,
  type EntryWithPayload,
  entrySigningBytes,
  type Hash,
  type Result,
  validateEntry,
} from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import { type BlockPlace, placeOf } from './block-checks.ts'
import type { VerifyContext } from './context.ts'
import { type ProblemList, REMEDY } from './problem-list.ts'
import type { Slices } from './slices.ts'

/** What a VerifierPool offers: for each item, in order, what the core's `validateEntry` says of it. */
export type CheckEntries = (
  ledgerId: Hash,
  items: readonly EntryWithPayload[],
) => Promise<readonly Result<undefined>[]>

interface Item extends EntryWithPayload {
  readonly place: BlockPlace
  /** Index in its block. */
  readonly index: number
}

/**
 * Checks payloads, commitments and signatures of entries: nearly all of the time that verifying takes. They
 * are gathered into batches across blocks, because blocks may be small, and worker threads check some batches
 * while the walk along the chain goes on. Without workers each batch is checked here, in slices.
 */
export class EntryChecker {
  readonly #context: Pick<VerifyContext, 'ledgerId' | 'crypto' | 'slices'>
  readonly #problems: ProblemList
  readonly #check: CheckEntries
  readonly #batchesMax: number
  readonly #running = new Set<Promise<void>>()
  #batch: Item[] = []
  #failure: { readonly error: unknown } | undefined

  constructor(
    context: Pick<VerifyContext, 'ledgerId' | 'crypto' | 'slices'>,
    problems: ProblemList,
    checkEntries: CheckEntries | undefined,
  ) {
    this.#context = context
    this.#problems = problems
    this.#check = checkEntries ?? ((_, items) => checkInSlices(items, context))
    this.#batchesMax = checkEntries ? NODE_LIMITS.verifyBatchesInFlight : 0
  }

  /** What it finds is in the problems after the next `drain` at the latest. */
  async add(entry: Entry, payload: Uint8Array | null, place: BlockPlace, index: number): Promise<void> {
    if (payload === null) {
      this.#checkErased(entry, place, index)
      return
    }
    this.#batch.push({ entry, payload, place, index })
    if (this.#batch.length >= NODE_LIMITS.verifyBatchEntries) await this.#flush(this.#batchesMax)
  }

  async drain(): Promise<void> {
    await this.#flush(0)
  }

  /** Waits for what still runs, whatever comes of it. */
  async stop(): Promise<void> {
    this.#batch = []
    await Promise.all(this.#running)
  }

  async #flush(batchesMax: number): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    if (batch.length > 0) {
      const run: Promise<void> = this.#run(batch).finally(() => this.#running.delete(run))
      this.#running.add(run)
    }
    while (this.#running.size > batchesMax) await Promise.race(this.#running)
    if (this.#failure) throw this.#failure.error
  }

  /** Never rejects: a failure is kept for whoever comes next, so that it is neither lost nor unhandled. */
  async #run(batch: readonly Item[]): Promise<void> {
    try {
      const results = await this.#check(this.#context.ledgerId, batch)
      for (const [i, { place, index }] of batch.entries()) {
        const result = results[i]
        if (result && !result.ok) this.#report(result.error.code, result.error.message, place, index)
      }
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  /**
   * The commitment of an erased payload has nothing to be compared with; the signature covers it
   * nevertheless.
   */
  #checkErased(entry: Entry, place: BlockPlace, index: number): void {
    const { crypto, ledgerId } = this.#context
    if (crypto.verify(entry.author, entrySigningBytes(ledgerId, entry), entry.signature)) return
    const message = `the signature of sequence ${entry.sequence} does not verify`
    this.#report('ENTRY_SIGNATURE_INVALID', message, place, index)
  }

  #report(code: string, message: string, place: BlockPlace, index: number): void {
    const isSignature = code === 'ENTRY_SIGNATURE_INVALID'
    const part = isSignature ? `signature of entry ${index}` : `payload of entry ${index}`
    // The entry is what the hash of its block covers; its payload is not.
    this.#problems.add(placeOf(place, part), message, isSignature ? REMEDY.producer : REMEDY.restore)
  }
}

async function checkInSlices(
  items: readonly EntryWithPayload[],
  { ledgerId, crypto, slices }: { ledgerId: Hash; crypto: VerifyContext['crypto']; slices: Slices },
): Promise<Result<undefined>[]> {
  const results: Result<undefined>[] = []
  for (const item of items) {
    results.push(validateEntry(item, ledgerId, crypto))
    if (slices.isOver()) await slices.next()
  }
  return results
}

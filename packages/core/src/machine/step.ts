import type { Block } from '../block/block.ts'
import type { EntryWithPayload } from '../entry/entry.ts'
import type { Failure } from '../result.ts'
import type { Change } from './change.ts'
import type { Effect, Notice, Ticket, WorkJob } from './events.ts'

/** What one step of the ledger gathers before it answers: at most one change. */
export interface Step {
  readonly now: number
  persist: { readonly token: number; readonly change: Change } | undefined
  block: Block | undefined
  readonly entries: EntryWithPayload[]
  readonly notices: Notice[]
  /** What the miner is to do from now on, when that has changed. */
  work: WorkJob | 'none' | undefined
}

export function emptyStep(now: number): Step {
  return { now, persist: undefined, block: undefined, entries: [], notices: [], work: undefined }
}

export function reject(tickets: readonly Ticket[], error: Failure, { notices }: Step): void {
  for (const ticket of tickets) notices.push({ kind: 'rejected', ticket, error })
}

export function earliest(times: readonly (number | undefined)[]): number | undefined {
  let found: number | undefined
  for (const time of times) if (time !== undefined && (found === undefined || time < found)) found = time
  return found
}

/** In the order in which they must be done. */
export function effectsOf({ persist, block, entries, notices, work }: Step): Effect[] {
  const effects: Effect[] = []
  if (persist) effects.push({ kind: 'persist', ...persist })
  if (block) effects.push({ kind: 'publish-block', block })
  if (entries.length > 0) effects.push({ kind: 'publish-entries', items: entries })
  if (notices.length > 0) effects.push({ kind: 'notify', notices })
  if (work === 'none') effects.push({ kind: 'cancel-work' })
  else if (work) effects.push({ kind: 'work', job: work })
  return effects
}

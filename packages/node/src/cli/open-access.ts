import { existsSync, readdirSync } from 'node:fs'
import { NodeFailure } from '../ports.ts'
import { anchorPath, type Holder, ledgerPath, readHolder } from '../store/level/data-directory.ts'
import type { LedgerAccess } from './ledger-access.ts'
import { LiveAccess } from './live-access.ts'
import { OfflineAccess, type OfflineAccessInit } from './offline-access.ts'

export type OpenAccessInit = OfflineAccessInit

/**
 * The ledger of a data directory, through whoever may read it. The node that says it holds the directory is
 * asked first, since a database that is open elsewhere had better not be touched; whether it really does,
 * only the lock tells, so an answer that does not come is an error only when the lock is held.
 *
 * Errors: LEDGER_MISSING, CONTROL_UNANSWERED (names the process), CONTROL_BUSY, and those of opening the
 * store.
 */
export async function openAccess(init: OpenAccessInit): Promise<LedgerAccess> {
  const { directory } = init
  if (!hasLedger(directory)) throw new NodeFailure('LEDGER_MISSING', `${directory} holds no ledger`)
  const holder = readHolder(directory)
  const asked = await askHolder(init, holder)
  if (asked instanceof LiveAccess) return asked

  const offline = new OfflineAccess(init)
  try {
    await offline.open()
    return offline
  } catch (error) {
    if (!(error instanceof NodeFailure) || error.code !== 'STORE_LOCKED') throw error
    // It may have started, or have opened its control socket, while we looked.
    const current = readHolder(directory)
    const again = current?.control === holder?.control ? undefined : await askHolder(init, current)
    if (again instanceof LiveAccess) return again
    const why = again ?? asked
    if (why === undefined) throw error
    const message = `process ${current?.pid} holds ${directory}, but ${why.message}`
    throw new NodeFailure('CONTROL_UNANSWERED', message, { cause: error })
  }
}

/** The node that holds a data directory. Errors: NODE_NOT_RUNNING, and those of `openAccess`. */
export async function openRunning(init: OpenAccessInit): Promise<LiveAccess> {
  const access = hasLedger(init.directory) ? await openAccess(init) : undefined
  if (access instanceof LiveAccess) return access
  await access?.close()
  throw new NodeFailure('NODE_NOT_RUNNING', `no node runs on ${init.directory}`)
}

/** Whether anything of a ledger is there. Looking makes nothing. */
export function hasLedger(directory: string): boolean {
  if (existsSync(anchorPath(directory))) return true
  try {
    return readdirSync(ledgerPath(directory)).length > 0
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Whatever else keeps us from looking, opening the store says it better.
    return code !== 'ENOENT' && code !== 'ENOTDIR'
  }
}

/** Undefined when nobody is there to be asked; the failure when somebody may be and does not answer. */
async function askHolder(
  { crypto, clock }: OpenAccessInit,
  holder: Holder | undefined,
): Promise<LiveAccess | NodeFailure | undefined> {
  if (holder?.control === undefined) return undefined
  const live = new LiveAccess({ holder: { ...holder, control: holder.control }, crypto, clock })
  try {
    await live.status()
    return live
  } catch (error) {
    if (error instanceof NodeFailure && error.code === 'CONTROL_UNANSWERED') return error
    throw error
  }
}

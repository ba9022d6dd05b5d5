/**
 * Another ledger takes the place of the one in a data directory, which is set aside and kept whole. No file
 * system exchanges several files at once, so the new one is made beside the old one, and a single rename
 * decides:
 *
 *   rejoin.new/     the new ledger while it is being made; one that is left over counts for nothing
 *     ledger/, HEAD
 *     set-aside-20261122T184001123Z/rejoin.json
 *                   an empty place for the old ledger, and a note for whoever finds it
 *   rejoin/         the same once it is whole. It alone says that the exchange is to be finished
 *
 * From that rename on every store refuses the directory (REJOIN_UNFINISHED) until `finishSwap` has moved the
 * rest: the old parts into the place that is theirs, the new ones to where those were, and the place out of
 * `rejoin/`. Each of its steps looks at what is there, so it can be cut off anywhere and done again. At every
 * moment the directory has a ledger or an anchor, so nothing takes it for an empty one.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { NodeFailure } from '../../ports.ts'
import { anchorPath, holderPath, ledgerPath } from './data-directory.ts'
import { damaged, storeFailure } from './failures.ts'
import { keptLogs } from './kept-logs.ts'

const SET_ASIDE = /^set-aside-/

/** A new and empty directory for the ledger that is to come. What an earlier try left is removed. */
export function makeStaging(directory: string): string {
  const staging = join(directory, 'rejoin.new')
  return guarded(directory, () => {
    rmSync(staging, { recursive: true, force: true })
    mkdirSync(staging, { mode: 0o700 })
    return staging
  })
}

/** Within `staging`; named so that nothing of that name is there already. `now`: ms since 1970. */
export function makeAside(directory: string, staging: string, now: number): string {
  const name = `set-aside-${new Date(now).toISOString().replace(/[-:.]/g, '')}`
  for (let count = 1; ; count += 1) {
    const unused = count === 1 ? name : `${name}-${count}`
    if (existsSync(join(directory, unused))) continue
    const aside = join(staging, unused)
    guarded(aside, () => mkdirSync(aside, { mode: 0o700 }))
    return aside
  }
}

/** The one rename. Only while the old store is held, and after that of `staging` was closed. */
export function decideSwap(directory: string, staging: string): void {
  guarded(directory, () => {
    for (const path of [
      staging,
      ...readdirSync(staging)
        .filter(isAside)
        .map((name) => join(staging, name)),
    ])
      syncDirectory(path)
    renameSync(staging, stagedPath(directory))
    syncDirectory(directory)
  })
}

export function isSwapUnfinished(directory: string): boolean {
  return existsSync(stagedPath(directory))
}

/** Throws REJOIN_UNFINISHED. */
export function refuseUnfinishedSwap(directory: string): void {
  if (!isSwapUnfinished(directory)) return
  const message = `the ledger of ${directory} is being exchanged for another one, and that was cut off`
  throw new NodeFailure('REJOIN_UNFINISHED', message)
}

/** Returns where the old ledger is now. Nobody holds either store. */
export function finishSwap(directory: string): string {
  const steps = swapSteps(directory)
  for (;;) {
    const { done, value } = guarded(directory, () => steps.next())
    if (done) return value
  }
}

/** Gives way after each change that it made, so that a test can cut it off there. */
export function* swapSteps(directory: string): Generator<string, string, undefined> {
  const staged = stagedPath(directory)
  const name = readdirSync(staged).find(isAside) ?? readdirSync(directory).filter(isAside).sort().at(-1)
  if (name === undefined) throw damaged(directory, `${staged} has no place for the old ledger`)
  const [aside, last] = [join(staged, name), join(directory, name)]

  for (const path of [ledgerPath, anchorPath]) {
    const [here, old, new_] = [path(directory), path(aside), path(staged)]
    // What is here is the old one as long as the new one waits and nothing has been moved.
    if (existsSync(new_) && existsSync(here) && !existsSync(old)) yield* move(here, old)
    if (existsSync(new_)) yield* move(new_, here)
  }
  if (existsSync(aside)) {
    for (const log of keptLogs(directory)) yield* move(join(directory, log), join(aside, log))
    rmSync(holderPath(directory), { force: true })
    yield* move(aside, last)
  }
  rmdirSync(staged)
  syncDirectory(directory)
  return last
}

function* move(from: string, to: string): Generator<string> {
  renameSync(from, to)
  syncDirectory(join(to, '..'))
  syncDirectory(join(from, '..'))
  yield to
}

function stagedPath(directory: string): string {
  return join(directory, 'rejoin')
}

function isAside(name: string): boolean {
  return SET_ASIDE.test(name)
}

/** So that a power cut does not undo a rename and keep a later one. Not every system lets us. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function guarded<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw storeFailure(error, 'writing', path)
  }
}

/**
 * Verification of a whole data directory: everything that is stored is computed again from the genesis
 * document on, and compared. docs/VERIFY.md says what is checked, what each problem means and what cannot be
 * seen.
 *
 * Three parts: what the storage itself finds wrong with its files; the canonical chain with its indexes
 * (chain-walk.ts); and what is beside it, which is other branches, pending entries and the numbers of
 * records. The rules are those of core that a new block must pass; nothing is changed, whatever is found.
 */
import { type Block, type Crypto, createEngine, genesisOf } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type {
  BlockStore,
  Clock,
  HeadPosition,
  VerifyProblem,
  VerifyProgress,
  VerifyReport,
} from '../ports.ts'
import { reparse } from './block-checks.ts'
import { Branches, type BranchesInit, type Listing } from './branches.ts'
import { CanonicalBlocks } from './canonical-blocks.ts'
import { ChainWalk, checkStanding } from './chain-walk.ts'
import type { VerifyContext } from './context.ts'
import { type CheckEntries, EntryChecker } from './entry-checks.ts'
import { attempt, DAMAGED, isSame, ProblemList, REMEDY } from './problem-list.ts'
import { Slices } from './slices.ts'
import { checkAnchor, checkAuthors, checkCensus, checkPending } from './totals.ts'

export type { CheckEntries } from './entry-checks.ts'

export interface VerifyOptions {
  readonly crypto: Crypto
  readonly clock: Pick<Clock, 'now'>
  /** Gives everything else in the process its turn. */
  readonly pause: () => Promise<void>
  /** How long to work before each pause, in ms; `verifySliceMs` when absent. */
  readonly sliceMs?: number
  /** Worker threads for the signatures; without them they are checked here. */
  readonly checkEntries?: CheckEntries
  /** Called in every slice at most once. */
  readonly onProgress?: (progress: VerifyProgress) => void
  readonly signal?: AbortSignal
}

export interface StoreVerifyReport extends VerifyReport {
  /** Canonical blocks, genesis included. */
  readonly blockCount: number
  /** Entries of canonical blocks. */
  readonly entryCount: number
  readonly sideBlockCount: number
  readonly pendingCount: number
}

/**
 * Computes everything again from genesis to the head that there is at the start, also while a node goes on
 * adding to the store. Rejects when the disk fails (STORE_READ_FAILED), or with the reason of `signal`;
 * damage does not make it reject.
 */
export async function verifyStore(store: BlockStore, options: VerifyOptions): Promise<StoreVerifyReport> {
  const { clock, pause, signal, sliceMs = NODE_LIMITS.verifySliceMs } = options
  signal?.throwIfAborted()
  const problems = new ProblemList()
  const slices = new Slices({ clock, pause, signal, sliceMs })
  const isSafe = await checkStorage(store, slices, problems)
  const begun = isSafe ? begin(store, options.crypto, slices, problems) : undefined
  const report = begun ? await verifyLedger(begun, options, problems) : NOTHING
  return { ...report, ok: problems.all.length === 0, problems: problems.all }
}

/**
 * What the storage itself finds. It comes first, because a damaged file may be one that must not be read:
 * false when nothing else may be asked of the store.
 */
async function checkStorage(store: BlockStore, slices: Slices, problems: ProblemList): Promise<boolean> {
  for await (const { place, message, isUnsafe } of store.faults()) {
    problems.add({ field: place }, message, REMEDY.restore)
    if (isUnsafe) return false
    if (slices.isOver()) await slices.next()
  }
  return true
}

type Findings = Omit<StoreVerifyReport, 'ok' | 'problems'>

const NOTHING: Findings = {
  headHeight: 0,
  blockCount: 0,
  entryCount: 0,
  erasedCount: 0,
  sideBlockCount: 0,
  pendingCount: 0,
  isUnsettled: false,
}

interface Begun {
  readonly context: VerifyContext
  readonly genesis: Block
  readonly head: HeadPosition
}

/** Genesis, from which everything follows: undefined when it or the head cannot be had. */
function begin(store: BlockStore, crypto: Crypto, slices: Slices, problems: ProblemList): Begun | undefined {
  const head = attempt(problems, { field: 'head' }, () => store.head())
  if (head === DAMAGED) return undefined
  if (head === undefined) {
    problems.add({ field: 'head' }, 'the store has no head, so it holds no ledger', REMEDY.restore)
    return undefined
  }
  const found = new CanonicalBlocks({ store, crypto }, head).at(0, problems)
  const genesis = found && reparse(found.stored.block, found.hash, { height: 0 }, { crypto }, problems)
  if (found === undefined || genesis === undefined) return undefined
  const document = genesisOf(genesis, crypto)
  const engine = document.ok ? createEngine(document.value, crypto) : document
  if (!document.ok || !engine.ok) {
    const message = engine.ok ? '' : engine.error.message
    problems.add({ height: 0, field: 'genesis document' }, message, REMEDY.restore)
    return undefined
  }
  const ledgerId = genesis.hash
  const context = { store, crypto, slices, ledgerId, document: document.value, engine: engine.value }
  checkStanding(found.stored, genesis, undefined, context, problems)
  return { context, genesis, head }
}

async function verifyLedger(begun: Begun, options: VerifyOptions, problems: ProblemList): Promise<Findings> {
  const { context, genesis, head } = begun
  const { onProgress } = options
  const checker = new EntryChecker(context, problems, options.checkEntries)
  try {
    const walk = new ChainWalk({ context, problems, checker, genesis, onProgress }, head)
    const walked = await walk.run()
    const { pendingCount, sideBlockCount, isUnsettled } = await verifyBeside(context, options, problems)
    return { ...walked, pendingCount, sideBlockCount, isUnsettled }
  } finally {
    await checker.stop()
  }
}

interface Beside {
  readonly problems: readonly VerifyProblem[]
  readonly sideBlockCount: number
  readonly pendingCount: number
}

/**
 * What is beside the chain is counted in several goes, and a running node may change it in between. So a
 * problem there counts only when a second look finds it again; a store that nobody changes says the same
 * twice.
 */
async function verifyBeside(
  context: VerifyContext,
  options: VerifyOptions,
  problems: ProblemList,
): Promise<Beside & { readonly isUnsettled: boolean }> {
  let before = await lookBeside(context, options)
  for (let looks = 1; ; looks++) {
    if (before.problems.length === 0) return { ...before, isUnsettled: false }
    const after = await lookBeside(context, options)
    const confirmed = after.problems.filter((problem) =>
      before.problems.some((known) => isSame(known, problem)),
    )
    const isSettled = confirmed.length === after.problems.length
    if (isSettled || looks === LOOKS_MAX) {
      problems.addAll(confirmed)
      return { ...after, isUnsettled: !isSettled }
    }
    before = after
  }
}

const LOOKS_MAX = 3

async function lookBeside(context: VerifyContext, options: VerifyOptions): Promise<Beside> {
  const { store } = context
  const problems = new ProblemList()
  const place = { field: 'head' }
  const head = attempt(problems, place, () => store.head())
  const stored = head && head !== DAMAGED && attempt(problems, place, () => store.block(head.hash))
  if (!head || head === DAMAGED || !stored || stored === DAMAGED) {
    if (!stored) problems.add(place, 'its block is not stored', REMEDY.restore)
    return { problems: problems.all, sideBlockCount: 0, pendingCount: 0 }
  }
  const { header } = stored.block
  const height = head.height + 1
  const above = attempt(problems, { height, field: 'canonical hash' }, () => store.canonicalHash(height))
  if (above !== undefined && above !== DAMAGED) {
    const message = `the head is at ${head.height}, and a block is noted for the height above it`
    problems.add({ height, field: 'canonical hash' }, message, REMEDY.index)
  }
  checkAnchor(context, head, problems)
  const listed = await listBeside(context, options, { head, headWeight: stored.weight, problems })
  // A list that is wrong somewhere is no measure of how many blocks and payloads there should be.
  const listing = problems.all.length > 0 ? undefined : listed
  const authorCount = await checkAuthors(context, header, problems)
  const pendingCount = await checkPending(context, problems)
  await checkCensus(context, header, { listing, authorCount, pendingCount }, problems)
  return { problems: problems.all, sideBlockCount: listed.sideBlockCount, pendingCount: pendingCount ?? 0 }
}

async function listBeside(
  context: VerifyContext,
  { checkEntries }: VerifyOptions,
  what: Pick<BranchesInit, 'head' | 'headWeight' | 'problems'>,
): Promise<Listing> {
  const checker = new EntryChecker(context, what.problems, checkEntries)
  try {
    return await new Branches({ context, checker, ...what }).run()
  } finally {
    await checker.stop()
  }
}

import type { Hash } from '@pulseledger/core'
import { createLogger } from '../adapters/logger.ts'
import { DEFAULTS } from '../config/genesis-choice.ts'
import type { Config } from '../config/read-config.ts'
import { NODE_LIMITS } from '../limits.ts'
import { PulseNode } from '../node.ts'
import type { NodeAddress, NodeOptions, StartNote } from '../options.ts'
import { NodeFailure } from '../ports.ts'
import type { Rejoin } from '../rejoin-ledger.ts'
import { type CliIo, hasColours } from './io.ts'
import { hasLedger } from './open-access.ts'

/** What a shell shows for a program that an interrupt ended: 128 + SIGINT. */
const INTERRUPTED = 130

/** Where the ledger of a data directory comes from. */
export type LedgerSource =
  /** The directory has it, or it is begun. */
  | { readonly kind: 'own' }
  /** When the directory is empty it is fetched: whichever ledger these nodes serve. */
  | { readonly kind: 'peers'; readonly addresses: readonly NodeAddress[] }
  /** It must be this one, fetched when the directory is empty. */
  | { readonly kind: 'invite'; readonly addresses: readonly NodeAddress[]; readonly ledgerId: Hash }
  /** It is in this very directory, just begun again: no other one will do. */
  | { readonly kind: 'rejoined'; readonly rejoin: Rejoin }

export interface RunInit {
  readonly io: CliIo
  readonly config: Config
  readonly options: NodeOptions
  readonly source: LedgerSource
}

/** Runs a node until it is interrupted or fails. */
export async function runNode(init: RunInit): Promise<void> {
  const { onInterrupt, exit, stderr } = init.io
  const interrupted = Promise.withResolvers<undefined>()
  let count = 0
  // The first interrupt stops the node as gently as it can, the second ends the process. One that comes while
  // the node starts is heeded when it has started: everything that stops is then known.
  const release = onInterrupt(() => {
    count += 1
    if (count > 1) exit(INTERRUPTED)
    else if (stderr.isTTY) stderr.write('\nstopping (Ctrl-C again: at once)\n')
    interrupted.resolve(undefined)
  })
  try {
    const node = await startSomewhere(init, interrupted.promise)
    if (node === undefined) return
    const failure = await Promise.race([interrupted.promise, node.failed])
    // What failed first is what matters: stopping after it may well fail too.
    await node.stop().catch((error: unknown) => {
      throw failure ?? error
    })
    if (failure) throw failure
  } finally {
    release()
  }
}

/**
 * Starts a node in the data directory. When nobody chose it and another process holds it, in the next one
 * that is free: so a second copy just starts, in a second window too. Of those that were made this way, one
 * with another ledger than the wanted one is passed over; the first directory is what its user takes for
 * "the" ledger, so there it is an error. Undefined when it was interrupted while it waited for other nodes.
 */
async function startSomewhere(
  init: RunInit,
  interrupted: Promise<undefined>,
): Promise<PulseNode | undefined> {
  const from = init.options.dataDirectory
  const { config, source } = init
  const mayMove = config.origins.dataDir.from === 'default' && source.kind !== 'rejoined'
  const countMax = mayMove ? NODE_LIMITS.directoryTriesMax : 1
  for (let count = 1; ; count += 1) {
    const to = count === 1 ? from : `${from}-${count}`
    const notes: StartNote[] = count === 1 ? [] : [{ kind: 'directory-moved', from, to }]
    try {
      return await startIn(init, { ...init.options, dataDirectory: to, notes }, interrupted)
    } catch (error) {
      const code = error instanceof NodeFailure ? error.code : undefined
      const isNotForUs = code === 'STORE_LOCKED' || (code === 'LEDGER_MISMATCH' && count > 1)
      if (!isNotForUs || count >= countMax) throw error
    }
  }
}

async function startIn(
  { io, source }: RunInit,
  options: NodeOptions,
  interrupted: Promise<undefined>,
): Promise<PulseNode | undefined> {
  const isEmpty = !hasLedger(options.dataDirectory)
  const notes = [...options.notes]
  if (source.kind === 'own' && isEmpty) checkMeasures(options)
  if (source.kind === 'invite' || (source.kind === 'peers' && isEmpty)) {
    const { addresses } = source
    const expected = source.kind === 'invite' ? { expectedLedger: source.ledgerId } : {}
    const joined = io.joinLedger({ addresses, ...expected, options }).then(() => 'joined' as const)
    if ((await Promise.race([joined, interrupted])) === undefined) return undefined
    if (isEmpty) notes.push({ kind: 'joined', addresses, isTrusted: source.kind === 'peers' })
  }
  if (source.kind === 'rejoined') notes.push({ kind: 'rejoined', ...source.rejoin })
  const { clock, random, stdout, stderr } = io
  const logger = createLogger({
    level: options.logLevel,
    pretty: stderr.isTTY === true,
    clock,
    write: (line) => stderr.write(line),
  })
  const colour = hasColours(stdout, io.environment)
  const node = new PulseNode({ ...options, notes }, { clock, random, logger, output: stdout, colour })
  await node.start()
  return node
}

/** Before a ledger is begun: a port for a measure that it will not have is a mistake in the configuration. */
function checkMeasures({ genesis, terminalPorts, sources }: NodeOptions): void {
  const known = (genesis.measures ?? DEFAULTS.measures).map(({ name }) => name)
  for (const { measure } of [...terminalPorts, ...sources]) {
    if (measure === undefined || known.includes(measure)) continue
    throw new NodeFailure(
      'MEASURE_UNKNOWN',
      `the new ledger would have ${known.join(', ')} and no '${measure}'`,
    )
  }
}

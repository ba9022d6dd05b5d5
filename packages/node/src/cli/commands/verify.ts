import { loadCrypto } from '../../crypto/index.ts'
import { NodeFailure, type VerifyProblem, type VerifyReport } from '../../ports.ts'
import { asciiJson, printable } from '../../views/printable.ts'
import { type Call, type Command, JSON_OPTION, preferred } from '../command.ts'
import type { CliIo } from '../io.ts'
import { openAccess } from '../open-access.ts'
import { Output } from '../output.ts'

const TEXT_CHARACTERS_MAX = 500
/** Between two lines of progress: often enough to see that it goes on. */
const PROGRESS_INTERVAL_MS = 200

export const verify: Command = {
  name: 'verify',
  summary: 'recompute everything and compare',
  description: `Recomputes every link, hash, signature and tree node of the data directory from the
first block on, and changes nothing. Each problem is named with its block, its field and what to do.
Exit code 8: there are some.`,
  options: [JSON_OPTION],
  examples: [
    ['pulseledger verify', 'the ledger of this directory'],
    ['pulseledger verify -d /backup/ward-2 --json', 'a copy, for a program'],
  ],
  run,
}

async function run({ io, config, json }: Call): Promise<void> {
  const { dataDir, crypto } = config.values
  const access = await openAccess({
    directory: dataDir,
    crypto: await loadCrypto(preferred(crypto)),
    clock: io.clock,
    checkTables: true,
  })
  const output = new Output(io.stdout)
  try {
    const progress = json ? undefined : progressLine(io)
    const report = await access.verify(progress ? { onProgress: progress.show } : {})
    progress?.clear()
    for (const line of json ? [reportJson(report)] : reportLines(report)) await output.line(line)
    await output.flush()
    if (report.ok) return
    const count = report.problems.length
    throw new NodeFailure(
      'VERIFICATION_FAILED',
      `${count} ${count === 1 ? 'problem was' : 'problems were'} found`,
    )
  } finally {
    await access.close()
  }
}

/** The same fields whether a node made the report or this process. */
function reportJson(report: VerifyReport): string {
  const { ok, headHeight, blockCount, entryCount, erasedCount, isUnsettled, problems } = report
  return asciiJson({ ok, headHeight, blockCount, entryCount, erasedCount, isUnsettled, problems })
}

function reportLines(report: VerifyReport): string[] {
  const { ok, headHeight, blockCount, entryCount, erasedCount, isUnsettled, problems } = report
  const notes = [
    ...(erasedCount > 0
      ? [`note: the payloads of ${erasedCount} readings are not stored: erased or removed`]
      : []),
    ...(isUnsettled
      ? ['note: the node was too busy to look at what is beside the chain; stop it for that']
      : []),
  ]
  if (!ok) return [...problems.flatMap(problemLines), ...notes]
  return [
    `ok: ${blockCount} blocks up to #${headHeight} and ${entryCount} readings are as they must be`,
    ...notes,
  ]
}

function problemLines({ height, field, message, remedy }: VerifyProblem): string[] {
  const where = height === undefined ? '' : `block #${height}, `
  const text = (of: string) => printable(of, TEXT_CHARACTERS_MAX)
  return [`${where}${text(field)}: ${text(message)}`, `  remedy: ${text(remedy)}`]
}

interface ProgressLine {
  readonly show: (progress: { readonly height: number; readonly headHeight: number }) => void
  readonly clear: () => void
}

/** One line of a terminal that is written over. Undefined when nobody watches. */
function progressLine({ stderr, clock }: CliIo): ProgressLine | undefined {
  if (stderr.isTTY !== true) return undefined
  let shownAt = Number.NEGATIVE_INFINITY
  return {
    show: ({ height, headHeight }) => {
      if (clock.now() - shownAt < PROGRESS_INTERVAL_MS) return
      shownAt = clock.now()
      stderr.write(`\rverifying block ${height} of ${headHeight}\x1b[K`)
    },
    clear: () => stderr.write('\r\x1b[K'),
  }
}

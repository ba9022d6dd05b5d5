/** The options of `npm run sim:long`. */
import { type EngineName, type FaultKind, NODES_MAX } from '../scenario/scenario.ts'
import { Flags, type FlagTable, type Parsed } from './flags.ts'
import { HOURS_MAX } from './sim-options.ts'

export interface LongOptions {
  readonly isHelp: boolean
  /** The first seed; then come all that follow. */
  readonly from: number
  /** How many, unless the time is over first. */
  readonly seedCount: number | undefined
  /** Of real time, unless the seeds are done first. */
  readonly minutes: number | undefined
  /** Of simulated time, for each seed. */
  readonly hours: number
  readonly nodes: number | undefined
  readonly engine: EngineName | undefined
  readonly only: readonly FaultKind[] | undefined
  readonly without: readonly FaultKind[] | undefined
  readonly workerCount: number
  readonly folder: string
}

/** When neither is said how many seeds nor how long. */
const MINUTES_DEFAULT = 10

const MINUTES_MAX = 10_000
const SEEDS_MAX = 100_000_000
const WORKERS_MAX = 64

/** As much as shows what a longer run shows, so that there are more seeds. */
const HOURS_DEFAULT = 0.15

export const LONG_HELP = `Runs seed after seed, each with faults of its own: npm run sim:long -- [options]

  --minutes M          of real time; ${MINUTES_DEFAULT} when no number of seeds is given either
  --seeds N            how many
  --from N             the first of them; 1 when it is not given
  --hours H            of simulated time for each; ${HOURS_DEFAULT} when it is not given
  --nodes N            how many nodes, instead of as many as each seed says
  --engine NAME        longest-chain or proof-of-work, instead of what each seed says
  --only a,b           these faults in every run; none for none at all
  --without a,b        never these faults
  --workers N          processes at a time; as many as there are cores when it is not given
  --out FOLDER         where the report goes; sim-report when it is not given
  --help               this

Ctrl-C ends it early, with the report of what was done. It ends with 0; with 1 when something was wrong, and
a line for each that shows it again; with 2 for a bad option.`

const TABLE: FlagTable = {
  minutes: 'string',
  seeds: 'string',
  from: 'string',
  hours: 'string',
  nodes: 'string',
  engine: 'string',
  only: 'string',
  without: 'string',
  workers: 'string',
  out: 'string',
  help: 'boolean',
}

/** `coreCount`: of this machine. */
export function parseLongOptions(args: readonly string[], coreCount: number): Parsed<LongOptions> {
  const flags = new Flags(args, TABLE)
  const seedCount = flags.integer('seeds', 1, SEEDS_MAX)
  const minutes = flags.decimal('minutes', MINUTES_MAX)
  const folder = flags.text('out') ?? 'sim-report'
  if (folder === '') flags.refuse('--out is the name of a folder')
  const value: LongOptions = {
    isHelp: flags.has('help'),
    from: flags.integer('from', 0, Number.MAX_SAFE_INTEGER - SEEDS_MAX) ?? 1,
    seedCount,
    minutes: minutes ?? (seedCount === undefined ? MINUTES_DEFAULT : undefined),
    hours: flags.decimal('hours', HOURS_MAX) ?? HOURS_DEFAULT,
    nodes: flags.integer('nodes', 1, NODES_MAX),
    engine: flags.engine(),
    only: flags.faults('only'),
    without: flags.faults('without'),
    workerCount: flags.integer('workers', 1, WORKERS_MAX) ?? Math.min(coreCount, WORKERS_MAX),
    folder,
  }
  return flags.problem === undefined ? { ok: true, value } : { ok: false, problem: flags.problem }
}

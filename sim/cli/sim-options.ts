/** The options of `npm run sim`. */
import { NODES_MAX, type ScenarioChoice } from '../scenario/scenario.ts'
import { Flags, type FlagTable, type Parsed } from './flags.ts'

/** More takes longer than anybody waits. */
export const HOURS_MAX = 10_000

export interface SimOptions {
  readonly isHelp: boolean
  readonly seed: number
  readonly choice: ScenarioChoice
  readonly isTrace: boolean
  readonly isTwice: boolean
  readonly isShrink: boolean
  readonly isKeep: boolean
}

export const SIM_HELP = `Runs the product's code in a simulated group, with faults: npm run sim -- [options]

  --seed N             which run; 1 when it is not given
  --nodes N            how many nodes, instead of as many as the seed says
  --hours H            of simulated time; 0.25 when it is not given
  --engine NAME        longest-chain or proof-of-work, instead of what the seed says
  --only a,b           these faults and no others; none for none at all
  --without a,b        not these faults
  --real-signatures    Ed25519, instead of what the seed says
  --stub-signatures    signatures that cost one hash
  --trace              tell what happens, step by step
  --twice              run it twice; both must be the same in every step
  --shrink             after a violation, look for a smaller run with the same one
  --keep               after a violation, write the run to testdata/seeds/
  --help               this

It ends with 0; with 1 when something is wrong, and a line that shows it again; with 2 for a bad option.`

const TABLE: FlagTable = {
  seed: 'string',
  nodes: 'string',
  hours: 'string',
  engine: 'string',
  only: 'string',
  without: 'string',
  'real-signatures': 'boolean',
  'stub-signatures': 'boolean',
  trace: 'boolean',
  twice: 'boolean',
  shrink: 'boolean',
  keep: 'boolean',
  help: 'boolean',
}

export function parseSimOptions(args: readonly string[]): Parsed<SimOptions> {
  const flags = new Flags(args, TABLE)
  const [isReal, isStub] = [flags.has('real-signatures'), flags.has('stub-signatures')]
  if (isReal && isStub) flags.refuse('--real-signatures and --stub-signatures exclude each other')
  const value: SimOptions = {
    isHelp: flags.has('help'),
    seed: flags.integer('seed', 0, Number.MAX_SAFE_INTEGER) ?? 1,
    choice: {
      nodes: flags.integer('nodes', 1, NODES_MAX),
      hours: flags.decimal('hours', HOURS_MAX),
      engine: flags.engine(),
      only: flags.faults('only'),
      without: flags.faults('without'),
      realSignatures: isReal || (isStub ? false : undefined),
    },
    isTrace: flags.has('trace'),
    isTwice: flags.has('twice'),
    isShrink: flags.has('shrink'),
    isKeep: flags.has('keep'),
  }
  return flags.problem === undefined ? { ok: true, value } : { ok: false, problem: flags.problem }
}

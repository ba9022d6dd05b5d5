import { ENGINES, type EngineParameters, LIMITS, type Measure, toHex } from '@pulseledger/core'
import {
  checkChoice,
  completeEngine,
  DEFAULT_LEDGER_NAME,
  DEFAULTS,
  MEASURE_FORM,
  parseMeasure,
  readGenesisFile,
} from '../../config/genesis-choice.ts'
import { expected, type Parsed, parsed } from '../../config/parsed.ts'
import { duration, integer, oneOf } from '../../config/values.ts'
import { loadCrypto } from '../../crypto/index.ts'
import { createLedger, type LedgerRules, readLedger } from '../../open-ledger.ts'
import type { GenesisChoice } from '../../options.ts'
import { NodeFailure } from '../../ports.ts'
import { LevelStore } from '../../store/level/level-store.ts'
import { asciiJson, printable } from '../../views/printable.ts'
import { engineText } from '../../views/text.ts'
import { type Call, type Command, JSON_OPTION } from '../command.ts'
import { shellWord } from '../invocation.ts'
import { Output } from '../output.ts'
import { unwrap } from '../unwrap.ts'

const { engine: ENGINE, limits: BLOCK } = DEFAULTS
const MINED = completeEngine({ name: 'proof-of-work' })
const DEPTHS = `${ENGINE.finalDepth}, with proof-of-work ${MINED.finalDepth}`

export const init: Command = {
  name: 'init',
  summary: 'begin a ledger with measures and rules of your own',
  description: `Begins a ledger in an empty data directory. What it measures and its rules are
fixed from then on: they are in the first block, whose hash is the ledger id.
What is not given has a default.`,
  options: [
    {
      flags: '-n, --name <name>',
      help: `name of the ledger (default: ${DEFAULT_LEDGER_NAME})`,
      parse: parsed,
    },
    {
      flags: '-m, --measure <measure>',
      help: `a measure, ${MEASURE_FORM}; may be given several times (default: bpm:/min:0:500)`,
      parse: measureOf,
      isList: true,
    },
    {
      flags: '-e, --engine <name>',
      help: `who makes blocks: ${Object.keys(ENGINES).join(' or ')} (default: ${ENGINE.name})`,
      parse: oneOf(Object.keys(ENGINES)),
    },
    {
      flags: '--final-depth <blocks>',
      help: `blocks after which a block is final (default: ${DEPTHS})`,
      parse: integer(1, LIMITS.finalDepthMax),
    },
    {
      flags: '--interval <time>',
      help: `proof-of-work: from one block to the next (default: ${Number(MINED.intervalMs) / 1_000}s)`,
      parse: duration(1, LIMITS.powIntervalMax),
    },
    {
      flags: '--difficulty <hashes>',
      help: `proof-of-work: what a block takes at first (default: ${MINED.difficulty})`,
      parse: integer(1, LIMITS.integerMax),
    },
    {
      flags: '--difficulty-minimum <hashes>',
      help: 'proof-of-work: what it takes at least (default: a fiftieth)',
      parse: integer(1, LIMITS.integerMax),
    },
    {
      flags: '--window <blocks>',
      help: `proof-of-work: that have one difficulty (default: ${MINED.window})`,
      parse: integer(1, LIMITS.powWindowMax),
    },
    {
      flags: '--block-entries <count>',
      help: `readings of a block at most (default: ${BLOCK.blockEntries})`,
      parse: integer(1, LIMITS.blockEntriesCeiling),
    },
    {
      flags: '--block-bytes <bytes>',
      help: `bytes of a block at most (default: ${BLOCK.blockBytes})`,
      parse: integer(LIMITS.blockBytesFloor, LIMITS.blockBytesCeiling),
    },
    {
      flags: '--time-ahead <time>',
      help: `how far a block may be ahead of the clock (default: ${BLOCK.timeAhead / 60_000}m)`,
      parse: duration(1, LIMITS.timeAheadMax),
    },
    JSON_OPTION,
  ],
  examples: [
    ['pulseledger init --name ward-2', 'heart rates, with all defaults'],
    ['pulseledger init --engine proof-of-work', 'a block takes some 5 s of work'],
    ["pulseledger init -m 'temperature:Cel:30:45:1'", 'in UCUM units, one decimal'],
    ['pulseledger init --genesis ward-2.json', 'the document in a file'],
    ['pulseledger show genesis > ward-2.json', 'the document of another ledger'],
  ],
  run,
}

/** The options that make a document, which a file does whole. */
const OWN_OPTIONS = [
  'name',
  'measure',
  'engine',
  'finalDepth',
  'interval',
  'difficulty',
  'difficultyMinimum',
  'window',
  'blockEntries',
  'blockBytes',
  'timeAhead',
] as const

async function run({ io, config, options, json }: Call): Promise<void> {
  const { genesis, dataDir } = config.values
  const own = OWN_OPTIONS.filter((name) => options[name] !== undefined)
  if (genesis !== undefined && own.length > 0) {
    const message = `the document in ${genesis} is whole: --genesis goes with no other option about it`
    throw new NodeFailure('USAGE_INVALID', message)
  }
  const choice = unwrap(genesis === undefined ? checkChoice(choiceOf(options)) : readGenesisFile(genesis))
  const rules = await begin(choice, { io, config })
  const output = new Output(io.stdout)
  for (const line of json ? [summaryJson(rules, dataDir)] : summary(rules, { config }))
    await output.line(line)
  await output.flush()
}

async function begin(
  choice: GenesisChoice,
  { io, config }: Pick<Call, 'io' | 'config'>,
): Promise<LedgerRules> {
  const directory = config.values.dataDir
  const { clock, random } = io
  const crypto = await loadCrypto()
  const holder = { pid: process.pid, startedAt: clock.now() }
  const store = new LevelStore({ directory, crypto, holder })
  await store.open()
  try {
    if (store.head() === undefined) return await createLedger(store, choice, { crypto, clock, random })
    const { document, ledgerId } = readLedger(store, crypto)
    const message = `${directory} already holds the ledger '${printable(document.name)}', ${toHex(ledgerId)}`
    throw new NodeFailure('LEDGER_EXISTS', message)
  } finally {
    await store.close()
  }
}

function choiceOf(options: Call['options']): GenesisChoice {
  const { name, measure, engine, blockEntries, blockBytes, timeAhead } = options as {
    readonly name?: string
    readonly measure?: readonly Measure[]
    readonly engine?: string
    readonly blockEntries?: number
    readonly blockBytes?: number
    readonly timeAhead?: number
  }
  return {
    name: name ?? DEFAULT_LEDGER_NAME,
    engine: engineOf(engine ?? ENGINE.name, options),
    limits: {
      blockEntries: blockEntries ?? BLOCK.blockEntries,
      blockBytes: blockBytes ?? BLOCK.blockBytes,
      timeAhead: timeAhead ?? BLOCK.timeAhead,
    },
    ...(measure && { measures: measure }),
  }
}

/** What was given, whether that engine has it or not: it says so itself. */
function engineOf(name: string, options: Call['options']): EngineParameters {
  const { finalDepth, interval, difficulty, difficultyMinimum, window } = options as {
    readonly [parameter: string]: number | undefined
  }
  const given = Object.entries({ finalDepth, intervalMs: interval, difficulty, difficultyMinimum, window })
  const chosen = given.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
  return completeEngine({ ...Object.fromEntries(chosen), name })
}

function measureOf(text: string): Parsed<Measure> {
  const measure = parseMeasure(text)
  return measure.ok ? parsed(measure.value) : expected(measure.error.message)
}

function summary({ document, ledgerId }: LedgerRules, { config }: Pick<Call, 'config'>): string[] {
  const { text, from } = config.origins.dataDir
  const flag = from === 'flag' ? ` --data-dir ${shellWord(String(text))}` : ''
  return [
    `ledger     ${printable(document.name)}`,
    `id         ${toHex(ledgerId)}`,
    `engine     ${engineText(document.engine)}`,
    ...document.measures.map(({ name, minimum, maximum, unit, decimals }) => {
      const places = decimals === 0 ? '' : `, ${decimals} decimal${decimals === 1 ? '' : 's'}`
      return `measure    ${name}: ${minimum}..${maximum} ${unit}${places}`
    }),
    `directory  ${printable(String(text))}`,
    '',
    'Start its node:',
    `  pulseledger start${flag}`,
  ]
}

function summaryJson({ document, ledgerId }: LedgerRules, dataDir: string): string {
  return asciiJson({ ledger: { name: document.name, id: toHex(ledgerId) }, dataDir })
}

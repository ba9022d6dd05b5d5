import type { GenesisDocument } from '@pulseledger/core'
import { integer } from '../../config/values.ts'
import { loadCrypto } from '../../crypto/index.ts'
import { NODE_LIMITS } from '../../limits.ts'
import { NodeFailure } from '../../ports.ts'
import { blockView } from '../../views/block-view.ts'
import { blockEvent, readingEvent } from '../../views/event-json.ts'
import { COLOURED, type Palette, PLAIN } from '../../views/palette.ts'
import { blockLine, type Place, placeMark, placeOf, readingLine } from '../../views/text.ts'
import type { Call, Command } from '../command.ts'
import { hasColours } from '../io.ts'
import type { Followed, LedgerAccess } from '../ledger-access.ts'
import { openAccess } from '../open-access.ts'
import { Output } from '../output.ts'

const HEIGHT = integer(0, Number.MAX_SAFE_INTEGER)
/** Blocks that are shown before following begins, as `tail -f` does. */
const FOLLOW_BLOCKS = 10

export const log: Command = {
  name: 'log',
  summary: 'list blocks or readings',
  description: `Lists the blocks of the ledger, lowest first, whether a node runs or not.
With -f it begins with the last ${FOLLOW_BLOCKS}, then shows each new one until the node stops or you do;
without a running node it lists what there is and ends with NODE_NOT_RUNNING.`,
  options: [
    {
      flags: '-n, --number <count>',
      help: 'only so many blocks: the last, or the first with --from',
      parse: integer(1, 1e9),
    },
    { flags: '--from <height>', help: 'begin with this block', parse: HEIGHT },
    { flags: '--to <height>', help: 'end with this block', parse: HEIGHT },
    { flags: '-f, --follow', help: 'go on with each new block' },
    { flags: '-r, --readings', help: 'a line for each reading instead of each block' },
    { flags: '--json', help: 'one JSON object a line' },
  ],
  examples: [
    ['pulseledger log', 'every block'],
    ['pulseledger log -n 5', 'the last five'],
    ['pulseledger log --from 100 --to 199 --readings', 'readings of 100 blocks'],
    ['pulseledger log -f --json | your-program', 'each new block, for a program'],
  ],
  run,
}

interface Wanted {
  readonly number?: number
  readonly from?: number
  readonly to?: number
  readonly follow?: boolean
  readonly readings?: boolean
}

async function run({ io, config, options, json }: Call): Promise<void> {
  const wanted: Wanted = options
  if (wanted.follow && wanted.to !== undefined) {
    throw new NodeFailure('USAGE_INVALID', '--follow has no end, so --to does not go with it')
  }
  const access = await openAccess({
    directory: config.values.dataDir,
    crypto: await loadCrypto(),
    clock: io.clock,
  })
  const output = new Output(io.stdout)
  try {
    const document = await access.document()
    const palette = hasColours(io.stdout, io.environment) ? COLOURED : PLAIN
    const format = json ? jsonLines : textLines
    const placeAt = await places(access, wanted)
    for await (const item of await itemsOf(access, wanted)) {
      for (const line of format(item, { document, palette, readings: wanted.readings === true, placeAt })) {
        await output.line(line)
      }
      if (wanted.follow) await output.flush()
    }
  } finally {
    await access.close()
    await output.flush()
  }
}

async function itemsOf(access: LedgerAccess, wanted: Wanted): Promise<AsyncIterable<Followed>> {
  const { head } = await access.status()
  const { number, to = head.height } = wanted
  if (wanted.follow) {
    const count = number ?? FOLLOW_BLOCKS
    return access.follow(wanted.from ?? Math.max(0, head.height + 1 - count))
  }
  const from = wanted.from ?? (number === undefined ? 0 : Math.max(0, Math.min(to, head.height) + 1 - number))
  const last = wanted.from === undefined || number === undefined ? to : Math.min(to, from + number - 1)
  return blocksOf(access, from, last)
}

async function* blocksOf(access: LedgerAccess, from: number, to: number): AsyncGenerator<Followed, void> {
  for await (const block of access.blocks(from, to)) yield { kind: 'block', block }
}

/** How deep a block of a height is. Not while following: it would be wrong with the next block. */
async function places(access: LedgerAccess, wanted: Wanted): Promise<Format['placeAt']> {
  if (wanted.follow) return () => undefined
  const status = await access.status()
  return (height) => (height > status.head.height ? undefined : placeOf(height, status))
}

interface Format {
  readonly document: GenesisDocument
  readonly palette: Palette
  readonly readings: boolean
  readonly placeAt: (height: number) => Place | undefined
}

function* textLines(item: Followed, { document, palette, readings, placeAt }: Format): Generator<string> {
  if (item.kind === 'rewound') {
    yield palette.warning(`#${item.height} and what is above it left the chain; what replaces them follows`)
  } else if (readings) {
    const view = blockView(item.block, document)
    for (const reading of view.readings) {
      const line = `${palette.strong(`#${view.height}`.padEnd(6))}  ${readingLine(reading, palette)}`
      yield line + mark(placeAt(view.height), palette)
    }
  } else {
    const view = blockView(item.block, document, NODE_LIMITS.summaryReadingsMax)
    yield blockLine(view, palette) + mark(placeAt(view.height), palette)
  }
}

function mark(place: Place | undefined, palette: Palette): string {
  return place === undefined ? '' : `  ${palette.dim(placeMark(place))}`
}

function* jsonLines(item: Followed, { document, readings, placeAt }: Format): Generator<string> {
  if (item.kind === 'rewound') {
    yield JSON.stringify({ event: 'rewound', height: item.height })
  } else if (readings) {
    const view = blockView(item.block, document)
    for (const index of view.readings.keys()) yield readingEvent(view, index, placeAt(view.height))
  } else {
    yield blockEvent(item.block, document, placeAt(item.block.header.height))
  }
}

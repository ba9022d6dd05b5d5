/**
 * Blocks as lines for people: the first terminal, `chain`, `show` and `log`.
 *
 *   #0   2026-11-22 11:16:30Z  genesis               88e0a1b2
 *   #1   2026-11-22 11:16:33Z  72 BPM                3f9a1c2e  <- 88e0a1b2
 *   #2   2026-11-22 11:16:40Z  2 readings: 80, 81 BPM  ...
 *
 * Printable ASCII and the escape sequences of the palette, nothing else: what strangers wrote is escaped.
 * Colours are put on after a column was padded, so they do not move it.
 */
import {
  ENGINES,
  type EngineParameters,
  ERRORS,
  type Fact,
  type Failure,
  type GenesisDocument,
  type Hash,
  toHex,
} from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { BlockView, ReadingView } from './block-view.ts'
import { type Palette, PLAIN } from './palette.ts'
import { printable } from './printable.ts'
import { millisecondsTime, plainTime } from './time.ts'

/** Characters of the columns whose width varies. */
interface Columns {
  readonly height: number
  readonly summary: number
}

/** For lines that come one by one: heights up to 99,999 and a subject fit. */
const STREAM_COLUMNS: Columns = { height: 6, summary: 20 }

const SUMMARY_COLUMNS_MAX = 40
const NAME_CHARACTERS_MAX = 32

/** The first 8 hexadecimal characters. */
export function shortHash(hash: Hash): string {
  return toHex(hash.subarray(0, 4))
}

/** One block on one line, without its newline. `view` may hold only the first readings of the block. */
export function blockLine(view: BlockView, palette: Palette = PLAIN, columns = STREAM_COLUMNS): string {
  const parts = [
    palette.strong(`#${view.height}`.padEnd(columns.height)),
    palette.dim(plainTime(view.time)),
    palette.value(summary(view).padEnd(columns.summary)),
    palette.hash(shortHash(view.hash)),
  ]
  if (view.parent !== null) parts.push(palette.dim(`<- ${shortHash(view.parent)}`))
  if (view.facts.length > 0) parts.push(palette.dim(shortFacts(view.facts)))
  return parts.join('  ')
}

/** The same for a list of blocks, with the columns as wide as this list needs them. */
export function blockLines(views: readonly BlockView[], palette: Palette = PLAIN): string[] {
  let height = 0
  let widest = 0
  for (const view of views) {
    height = Math.max(height, `#${view.height}`.length)
    widest = Math.max(widest, summary(view).length)
  }
  const columns = { height, summary: Math.min(widest, SUMMARY_COLUMNS_MAX) }
  return views.map((view) => blockLine(view, palette, columns))
}

/** Where a block stands on the chain. */
export interface Place {
  /** Blocks on top of it; 0 of the head. */
  readonly depth: number
  readonly isFinal: boolean
}

/** Of a canonical block. */
export function placeOf(
  height: number,
  { head, finalHeight }: { readonly head: { readonly height: number }; readonly finalHeight: number },
): Place {
  return { depth: head.height - height, isFinal: height <= finalHeight }
}

/** `final, 120 blocks deep`, `included, 1 block deep`. */
export function placeText({ depth, isFinal }: Place): string {
  return `${isFinal ? 'final' : 'included'}, ${depth} ${depth === 1 ? 'block' : 'blocks'} deep`
}

/** The same where there is little room: `final`, `1 deep`. */
export function placeMark({ depth, isFinal }: Place): string {
  return isFinal ? 'final' : `${depth} deep`
}

export interface DetailOptions {
  readonly readingsMax?: number
  /** Absent: it is not known, or the block is not on the chain. */
  readonly place?: Place | undefined
}

/** Everything about a block but no more than `readingsMax` of its readings. */
export function blockDetail(
  view: BlockView,
  palette: Palette = PLAIN,
  { readingsMax = NODE_LIMITS.showReadingsMax, place }: DetailOptions = {},
): string[] {
  const { parent, readings, readingCount } = view
  const listed = readings.slice(0, readingsMax)
  const more = readingCount - listed.length
  return [
    `${palette.strong(`block #${view.height}`)}  ${palette.hash(toHex(view.hash))}`,
    field('parent', parent === null ? 'none: this is genesis' : palette.dim(toHex(parent)), palette),
    field('time', millisecondsTime(view.time), palette),
    ...(parent === null ? [] : [field('producer', toHex(view.producer), palette)]),
    ...(view.facts.length > 0 ? [field('seal', factsText(view.facts), palette)] : []),
    ...(place === undefined ? [] : [field('state', placeText(place), palette)]),
    field('log size', String(view.size), palette),
    field('readings', String(readingCount), palette),
    ...listed.map((reading) => `    ${readingLine(reading, palette)}`),
    ...(more > 0 ? [`    ... and ${more} more`] : []),
  ]
}

/**
 * One reading with what is beside it: `72 BPM  ward-2  2026-11-22 11:16:33Z  entry 5d0c77aa by 9a1b2c3d/4`.
 */
export function readingLine(reading: ReadingView, palette: Palette = PLAIN): string {
  const parts = [palette.value(readingText(reading))]
  if (reading.kind === 'present') {
    if (reading.device !== undefined) parts.push(`device ${printable(reading.device)}`)
    if (reading.note !== undefined) parts.push(`note ${printable(reading.note)}`)
    if (reading.file !== undefined) parts.push('with a file')
    parts.push(palette.dim(plainTime(reading.time)))
  }
  const author = `${shortHash(reading.author)}/${reading.sequence}`
  parts.push(palette.dim(`entry ${shortHash(reading.entryId)} by ${author}`))
  return parts.join('  ')
}

/** What a ledger was begun with, as the first terminal shows it. */
export function genesisLines(document: GenesisDocument, view: BlockView, palette: Palette = PLAIN): string[] {
  const { engine, measures } = document
  return [
    `${palette.strong('genesis #0')}  ${palette.hash(toHex(view.hash))}`,
    field('name', printable(document.name), palette),
    field('time', millisecondsTime(document.time), palette),
    field('engine', engineText(engine), palette),
    ...measures.map(({ name, label, minimum, maximum, unit }) => {
      const range = `${minimum}..${maximum} ${printable(unit)}`
      return field('measure', `${printable(name)}: ${printable(label)} ${range}`, palette)
    }),
  ]
}

/** `longest-chain, final after 2000 blocks`. */
export function engineText(engine: EngineParameters): string {
  const described = ENGINES[engine.name]?.describe(engine)
  return `${printable(engine.name)}${described === undefined ? '' : `, ${described}`}`
}

/** Something that an operator must look at, and what to do about it. */
export function alarmLine({ code, message }: Failure, palette: Palette = PLAIN): string {
  return palette.warning(`alarm ${code}: ${printable(message, 1_024)}. ${ERRORS[code].remedy}`)
}

/** `72 BPM`, `80 BPM ward-2`, `erased`. */
function readingText(reading: ReadingView): string {
  if (reading.kind !== 'present') return reading.kind
  const { value, label, subject } = reading
  const whose = subject === undefined ? '' : ` ${printable(subject, NAME_CHARACTERS_MAX)}`
  return `${value} ${printable(label, NAME_CHARACTERS_MAX)}${whose}`
}

/** `difficulty 50000000, nonce 4711, work 0000054a4660a0e4...`. */
function factsText(facts: readonly Fact[]): string {
  return facts.map(({ name, value }) => `${name} ${value}`).join(', ')
}

/** The same where there is little room: of hashes the beginning, as everywhere. */
function shortFacts(facts: readonly Fact[]): string {
  return factsText(
    facts.map(({ name, value }) => ({ name, value: value.length > 40 ? value.slice(0, 8) : value })),
  )
}

function summary({ height, readings, readingCount }: BlockView): string {
  if (height === 0) return 'genesis'
  if (readingCount === 0) return 'no readings'
  const first = readings.slice(0, NODE_LIMITS.summaryReadingsMax).map(readingText).join(', ')
  if (readingCount === 1) return first
  const more = readingCount > NODE_LIMITS.summaryReadingsMax ? ', ...' : ''
  return `${readingCount} readings: ${first}${more}`
}

export function field(name: string, value: string, palette: Palette): string {
  return `  ${palette.dim(name.padEnd(9))} ${value}`
}

import { ERRORS, type Hash, toHex } from '@pulseledger/core'
import type { EntryState } from '../ports.ts'
import type { ReadingView } from './block-view.ts'
import { type Palette, PLAIN } from './palette.ts'
import { printable } from './printable.ts'
import { field, placeText, readingLine } from './text.ts'

/**
 * What became of one entry, for people:
 *
 *   entry 5d0c77aa...
 *     state     included, 3 blocks deep
 *     block     #12 3f9a1c2e...
 *     index     11
 *     reading   72 BPM  2026-11-22 11:16:33Z  entry 5d0c77aa by 9a1b2c3d/4
 */
export function entryLines(
  id: Hash,
  state: EntryState,
  reading: ReadingView | undefined,
  palette: Palette = PLAIN,
): string[] {
  const lines = [
    `${palette.strong('entry')} ${palette.hash(toHex(id))}`,
    field('state', stateText(state), palette),
  ]
  if (state.kind !== 'included' && state.kind !== 'final') return lines
  const { height, blockHash, index } = state.receipt
  lines.push(field('block', `#${height} ${palette.hash(toHex(blockHash))}`, palette))
  lines.push(field('index', String(index), palette))
  if (reading) lines.push(field('reading', readingLine(reading, palette), palette))
  return lines
}

/** `pending: it waits for a block`, `rejected: <reason>. <remedy> [<code>]`. */
function stateText(state: EntryState): string {
  switch (state.kind) {
    case 'pending':
      return 'pending: it waits for a block'
    case 'included':
    case 'final':
      return placeText({ depth: state.depth, isFinal: state.kind === 'final' })
    case 'rejected': {
      const { code, message } = state.error
      return `rejected: ${printable(message, 1_024)}. ${ERRORS[code].remedy} [${code}]`
    }
    case 'unknown':
      return 'unknown: it is not on the chain and does not wait here'
  }
}

/**
 * Every sentence that a terminal is told: printable ASCII, ended by a newline. A refusal is one line that
 * says what was wrong, with which value, and what to do.
 */
import { ERRORS, type Failure, type Measure } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { Receipt, Status } from '../ports.ts'
import { searchText } from '../views/mining-text.ts'
import { progressText } from '../views/peer-text.ts'
import { printable } from '../views/printable.ts'
import { shortHash } from '../views/text.ts'
import type { LineFault } from './line-splitter.ts'

const LABEL_CHARACTERS_MAX = 32

const FAULTS: Record<LineFault, string> = {
  'utf-8': 'invalid UTF-8',
  nul: 'a NUL byte',
  telnet: 'a broken telnet command',
}

export const GOODBYE = 'Goodbye.\n'
export const STOPPING = 'The node is stopping: what was confirmed is stored. Goodbye.\n'
export const VERIFYING = 'Verifying: every block is read and recomputed ...\n'
/**
 * A web page can make a browser send lines of its choice to any port; it cannot leave out the request line.
 */
export const NOT_HTTP = 'This port takes lines typed into nc or telnet, not HTTP: nothing was stored.\n'
export const UNCONFIRMED =
  'The node failed before this was confirmed: look for it with "chain" once the node is up.\n'
export const TOO_LONG = `That line has more than ${NODE_LIMITS.lineBytesMax} bytes: connect again.\n`
const LINE_SECONDS = NODE_LIMITS.lineTimeoutMs / 1_000
export const TOO_SLOW = `A line that was begun must end within ${LINE_SECONDS} s: connect again.\n`

/** `Enter a new BPM:`, without a newline. */
export function promptOf(measure: Measure): string {
  return `Enter a new ${labelOf(measure)}:`
}

/** `#12 72 BPM stored in block 3f9a1c2e`. */
export function storedLine({ height, blockHash }: Receipt, value: number, measure: Measure): string {
  return `#${height} ${value} ${labelOf(measure)} stored in block ${shortHash(blockHash)}\n`
}

/** The node stops while the block of this reading is searched for. */
export function unminedLine(value: number, measure: Measure): string {
  return `${value} ${labelOf(measure)} is in no block yet: look for it with "chain" once the node is up\n`
}

/** `72 BPM moved to block #13 3f9a1c2e`: the block it was stored in lost to another one. */
export function movedLine({ height, blockHash }: Receipt, value: number, measure: Measure): string {
  return `${value} ${labelOf(measure)} moved to block #${height} ${shortHash(blockHash)}\n`
}

/** What the node says of why readings may wait. */
export type Waiting = Pick<Status, 'network' | 'mining'>

/** Why a reading is not answered yet. It is not lost, so nobody should type it again. */
export function waitingLine({ network, mining }: Waiting): string {
  if (mining?.search) return `mining ${searchText(mining, mining.search)}\n`
  if (network?.sync.kind === 'catching-up') return `${progressText(network.sync)}: your reading waits\n`
  if (network !== undefined && !network.mayProduce && network.peerCount === 0) {
    return 'no node that may make blocks is connected: your reading waits\n'
  }
  if (network === undefined && mining?.threads === 0) return 'this node does not mine: your reading waits\n'
  return 'no block has taken it yet: your reading waits\n'
}

/** Why `typed` was not stored. What the ledger and not the typing is to blame for has its code. */
export function refusedLine({ code, message }: Failure, typed: string, measure: Measure): string {
  const echo = printable(typed, NODE_LIMITS.echoCharactersMax)
  const { minimum, maximum, decimals } = measure
  switch (code) {
    case 'READING_NOT_A_NUMBER':
      return `"${echo}" is not a number: type digits only, such as ${exampleOf(measure)}, or help\n`
    case 'READING_OUT_OF_RANGE':
      return `${echo} ${labelOf(measure)} is out of range: type a number from ${minimum} to ${maximum}\n`
    case 'READING_TOO_PRECISE':
      return `${echo} has too many decimals: ${labelOf(measure)} takes ${decimalsText(decimals)}\n`
    case 'NODE_STOPPING':
      // It may have been stored before the node failed: nobody knows until the ledger is read again.
      return `${echo}: ${printable(message)}. ${ERRORS[code].remedy} [${code}]\n`
    default:
      return `${echo} was not stored: ${printable(message)}. ${ERRORS[code].remedy} [${code}]\n`
  }
}

/** `count` is how many such lines there were, this one included. */
export function badLine(fault: LineFault, count: number): string {
  const { badLinesMax } = NODE_LIMITS
  const what = `That line is not text (${FAULTS[fault]})`
  if (count >= badLinesMax) return `${what}, like ${badLinesMax - 1} before it: connect again.\n`
  return `${what}: type digits only; after ${badLinesMax} such lines the connection is closed\n`
}

/** The input ended within a line: what is there may be the beginning of another number. */
export function unfinishedLine(typed: string): string {
  const echo = printable(typed, NODE_LIMITS.echoCharactersMax)
  return `"${echo}" was not stored: the connection ended before the line did\n`
}

export function helpText(measure: Measure): string {
  const { minimum, maximum } = measure
  const { chainBlocksDefault, chainBlocksMax } = NODE_LIMITS
  const readings = `${labelOf(measure)} from ${minimum} to ${maximum}, such as ${exampleOf(measure)}`
  return `\
  <number>       store a reading: ${readings}
  chain [n]      list the latest n blocks: ${chainBlocksDefault} when not given, at most ${chainBlocksMax}
  show <height>  show one block with its readings
  show <id>      show a block or a reading by the first 8 digits of its hash or id
  status         show the ledger, its head and this node
  peers          list the nodes that are connected
  verify         recompute every hash, signature and link
  quit           close this connection
`
}

/** A number that would be accepted: 72 where it can be, else one from the middle. */
function exampleOf({ minimum, maximum, decimals }: Measure): number {
  return minimum <= 72 && 72 <= maximum ? 72 : Number(((minimum + maximum) / 2).toFixed(decimals))
}

function decimalsText(decimals: number): string {
  if (decimals === 0) return 'whole numbers only'
  return decimals === 1 ? 'one decimal at most' : `${decimals} decimals at most`
}

function labelOf({ label }: Measure): string {
  return printable(label, LABEL_CHARACTERS_MAX)
}

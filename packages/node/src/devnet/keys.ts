/**
 * Bytes of a keyboard in raw mode as keys, and keys as what they mean. Typed digits collect; what ends them
 * decides: Enter sends them to the selected node as a reading, Tab selects the node of that number.
 */
import type { DevnetCommand } from './commands.ts'
import type { NodeNumber } from './events.ts'

export interface InputState {
  readonly selected: NodeNumber
  /** Digits so far. */
  readonly typed: string
}

export interface Pressed {
  readonly input: InputState
  readonly command?: DevnetCommand
}

/** Within 80 columns. */
export const KEY_HELP = '72 Enter type  Tab next  p cut i isolate h heal k kill r start w wipe q quit'

/** A reading needs 3; what is longer is refused by the node, which is worth seeing too. */
const TYPED_MAX = 12

const ESCAPE = '\x1b'
/** What follows the escape: CSI and SS3 of ECMA-48, or one character. */
const SEQUENCE = /^(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z]|.)?/s

/** Escape sequences stay whole; what they mean is not looked at. */
export function splitKeys(text: string): string[] {
  const keys: string[] = []
  for (let rest = text; rest !== ''; ) {
    const key = rest.startsWith(ESCAPE)
      ? ESCAPE + (SEQUENCE.exec(rest.slice(1))?.[0] ?? '')
      : String.fromCodePoint(rest.codePointAt(0) as number)
    keys.push(key)
    rest = rest.slice(key.length)
  }
  return keys
}

export function press(key: string, input: InputState, nodeCount: number): Pressed {
  const { selected, typed } = input
  switch (key) {
    case '\r':
    case '\n':
      if (typed === '') return { input }
      return { input: { selected, typed: '' }, command: { kind: 'type', node: selected, text: typed } }
    case '\x7f':
    case '\b':
      return { input: { selected, typed: typed.slice(0, -1) } }
    case '\x1b':
      return { input: { selected, typed: '' } }
    case '\t':
      return { input: typed === '' ? moved(input, 1, nodeCount) : chosen(input, nodeCount) }
    case '\x1b[B':
    case '\x1b[C':
      return { input: moved(input, 1, nodeCount) }
    case '\x1b[A':
    case '\x1b[D':
    case '\x1b[Z':
      return { input: moved(input, -1, nodeCount) }
    default: {
      if (/^[0-9.-]$/.test(key)) return { input: { selected, typed: (typed + key).slice(0, TYPED_MAX) } }
      const command = commandOf(key, selected, nodeCount)
      return command ? { input, command } : { input }
    }
  }
}

function commandOf(key: string, selected: NodeNumber, nodeCount: number): DevnetCommand | undefined {
  switch (key) {
    case 'p':
      return { kind: 'split', groups: halves(nodeCount) }
    case 'i':
      return { kind: 'isolate', node: selected }
    case 'h':
      return { kind: 'heal' }
    case 'k':
      return { kind: 'kill', node: selected }
    case 'r':
      return { kind: 'restart', node: selected }
    case 'w':
      return { kind: 'wipe', node: selected }
    case 'q':
    // Ctrl-C and Ctrl-D: in raw mode they are keys like others.
    case '\x03':
    case '\x04':
      return { kind: 'quit' }
    default:
      return undefined
  }
}

function halves(nodeCount: number): NodeNumber[][] {
  const nodes = Array.from({ length: nodeCount }, (_, index) => index + 1)
  const half = Math.ceil(nodeCount / 2)
  return [nodes.slice(0, half), nodes.slice(half)]
}

function moved({ selected, typed }: InputState, by: number, nodeCount: number): InputState {
  return { typed, selected: ((selected - 1 + by + nodeCount) % nodeCount) + 1 }
}

/** A number that is no node leaves the selection as it is. */
function chosen({ selected, typed }: InputState, nodeCount: number): InputState {
  const node = Number(typed)
  const isNode = Number.isInteger(node) && node >= 1 && node <= nodeCount
  return { selected: isNode ? node : selected, typed: '' }
}

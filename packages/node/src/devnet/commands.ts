/**
 * What can be done to a devnet, in words: the lines that `devnet --plain` reads.
 *
 *     type 2 72          split 1,2 3,4        kill 3          wait synced
 */
import { printable } from '../views/printable.ts'
import type { NodeNumber } from './events.ts'

export type DevnetCommand =
  | { readonly kind: 'type'; readonly node: NodeNumber; readonly text: string }
  | { readonly kind: 'split'; readonly groups: readonly (readonly NodeNumber[])[] }
  | { readonly kind: 'isolate' | 'kill' | 'stop' | 'restart' | 'wipe'; readonly node: NodeNumber }
  /** Nothing of `from` reaches `to`. */
  | { readonly kind: 'mute'; readonly from: NodeNumber; readonly to: NodeNumber }
  | { readonly kind: 'heal' | 'status' | 'help' | 'quit' }
  | { readonly kind: 'wait'; readonly what: WaitedFor; readonly seconds: number }

export type WaitedFor = 'up' | 'joined' | 'answered' | 'synced'

export type ParsedCommand =
  | { readonly ok: true; readonly command: DevnetCommand | undefined }
  | { readonly ok: false; readonly problem: string }

const WAIT_SECONDS_DEFAULT = 60
const WAIT_SECONDS_MAX = 86_400

const WAITED_FOR: readonly WaitedFor[] = ['up', 'joined', 'answered', 'synced']

export const COMMAND_HELP: readonly string[] = [
  'type <node> <line>       type a line into its terminal, such as: type 2 72',
  'split <nodes> <nodes>..  cut the network into groups, such as: split 1,2 3,4',
  'isolate <node>           cut one node off',
  'mute <node> <node>       the second hears nothing of the first',
  'heal                     make the network whole again',
  'kill <node>              end its process at once (SIGKILL)',
  'stop <node>              end it in good order',
  'restart <node>           start it again, also when it runs',
  'wipe <node>              kill it, delete its directory, start it empty',
  'status                   say how each node is',
  'wait <what> [seconds]    for one of these, at most so long (60):',
  '    up                   nodes that were started serve',
  '    joined               they are connected, all that can reach one another',
  '    answered             every typed line is',
  '    synced               all nodes have one head, and nothing waits for a block',
  'quit                     stop all nodes',
]

/** No command when the line is empty or a comment. */
export function parseCommand(line: string, nodeCount: number): ParsedCommand {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return { ok: true, command: undefined }
  const [name = '', ...words] = text.split(/\s+/)
  try {
    return { ok: true, command: commandOf(name, words, nodeCount) }
  } catch (error) {
    if (error instanceof Mistake) return { ok: false, problem: error.message }
    throw error
  }
}

class Mistake extends Error {}

function commandOf(name: string, words: readonly string[], nodeCount: number): DevnetCommand {
  const [first = '', second = ''] = words
  switch (name) {
    case 'type':
      if (words.length < 2) throw new Mistake('type takes a node and a line, such as: type 2 72')
      return { kind: 'type', node: nodeOf(first, nodeCount), text: words.slice(1).join(' ') }
    case 'split':
      return { kind: 'split', groups: groupsOf(words, nodeCount) }
    case 'mute': {
      expectWords(name, words, 2, 'two nodes')
      const [from, to] = [nodeOf(first, nodeCount), nodeOf(second, nodeCount)]
      if (from === to) throw new Mistake('mute takes two different nodes')
      return { kind: 'mute', from, to }
    }
    case 'isolate':
    case 'kill':
    case 'stop':
    case 'restart':
    case 'wipe':
      expectWords(name, words, 1, 'a node')
      return { kind: name, node: nodeOf(first, nodeCount) }
    case 'heal':
    case 'status':
    case 'help':
    case 'quit':
      expectWords(name, words, 0, 'nothing')
      return { kind: name }
    case 'wait':
      return waitOf(words)
    default:
      throw new Mistake(`'${printable(name, 32)}' is not a command: type help`)
  }
}

function expectWords(name: string, words: readonly string[], count: number, what: string): void {
  if (words.length !== count) throw new Mistake(`${name} takes ${what}: type help`)
}

function nodeOf(word: string, nodeCount: number): NodeNumber {
  const node = /^\d{1,3}$/.test(word) ? Number(word) : 0
  if (node >= 1 && node <= nodeCount) return node
  throw new Mistake(`'${printable(word, 32)}' is not a node from 1 to ${nodeCount}`)
}

function groupsOf(words: readonly string[], nodeCount: number): NodeNumber[][] {
  if (words.length === 0) throw new Mistake('split takes groups of nodes, such as: split 1,2 3,4')
  const groups = words.map((word) => word.split(',').map((node) => nodeOf(node, nodeCount)))
  const nodes = groups.flat()
  if (new Set(nodes).size < nodes.length) throw new Mistake('a node can be in one group only')
  return groups
}

function waitOf(words: readonly string[]): DevnetCommand {
  const [first, second = String(WAIT_SECONDS_DEFAULT)] = words
  const what = WAITED_FOR.find((name) => name === first)
  if (what === undefined || words.length > 2) throw new Mistake(`wait takes ${WAITED_FOR.join(', ')}`)
  const seconds = /^\d{1,5}$/.test(second) ? Number(second) : 0
  if (seconds < 1 || seconds > WAIT_SECONDS_MAX) {
    throw new Mistake(`wait takes seconds from 1 to ${WAIT_SECONDS_MAX}`)
  }
  return { kind: 'wait', what, seconds }
}

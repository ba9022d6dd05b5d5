import { checkReading, type GenesisDocument, type Measure, parseNumber, type Result } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import { printable } from '../views/printable.ts'

/** What a line asks of the node, beyond storing a reading. */
export type Query =
  | { readonly kind: 'status' }
  | { readonly kind: 'chain'; readonly count: number }
  | { readonly kind: 'show'; readonly height: number }
  /** A block or an entry, by the first digits of its hash or id: lower-case hexadecimal, 8 to 64. */
  | { readonly kind: 'find'; readonly digits: string }
  | { readonly kind: 'peers' }
  | { readonly kind: 'verify' }

export type Command =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'query'; readonly query: Query }
  /** The first line of an HTTP request. */
  | { readonly kind: 'http' }
  /** A command with something wrong after it: what to tell. */
  | { readonly kind: 'wrong'; readonly message: string }
  /** Not a command, so meant as a reading. */
  | { readonly kind: 'reading'; readonly text: string }

const BLANKS = /[ \t]+/
// More digits than any height has: a double still holds them exactly.
const COUNT = /^[0-9]{1,15}$/

/** What is shown of a hash, or more of it. */
const ID = /^[0-9a-f]{8,64}$/

/** RFC 9112 section 3: a method, a target and a version. */
const HTTP_REQUEST = /^[A-Z]+ \S+ HTTP\/[0-9]/

/** A line without its end. Blanks are spaces and tabs; case makes no difference. */
export function parseCommand(line: string): Command {
  const words = line.split(BLANKS).filter((word) => word !== '')
  const [first, ...rest] = words
  if (first === undefined) return { kind: 'nothing' }
  const name = first.toLowerCase()
  switch (name) {
    case 'help':
    case '?':
      return alone(name, rest, { kind: 'help' })
    case 'quit':
    case 'exit':
      return alone(name, rest, { kind: 'quit' })
    case 'status':
    case 'verify':
    case 'peers':
      return alone(name, rest, { kind: 'query', query: { kind: name } })
    case 'chain':
      return chain(rest)
    case 'show':
      return show(rest)
    default:
      if (HTTP_REQUEST.test(line)) return { kind: 'http' }
      return { kind: 'reading', text: words.join(' ') }
  }
}

function alone(name: string, rest: readonly string[], command: Command): Command {
  if (rest.length === 0) return command
  return wrong(`"${name}" takes nothing after it, not ${quoted(rest)}: type ${name} alone`)
}

function chain(rest: readonly string[]): Command {
  if (rest.length === 0)
    return { kind: 'query', query: { kind: 'chain', count: NODE_LIMITS.chainBlocksDefault } }
  const count = numberOf(rest)
  const { chainBlocksMax } = NODE_LIMITS
  if (count === undefined || count === 0) {
    return wrong(
      `"chain" takes a count of 1 to ${chainBlocksMax}, not ${quoted(rest)}: type chain 20, for example`,
    )
  }
  // The answer says how many there are in all, so asking for more than it lists is no mistake.
  return { kind: 'query', query: { kind: 'chain', count: Math.min(count, chainBlocksMax) } }
}

function show(rest: readonly string[]): Command {
  const height = numberOf(rest)
  if (height !== undefined) return { kind: 'query', query: { kind: 'show', height } }
  const digits = rest.length === 1 ? rest[0]?.toLowerCase() : undefined
  if (digits !== undefined && ID.test(digits)) return { kind: 'query', query: { kind: 'find', digits } }
  const got = rest.length === 0 ? '' : `, not ${quoted(rest)}`
  return wrong(`"show" takes the height of a block or the digits of an id${got}: type show 0, for example`)
}

function numberOf(rest: readonly string[]): number | undefined {
  const [word] = rest
  return rest.length === 1 && word !== undefined && COUNT.test(word) ? Number(word) : undefined
}

function quoted(rest: readonly string[]): string {
  return `"${printable(rest.join(' '), NODE_LIMITS.echoCharactersMax)}"`
}

function wrong(message: string): Command {
  return { kind: 'wrong', message }
}

/** The number, when the ledger allows it. */
export function checkTyped(typed: string, document: GenesisDocument, measure: Measure): Result<number> {
  const parsed = parseNumber(typed)
  if (!parsed.ok) return parsed
  const checked = checkReading(document, measure.name, parsed.value)
  return checked.ok ? parsed : checked
}

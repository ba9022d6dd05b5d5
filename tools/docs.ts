/**
 * Writes the documents that are tables of the code: `npm run docs`, after an error or a limit changed.
 *
 * docs/ERRORS.md is the table of packages/core/src/errors.ts. docs/LIMITS.md holds the limits of core and
 * node, each with the reason that stands above it in the source. tools/test/docs.test.ts fails when a
 * document is not what this would write.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ERRORS, type ErrorRow, EXIT } from '../packages/core/src/errors.ts'
import { LIMITS } from '../packages/core/src/limits.ts'
import { NODE_LIMITS } from '../packages/node/src/limits.ts'

const CORE_LIMITS_PATH = 'packages/core/src/limits.ts'
const NODE_LIMITS_PATH = 'packages/node/src/limits.ts'

/** Every generated document by its path in the repository. */
export function documents(root: string): Readonly<Record<string, string>> {
  const reasons = (path: string) => readReasons(readFileSync(join(root, path), 'utf8'))
  return {
    'docs/ERRORS.md': errorsDocument(),
    'docs/LIMITS.md': limitsDocument(reasons(CORE_LIMITS_PATH), reasons(NODE_LIMITS_PATH)),
  }
}

function errorsDocument(): string {
  const rows = Object.entries<ErrorRow>(ERRORS).map(([code, { meaning, remedy, http, exit }]) => [
    `\`${code}\``,
    meaning,
    remedy,
    String(http),
    exit === undefined ? '' : String(exit),
  ])
  const exits = [
    ['0', 'nothing: it did what it was asked'],
    ['1', 'a fault that nobody foresaw'],
    ...Object.entries(EXIT).map(([name, code]) => [String(code), spaced(name)]),
  ]
  return `# Errors

Everything that can go wrong has a code, which is what a program should look at: messages may be worded better
in the next version, codes stay. A message says what was wrong with which value; this table says what it means
and what to do. HTTP is the status that an API answers with. Exit is the code that a command ends with when
this is what ended it.

This file is written by \`npm run docs\` from [the error table](../packages/core/src/errors.ts).
Change it there.

${table(['Code', 'Meaning', 'What to do', 'HTTP', 'Exit'], rows)}

## Exit codes

${table(['Exit', 'The command was ended by'], exits)}
`
}

function limitsDocument(core: Reasons, node: Reasons): string {
  return `# Limits

Nothing that comes from outside is held in memory, decoded or written without a bound. Names end with their
unit: bytes, ms for milliseconds, or what is counted. Bounds that a group chooses for itself are in its
genesis document ([spec/genesis.md](spec/genesis.md)).

This file is written by \`npm run docs\` from the sources linked below. Change it there.

## Of every ledger

The same for all nodes, since they decide what is valid or what a node of any ledger keeps in memory
([limits.ts](../${CORE_LIMITS_PATH})).

${limitsTable(LIMITS, core)}

## Of a node

A node's own, which others do not see ([limits.ts](../${NODE_LIMITS_PATH})).

${limitsTable(NODE_LIMITS, node)}
`
}

function limitsTable(limits: Readonly<Record<string, number>>, reasons: Reasons): string {
  const rows = Object.entries(limits).map(([name, value]) => {
    const reason = reasons.get(name)
    if (reason === undefined) throw new Error(`the limit ${name} has no reason above it`)
    return [`\`${name}\``, grouped(value), reason]
  })
  return table(['Limit', 'Value', 'What and why'], rows)
}

/** The sentence above each name; names that share one have the same. */
type Reasons = ReadonlyMap<string, string>

function readReasons(source: string): Reasons {
  const reasons = new Map<string, string>()
  const body = source.slice(source.indexOf('= {'))
  let reason: string | undefined
  for (const [, comment, name] of body.matchAll(/\/\*\*(.*?)\*\/|^ {2}(\w+):/gms)) {
    if (comment !== undefined) reason = comment.replace(/\s*\n\s*\* ?/g, ' ').trim()
    else if (name !== undefined && reason !== undefined) reasons.set(name, reason)
  }
  return reasons
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** 1048576 as 1,048,576. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** portTaken as "port taken". */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function main(): void {
  const root = resolve(import.meta.dirname, '..')
  for (const [path, text] of Object.entries(documents(root))) {
    writeFileSync(join(root, path), text)
    console.log(`wrote ${path}`)
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main()

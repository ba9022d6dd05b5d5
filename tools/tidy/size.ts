import { parseSync } from 'oxc-parser'
import { isCode, isTest, type SourceFile } from './files.ts'

/** Fits two windows side by side on a laptop. */
const LINE_COLUMNS_MAX = 110
/** A function that fits a screen can be checked by reading it once. */
const FUNCTION_LINES_MAX = 70
const FILE_LINES_MAX = 400
/** Tests are lists of independent claims, so they may be longer. */
const TEST_FILE_LINES_MAX = 600

/** What is longer than its limit, by `path` or `path#function`: its lines. The numbers may only fall. */
export type Allowed = Readonly<Record<string, number>>

interface Length {
  readonly key: string
  readonly line: number
  readonly lines: number
  readonly max: number
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/** Markdown prose is wrapped; tables, quoted terminals and lines that hold a link cannot always be. */
export function checkWidth(file: SourceFile): string[] {
  if (!isCode(file.path) && !/\.md$/.test(file.path)) return []
  let fenced = false
  return file.lines.flatMap((line, index) => {
    if (file.path.endsWith('.md')) {
      if (/^\s*(?:```|~~~)/.test(line)) fenced = !fenced
      if (fenced || /^\s*\||\]\(|https?:/.test(line)) return []
    }
    const columns = [...line].length
    if (columns <= LINE_COLUMNS_MAX) return []
    return [`${file.path}:${index + 1}: ${columns} columns, at most ${LINE_COLUMNS_MAX}`]
  })
}

/** Files and functions over their limit, held against the list of what was allowed to stay. */
export function checkLength(files: readonly SourceFile[], allowed: Allowed): string[] {
  const lengths = files.filter(({ path }) => isCode(path)).flatMap((file) => lengthsOf(file))
  const over = lengths.filter(({ lines, max }) => lines > max)
  const problems = over.flatMap(({ key, line, lines, max }) => {
    const ceiling = allowed[key]
    const where = `${key.replace('#', `:${line}: `)}`
    if (ceiling === undefined) return [`${where}: ${lines} lines, at most ${max}`]
    if (lines > ceiling) return [`${where}: ${lines} lines, tools/tidy-allow.json allows ${ceiling}`]
    if (lines < ceiling) return [`${where}: shorter now, set it to ${lines} in tools/tidy-allow.json`]
    return []
  })
  const known = new Set(over.map(({ key }) => key))
  const stale = Object.keys(allowed).filter((key) => !known.has(key))
  return [
    ...problems,
    ...stale.map((key) => `${key}: within its limit, remove it from tools/tidy-allow.json`),
  ]
}

/** The list may only shrink: against the committed one, no new name and no greater number. */
export function checkRatchet(before: Allowed, now: Allowed): string[] {
  return Object.entries(now)
    .filter(([key, lines]) => lines > (before[key] ?? 0))
    .map(([key, lines]) => `tools/tidy-allow.json: "${key}": ${lines} is more than was committed: shorten it`)
}

function lengthsOf(file: SourceFile): Length[] {
  const max = isTest(file.path) ? TEST_FILE_LINES_MAX : FILE_LINES_MAX
  return [{ key: file.path, line: 1, lines: file.lines.length, max }, ...functionLengths(file)]
}

function functionLengths(file: SourceFile): Length[] {
  const { program, errors } = parseSync(file.path, file.text)
  const first = errors[0]
  if (first !== undefined) throw new Error(`${file.path}: ${first.message}`)
  const lineAt = lineCounter(file.text)
  const found: Length[] = []
  /** Returns the lines under `node` that belong to calls of test() and its like. */
  const visit = (node: Node, name: string): number => {
    const inner = children(node).reduce(
      (sum, [child, key]) => sum + visit(child, nameOf(node, key) ?? name),
      0,
    )
    const line = lineAt(node.start)
    const lines = lineAt(node.end) - line + 1
    if (/Function/.test(node.type) && node.body !== null && !node.type.startsWith('TS')) {
      const key = `${file.path}#${nameOf(node, 'id') ?? name}`
      found.push({ key, line, lines: lines - inner, max: FUNCTION_LINES_MAX })
    }
    return isTestCall(node) ? lines - 1 : inner
  }
  visit(program as unknown as Node, 'anonymous')
  return found
}

/** A suite is as long as its tests are many; each test is measured by itself and counts one line here. */
function isTestCall(node: Node): boolean {
  if (node.type !== 'CallExpression') return false
  let callee = node.callee as Node
  while (callee.type === 'CallExpression' || callee.type === 'MemberExpression') {
    callee = (callee.type === 'CallExpression' ? callee.callee : callee.object) as Node
  }
  return callee.type === 'Identifier' && ['describe', 'test', 'it'].includes(String(callee.name))
}

function children(node: Node): [Node, string][] {
  return Object.entries(node).flatMap(([key, value]) => {
    const values: unknown[] = Array.isArray(value) ? value : [value]
    return values.filter(isNode).map((child): [Node, string] => [child, key])
  })
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

/** The name a child gets from its parent: that of a declaration, method, property or variable. */
function nameOf(node: Node, key: string): string | undefined {
  const named = key === 'init' || key === 'value' ? (node.id ?? node.key) : node.id
  return isNode(named) && typeof named.name === 'string' ? named.name : undefined
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}

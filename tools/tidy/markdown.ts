import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'
import type { SourceFile } from './files.ts'

const CLI_FOLDER = 'packages/node/src/cli'
/** Subcommands that commander adds by itself. */
const CLI_BUILT_IN = ['help']

/** What the commands in the documentation are held against. */
export interface Known {
  readonly scripts: ReadonlySet<string>
  readonly subcommands: ReadonlySet<string>
}

interface Line {
  readonly text: string
  readonly number: number
  readonly fenced: boolean
}

export function readKnown(root: string): Known {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts?: object }
  return { scripts: new Set(Object.keys(manifest.scripts ?? {})), subcommands: readSubcommands(root) }
}

/** Relative links must lead to a file. The history of past releases is left as it was. */
export function checkLinks(root: string, file: SourceFile): string[] {
  if (!file.path.endsWith('.md')) return []
  return markdownLines(file).flatMap(({ text, number, fenced }) => {
    if (fenced) return []
    const prose = text.replace(/`[^`]*`/g, '')
    const inline = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].map(
      ([, target]) => target ?? '',
    )
    const reference = /^\s*\[[^\]]+\]:\s*(\S+)/.exec(prose)?.[1]
    return [...inline, ...(reference === undefined ? [] : [reference])]
      .filter((target) => !/^(?:[a-z]+:|#)/.test(target))
      .filter((target) => !existsSync(join(root, resolveLink(file.path, target))))
      .map((target) => `${file.path}:${number}: link leads nowhere: ${target}`)
  })
}

/** Commands a reader may copy must exist: npm scripts, subcommands of pulseledger, files run with node. */
export function checkCommands(root: string, file: SourceFile, known: Known): string[] {
  if (!/^(?:README|CONTRIBUTING)\.md$|^docs\/.*\.md$/.test(file.path)) return []
  return markdownLines(file).flatMap(({ text, number, fenced }) => {
    const inline = [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '')
    const problems = fenced
      ? commandsOf(text).flatMap((command) => checkCommand(root, command, known))
      : inline.flatMap(commandsOf).flatMap((command) => checkScript(command, known))
    return problems.map((problem) => `${file.path}:${number}: ${problem}`)
  })
}

function checkCommand(root: string, command: string, known: Known): string[] {
  return [...checkScript(command, known), ...checkSubcommand(command, known), ...checkNodeFile(root, command)]
}

function checkScript(command: string, { scripts }: Known): string[] {
  const name = /^npm (?:run(?:-script)? ([\w:.-]+)|(start|test)\b)/.exec(command)
  const script = name?.[1] ?? name?.[2]
  if (script === undefined || scripts.has(script)) return []
  return [`no script "${script}" in package.json`]
}

function checkSubcommand(command: string, { subcommands }: Known): string[] {
  const name = /^(?:npx )?pulseledger ([a-z][\w-]*)/.exec(command)?.[1]
  if (name === undefined || subcommands.has(name)) return []
  return [`no subcommand "${name}" in ${CLI_FOLDER}`]
}

function checkNodeFile(root: string, command: string): string[] {
  const path = /^node (?:-\S+ )*([\w./@-]+\.[cm]?[jt]s)\b/.exec(command)?.[1]
  if (path === undefined || existsSync(join(root, path))) return []
  return [`no file ${path}`]
}

/** The commands of a line: without the prompt, the variables set for it and what follows a comment sign. */
function commandsOf(line: string): string[] {
  return line
    .replace(/^\s*(?:[$>#%] )?/, '')
    .replace(/\s#.*$/, '')
    .split(/&&|\|\||[;|&]/)
    .map((part) => part.trim().replace(/^(?:[A-Z_]+=\S* +)+/, ''))
}

function markdownLines(file: SourceFile): Line[] {
  let fence = ''
  return file.lines.map((text, index) => {
    const mark = /^\s*(```|~~~)/.exec(text)?.[1] ?? ''
    const edge = mark !== '' && (fence === '' || fence === mark)
    if (edge) fence = fence === '' ? mark : ''
    return { text, number: index + 1, fenced: fence !== '' && !edge }
  })
}

function resolveLink(from: string, target: string): string {
  const path = decodeURI(target.replace(/[#?].*$/, ''))
  return path.startsWith('/') ? path.slice(1) : normalize(join(dirname(from), path))
}

/** Every `.command('name ...')` and `new Command('name')` under the folder of the command line. */
function readSubcommands(root: string): Set<string> {
  const names = new Set(CLI_BUILT_IN)
  const folder = join(root, CLI_FOLDER)
  if (!existsSync(folder)) return names
  const add = (argument: unknown): void => {
    const { value } = (argument ?? {}) as { value?: unknown }
    const name = typeof value === 'string' ? /^[a-z][\w-]*/.exec(value)?.[0] : undefined
    if (name !== undefined) names.add(name)
  }
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue
    const { program } = parseSync(path, readFileSync(join(folder, path), 'utf8'))
    new Visitor({
      CallExpression({ callee, arguments: [first] }) {
        const name =
          callee.type === 'MemberExpression' && 'name' in callee.property ? callee.property.name : ''
        if (name === 'command' || name === 'alias') add(first)
      },
      NewExpression({ callee, arguments: [first] }) {
        if (callee.type === 'Identifier' && callee.name === 'Command') add(first)
      },
    }).visit(program)
  }
  return names
}

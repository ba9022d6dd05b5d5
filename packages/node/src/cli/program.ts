import { readFileSync } from 'node:fs'
import { Command as Commander, type Help, InvalidArgumentError, Option } from 'commander'
import { OPTION_KEYS, OPTIONS, type OptionKey, type OptionRow } from '../config/option-table.ts'
import { longFlag } from '../config/read-config.ts'
import type { Command, CommandOption } from './command.ts'
import { devnet } from './commands/devnet.ts'
import { init } from './commands/init.ts'
import { invite } from './commands/invite.ts'
import { join } from './commands/join.ts'
import { keys } from './commands/keys.ts'
import { log } from './commands/log.ts'
import { peers } from './commands/peers.ts'
import { rejoin } from './commands/rejoin.ts'
import { show } from './commands/show.ts'
import { start } from './commands/start.ts'
import { status } from './commands/status.ts'
import { verify } from './commands/verify.ts'

/** In the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  start,
  join,
  invite,
  peers,
  init,
  log,
  show,
  verify,
  status,
  rejoin,
  keys,
  devnet,
]

/** A command line that was understood, before the configuration is read. */
export interface Parsed {
  readonly command: Command
  readonly argument: string | undefined
  /** The texts of the flags of the option table. */
  readonly flags: { readonly [K in OptionKey]?: string }
  readonly options: { readonly [name: string]: unknown }
}

export interface ProgramInit {
  readonly writeOut: (text: string) => void
  /** Characters of a line of help. */
  readonly width: number
  readonly onParsed: (parsed: Parsed) => void
}

/** Characters of a line when nothing says how many there are. */
export const HELP_WIDTH = 80

const DESCRIPTION = `A shared, tamper-evident ledger of readings: type a number into any terminal.
Without a command it starts a node.`

const NOTES = `
Examples:
  pulseledger                 start a node that serves terminals on port 9000
  nc localhost 9000           in another terminal: type readings, such as 72
  pulseledger join pulse1...  elsewhere: run a second node, as the first printed
  pulseledger log             list what is on the ledger, also while the node runs
  pulseledger verify          recompute all of it

Every option can also be set in the environment, in .env or in pulseledger.json:
see docs/CONFIGURATION.md. Exit codes and errors: docs/ERRORS.md.`

/** Throws a `CommanderError` for whatever is not understood, and when help or the version was printed. */
export function makeProgram({ writeOut, width, onParsed }: ProgramInit): Commander {
  const program = new Commander('pulseledger')
    .exitOverride()
    .configureOutput({
      writeOut,
      // Errors are thrown and told by our own means.
      writeErr: () => {},
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ formatItem, padWidth })
    .description(DESCRIPTION)
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', NOTES)
  // The names once more, literally: tools/tidy.ts holds the commands of the documentation against them.
  addCommand(program.command('start'), start, onParsed)
  addCommand(program.command('join'), join, onParsed)
  addCommand(program.command('invite'), invite, onParsed)
  addCommand(program.command('peers'), peers, onParsed)
  addCommand(program.command('init'), init, onParsed)
  addCommand(program.command('log'), log, onParsed)
  addCommand(program.command('show'), show, onParsed)
  addCommand(program.command('verify'), verify, onParsed)
  addCommand(program.command('status'), status, onParsed)
  addCommand(program.command('rejoin'), rejoin, onParsed)
  addCommand(program.command('keys'), keys, onParsed)
  addCommand(program.command('devnet'), devnet, onParsed)
  return program
}

function addCommand(made: Commander, command: Command, onParsed: ProgramInit['onParsed']): void {
  made
    .summary(command.summary)
    .description(command.description.replaceAll('\n', ' '))
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', `\nExamples:\n${examples(command)}`)
  if (command.argument) made.argument(command.argument.name, command.argument.help)
  for (const option of command.options) made.addOption(ownOption(option))
  for (const key of keysOf(command)) for (const option of tableOptions(key)) made.addOption(option)
  made.action((...received: unknown[]) => {
    const given = made.opts<Record<string, unknown>>()
    const flags: Partial<Record<OptionKey, string>> = {}
    for (const key of keysOf(command)) {
      if (given[key] !== undefined) flags[key] = String(given[key])
    }
    const argument = command.argument ? (received[0] as string | undefined) : undefined
    onParsed({ command, argument, flags, options: given })
  })
}

function keysOf({ name }: Command): OptionKey[] {
  return OPTION_KEYS.filter((key) => {
    const { commands }: OptionRow<unknown> = OPTIONS[key]
    return commands === 'all' || commands.includes(name)
  })
}

function ownOption({ flags, help, parse, isList }: CommandOption): Option {
  const option = new Option(flags, help)
  if (!parse) return option
  return option.argParser((text: string, before: unknown) => {
    const value = parse(text)
    if (!value.ok) throw new InvalidArgumentError(value.problem)
    return isList ? [...((before as unknown[] | undefined) ?? []), value.value] : value.value
  })
}

/** Texts as they are: they are parsed with those of the other places. Lists may be given in several flags. */
function tableOptions(key: OptionKey): Option[] {
  const row: OptionRow<unknown> = OPTIONS[key]
  const form = row.kind === 'path' ? '' : row.form
  const notes = [form, row.default ? `default: ${row.default}` : '', `variable: ${row.environment}`]
  const option = new Option(row.flag, `${row.help} (${notes.filter(Boolean).join('; ')})`)
  if (row.kind === 'switch') {
    const negated = new Option(longFlag(row.flag).replace('--', '--no-'), 'the opposite')
    return [option, negated.hideHelp()]
  }
  if (row.kind !== 'list') return [option]
  return [
    option.argParser((text: string, before?: string) => (before === undefined ? text : `${before},${text}`)),
  ]
}

/** Of the column of terms: longer ones stand on a line of their own. */
const TERM_WIDTH_MAX = 26

function padWidth(command: Commander, helper: Help): number {
  const longest = Math.max(
    helper.longestOptionTermLength(command, helper),
    helper.longestSubcommandTermLength(command, helper),
    helper.longestArgumentTermLength(command, helper),
  )
  return Math.min(longest, TERM_WIDTH_MAX)
}

function formatItem(term: string, termWidth: number, description: string, helper: Help): string {
  const indent = ' '.repeat(termWidth + 4)
  const text = helper
    .boxWrap(description, (helper.helpWidth ?? HELP_WIDTH) - indent.length)
    .replaceAll('\n', `\n${indent}`)
  return term.length > termWidth ? `  ${term}\n${indent}${text}` : `  ${term.padEnd(termWidth)}  ${text}`
}

function examples({ examples: pairs }: Command): string {
  const width = Math.max(...pairs.map(([command]) => command.length))
  return pairs.map(([command, meaning]) => `  ${command.padEnd(width)}  ${meaning}`).join('\n')
}

/** Of package.json, which stands at the same place beside the sources and beside what is built of them. */
function version(): string {
  const path = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

import { CommanderError } from 'commander'
import { readConfig } from '../config/read-config.ts'
import { NodeFailure } from '../ports.ts'
import { describeError } from './failure.ts'
import type { CliIo } from './io.ts'
import { OutputClosed } from './output.ts'
import { COMMANDS, HELP_WIDTH, makeProgram, type Parsed } from './program.ts'
import { unwrap } from './unwrap.ts'

const HELP_WIDTH_MAX = 100

/** What prints something instead of running a command. */
const TOP_FLAGS = ['-h', '--help', '-V', '--version']

/** Carries out one command line, the words behind `pulseledger`, and gives the exit code. Never rejects. */
export async function runCommandLine(words: readonly string[], io: CliIo): Promise<number> {
  const asksJson = wantsJson(words)
  try {
    const parsed = parse(words, io)
    if (parsed === undefined) return 0
    const { command, argument, flags, options } = parsed
    const { environment, workingDirectory } = io
    const config = unwrap(readConfig({ flags, environment, workingDirectory }))
    await command.run({ io, config, options, argument, json: asksJson })
    return 0
  } catch (error) {
    if (error instanceof OutputClosed) return 0
    const { text, exit } = describeError(error, asksJson, io.environment)
    io.stderr.write(text)
    return exit
  }
}

/** Undefined when help or the version was all that was asked for. */
function parse(words: readonly string[], io: CliIo): Parsed | undefined {
  let parsed: Parsed | undefined
  const program = makeProgram({
    writeOut: (text) => io.stdout.write(text),
    width: Math.min(io.stdout.columns ?? HELP_WIDTH, HELP_WIDTH_MAX),
    onParsed: (understood) => {
      parsed = understood
    },
  })
  try {
    program.parse(withCommand(words), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return undefined
    throw new NodeFailure('USAGE_INVALID', usageMessage(error, words))
  }
  return parsed
}

/** `start` is what is meant when no command is named. */
function withCommand(words: readonly string[]): readonly string[] {
  const [first] = words
  if (first === undefined) return ['start']
  return first.startsWith('-') && !TOP_FLAGS.includes(first) ? ['start', ...words] : words
}

/** Commander's sentence on one line, without its own prefix. */
function usageMessage({ code, message }: CommanderError, words: readonly string[]): string {
  const text = message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/, ' (did you mean $1?)')
  const named = words.find((word) => COMMANDS.some(({ name }) => name === word))
  const isMisplaced = code === 'commander.excessArguments' && words[0]?.startsWith('-') && named !== undefined
  return isMisplaced ? `the command, ${named}, must come before its options` : text.replace(/\.$/, '')
}

/**
 * Also of a command line that is not understood, so that its error is told in the form that was asked for.
 */
function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  const options = end === -1 ? words : words.slice(0, end)
  return options.lastIndexOf('--json') > options.lastIndexOf('--no-json')
}

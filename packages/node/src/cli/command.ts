import type { Parsed } from '../config/parsed.ts'
import type { Config } from '../config/read-config.ts'
import type { CryptoPreference } from '../options.ts'
import type { CliIo } from './io.ts'

/** A command as the table of commands describes it; program.ts makes the parser and the help of it. */
export interface Command {
  readonly name: string
  /** One line, in the list of commands. */
  readonly summary: string
  /** More of it, in its own help. */
  readonly description: string
  readonly argument?: { readonly name: string; readonly help: string }
  /** Its own; those of the option table that it has are added. */
  readonly options: readonly CommandOption[]
  readonly examples: readonly (readonly [command: string, meaning: string])[]
  /** Resolves when it is done and well; fails with a `NodeFailure`. */
  readonly run: (call: Call) => Promise<void>
}

export interface CommandOption {
  /** As commander writes it. */
  readonly flags: string
  readonly help: string
  /** Of a value; a switch has none. */
  readonly parse?: (text: string) => Parsed<unknown>
  /** It may be given several times; its value is the list of them. */
  readonly isList?: boolean
}

/** One call of a command, checked. */
export interface Call {
  readonly io: CliIo
  readonly config: Config
  /** Values of the command's own options by their names in camel case. */
  readonly options: { readonly [name: string]: unknown }
  readonly argument: string | undefined
  /** The answer as JSON. */
  readonly json: boolean
}

export const JSON_OPTION: CommandOption = { flags: '--json', help: 'answer in JSON' }

/** As `loadCrypto` takes it. */
export function preferred(preference: CryptoPreference): 'sodium' | 'node' | undefined {
  return preference === 'auto' ? undefined : preference
}

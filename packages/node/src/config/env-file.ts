import { fail, ok, printable, type Result } from '@pulseledger/core'

/**
 * The `.env` file, strictly. It is read as `node --env-file` reads it, except that whatever that would skip
 * or guess at is an error here: a setting that is silently ignored is found when it is too late.
 *
 *     # the tutorial's whole configuration
 *     ADDR=9000
 *     PULSELEDGER_DATA_DIR="/srv/ward 2/ledger"   # a value with blanks or a # is quoted
 *
 * A line is blank, a comment, or NAME=value, also after `export`. A value is bare, or within one pair of ", '
 * or ` as it stands: no escapes, no variables, no value over several lines.
 */
export interface EnvSetting {
  readonly name: string
  readonly value: string
  /** From 1. */
  readonly line: number
}

const ASSIGNMENT = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)$/
const QUOTED = /^(["'`])(.*)\1[ \t]*(?:#.*)?$/

/** `path` is for messages. Errors: CONFIG_FILE_INVALID with the line. */
export function parseEnvFile(text: string, path: string): Result<EnvSetting[]> {
  const settings = new Map<string, EnvSetting>()
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const where = `${path} line ${index + 1}`
    const [, name, rest] = ASSIGNMENT.exec(line) ?? []
    if (name === undefined || rest === undefined) {
      return fail('CONFIG_FILE_INVALID', `${where} is '${printable(line)}' and not NAME=value`)
    }
    const value = unquoted(rest)
    if (value === undefined) {
      return fail(
        'CONFIG_FILE_INVALID',
        `${where} sets ${name} to a value that must be within one pair of quotes`,
      )
    }
    const first = settings.get(name)
    if (first)
      return fail('CONFIG_FILE_INVALID', `${where} sets ${name}, which line ${first.line} does already`)
    settings.set(name, { name, value, line: index + 1 })
  }
  return ok([...settings.values()])
}

function unquoted(rest: string): string | undefined {
  if (/^["'`]/.test(rest)) {
    const [, quote, value] = QUOTED.exec(rest) ?? []
    if (quote === undefined || value === undefined || value.includes(quote)) return undefined
    return value
  }
  const bare = rest.replace(/(^|[ \t])#.*$/, '').trim()
  return bare.includes('#') ? undefined : bare
}

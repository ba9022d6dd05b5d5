import { ERRORS, type ErrorCode, type ErrorRow, InvariantError } from '@pulseledger/core'
import { DEBUG_VARIABLE } from '../config/option-table.ts'
import { NodeFailure } from '../ports.ts'
import type { CliIo } from './io.ts'

const MESSAGE_CHARACTERS_MAX = 1_000

/** How a command fails, for people and for scripts. */
export interface Described {
  readonly code: ErrorCode
  readonly exit: number
  /** Whole lines, newline included. */
  readonly text: string
}

/**
 * What goes to stderr, and the exit code:
 *
 *     error: --addr: '70000' is not a port from 0 to 65535. Correct it. [CONFIG_VALUE_INVALID]
 *
 * One line, unless it is a bug of ours or PULSELEDGER_DEBUG asks for the stack. With `json`, one object a
 * line.
 */
export function describeError(error: unknown, json: boolean, environment: CliIo['environment']): Described {
  const known = error instanceof NodeFailure
  const code = known ? error.code : 'INTERNAL'
  const { remedy, exit = 1 }: ErrorRow = ERRORS[code]
  const message = oneLine(withoutPoint(messageOf(error)))
  const isBug = !known || code === 'INTERNAL' || error.cause instanceof InvariantError
  const wantsStack = isBug || isSet(environment[DEBUG_VARIABLE])
  const stack = wantsStack && error instanceof Error ? stackOf(error) : undefined
  if (json)
    return { code, exit, text: `${JSON.stringify({ error: { code, message, remedy, exit, stack } })}\n` }
  return { code, exit, text: `error: ${message}. ${remedy} [${code}]\n${stack ? `${stack}\n` : ''}` }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Messages escape what strangers wrote; this is for paths and for what libraries say. Backslashes stay. */
function oneLine(text: string): string {
  const cut = text.length > MESSAGE_CHARACTERS_MAX ? `${text.slice(0, MESSAGE_CHARACTERS_MAX)}...` : text
  return cut.replace(/[^\x20-\x7e]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

function withoutPoint(text: string): string {
  return text.replace(/\.$/, '')
}

/** With those of the errors that caused it. */
function stackOf(error: Error): string {
  const stack = error.stack ?? error.message
  return error.cause instanceof Error ? `${stack}\ncaused by ${stackOf(error.cause)}` : stack
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0'
}

import { pino } from 'pino'
import type { LogLevel } from '../options.ts'
import type { Clock, Logger } from '../ports.ts'

export interface LoggerInit {
  readonly level: LogLevel
  /** One line for people instead of one JSON object: for a terminal. */
  readonly pretty: boolean
  readonly clock: Clock
  /** Takes whole lines, newline included. */
  readonly write: (line: string) => void
}

/**
 * Operational messages through pino, one a line. For machines:
 *
 *     {"level":"warn","time":"2026-11-22T11:16:33.120Z","peer":"127.0.0.1","msg":"dropped a slow reader"}
 *
 * and for a terminal: `11:16:33.120 warn  dropped a slow reader peer=127.0.0.1`. Either way the line is
 * printable ASCII: what a stranger sent cannot move the cursor of whoever reads the log.
 */
export function createLogger({ level, pretty, clock, write }: LoggerInit): Logger {
  return pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    },
    { write: (line: string) => write(pretty ? prettyLine(line) : asciiJson(line)) },
  )
}

/** Escaping within JSON text stays JSON, because it is only ever needed inside strings. */
function asciiJson(line: string): string {
  return line.replace(/[^\n\x20-\x7e]/g, escapeUnit)
}

function prettyLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const clockTime = String(time).slice('2026-11-22T'.length, -1)
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${plainValue(value)}`)
  const text = `${clockTime} ${String(level).padEnd(5)} ${String(msg ?? '')}${pairs.join('')}`
  return `${text.replace(/[^\x20-\x7e]/g, escapeUnit)}\n`
}

/** An error that pino serialised is shown by its message; its stack belongs into the JSON form. */
function plainValue(value: unknown): string {
  if (typeof value === 'string') return /^[\x21-\x7e]+$/.test(value) ? value : JSON.stringify(value)
  if (value !== null && typeof value === 'object' && 'message' in value && 'stack' in value) {
    return JSON.stringify(value.message)
  }
  return JSON.stringify(value)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

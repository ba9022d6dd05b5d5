import type { Logger } from '../../src/ports.ts'

export interface Logged {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: object
  readonly message: string
}

/** Keeps what is logged, for tests to look at. */
export function keepingLogger(): Logger & { readonly lines: Logged[] } {
  const lines: Logged[] = []
  const keep = (level: Logged['level']) => (fields: object, message: string) => {
    lines.push({ level, fields, message })
  }
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}

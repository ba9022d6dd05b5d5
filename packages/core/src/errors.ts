/**
 * The one table of everything that can go wrong. The union of codes, the HTTP status, the exit code and
 * `docs/ERRORS.md` derive from it; a test compares the document with it both ways.
 */
import type { ErrorRow } from './error-row.ts'
import { LEDGER_ERRORS } from './ledger-errors.ts'
import { NETWORK_ERRORS } from './network-errors.ts'
import { NODE_ERRORS } from './node-errors.ts'

export { type ErrorRow, EXIT } from './error-row.ts'

export const ERRORS = {
  ...LEDGER_ERRORS,
  ...NODE_ERRORS,
  ...NETWORK_ERRORS,
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

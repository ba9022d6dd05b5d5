import type { Result } from '@pulseledger/core'
import { NodeFailure } from '../ports.ts'

/** The value, or the failure thrown: a command has nobody to give a result to. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new NodeFailure(result.error.code, result.error.message)
}

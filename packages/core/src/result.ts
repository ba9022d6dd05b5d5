import type { ErrorCode } from './errors.ts'

/**
 * What went wrong with an input, and what to do about it. Hostile or mistaken input is returned as a value;
 * a broken invariant of our own is thrown instead.
 */
export interface Failure {
  readonly code: ErrorCode
  /** One sentence: what was wrong, with which value. The remedy is in the error table. */
  readonly message: string
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Failure }

export function ok(): Result<undefined>
export function ok<T>(value: T): Result<T>
export function ok<T>(value?: T): Result<T | undefined> {
  return { ok: true, value }
}

export function fail(code: ErrorCode, message: string): { ok: false; error: Failure } {
  return { ok: false, error: { code, message } }
}

/** Thrown when an invariant of our own is broken: the node must stop. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

export function invariant(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new InvariantError(`broken invariant: ${claim}`)
}

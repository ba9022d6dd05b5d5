import {
  ERRORS,
  type ErrorCode,
  type Failure,
  fromHex,
  type Hash,
  invariant,
  LIMITS,
} from '@pulseledger/core'

/** A JSON object whose fields are not checked yet. */
export type Fields = { readonly [name: string]: unknown }

export function isObject(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LIMITS.integerMax
}

export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** 32 bytes, a hash or a public key. */
export function hashOf(value: unknown): Hash | undefined {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) return undefined
  const bytes = fromHex(value)
  invariant(bytes, 'hexadecimal digits decode')
  return bytes
}

/** Undefined when its code is not one of this version. */
export function failureOf(value: unknown): Failure | undefined {
  if (!isObject(value)) return undefined
  const { code, message } = value
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code) || typeof message !== 'string')
    return undefined
  return { code: code as ErrorCode, message }
}

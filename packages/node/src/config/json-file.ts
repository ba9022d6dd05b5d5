import { fail, ok, printable, type Result } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'

/**
 * JSON as people write it by hand, strictly: one object, no key twice in it, and no key that a careless
 * program would take for its own. `JSON.parse` keeps the last of two equal keys without a word.
 */
export type JsonObject = { readonly [key: string]: unknown }

const DEPTH_MAX = NODE_LIMITS.configFileDepthMax
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])
/**
 * Valid JSON, cut into strings and what has a meaning for nesting; numbers, true, false and null fall
 * through.
 */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/** `path` is for messages. Errors: CONFIG_FILE_INVALID. */
export function parseJsonObject(text: string, path: string): Result<JsonObject> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return fail('CONFIG_FILE_INVALID', `${path} is not JSON: ${printable((error as Error).message, 120)}`)
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return fail('CONFIG_FILE_INVALID', `${path} does not hold one JSON object, {...}`)
  }
  const fault = keyFault(text)
  return fault === undefined ? ok(value as JsonObject) : fail('CONFIG_FILE_INVALID', `${path} ${fault}`)
}

/** Text is JSON that `JSON.parse` took: of its keys, the first that must not be there. */
function keyFault(text: string): string | undefined {
  const open: (Set<string> | 'array')[] = []
  let isKey = false
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      if (open.push(token === '{' ? new Set() : 'array') > DEPTH_MAX) return `nests deeper than ${DEPTH_MAX}`
    } else if (token === '}' || token === ']') {
      open.pop()
    }
    const keys = open.at(-1)
    if (isKey && keys instanceof Set && token.startsWith('"')) {
      const key = JSON.parse(token) as string
      if (FORBIDDEN.has(key)) return `has the key "${key}", which is never allowed`
      if (keys.has(key)) return `has the key "${printable(key)}" twice in one object`
      keys.add(key)
    }
    isKey = token === '{' || (token === ',' && keys instanceof Set)
  }
  return undefined
}

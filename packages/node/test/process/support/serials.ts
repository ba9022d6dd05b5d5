import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A ledger whose readings can be told apart: its only measure takes numbers that a test counts up, each
 * typed once.
 */
export const SERIAL_PROMPT = 'Enter a new Serial:'

const GENESIS = {
  name: 'serials',
  measures: [{ name: 'serial', label: 'Serial', unit: '1', minimum: -1_000_000_000, maximum: 1_000_000_000 }],
}

/** Arguments of `start` for such a ledger; the document is written into `directory`. */
export function serialLedger(directory: string): string[] {
  const path = join(directory, 'genesis.json')
  writeFileSync(path, JSON.stringify(GENESIS))
  return ['--genesis', path, '--broadcast-interval', '0']
}

export interface Confirmation {
  readonly value: number
  readonly height: number
  /** The first 8 hexadecimal digits of the block's hash. */
  readonly hash: string
}

/** Every whole confirming line in a text. */
export function confirmationsIn(text: string): Confirmation[] {
  const lines = text.matchAll(/#(\d+) (-?\d+) [A-Za-z]+ stored in block ([0-9a-f]{8})\n/g)
  return Array.from(lines, ([, height, value, hash]) => ({
    height: Number(height),
    value: Number(value),
    hash: hash as string,
  }))
}

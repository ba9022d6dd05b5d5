/**
 * A run that once failed, kept so that it never does again: testdata/seeds/<name>.json.
 *
 *     {
 *       "seed": 7,
 *       "nodes": 3,
 *       "hours": 0.1,
 *       "only": ["loss", "crash"],
 *       "invariant": "acknowledged",
 *       "note": "starts without entry 51c0..., which it confirmed",
 *       "fixed": "core/machine: an entry of a block that was left waits again"
 *     }
 *
 * "realSignatures": true and "engine": "proof-of-work" may follow "only". What else a run is, is drawn from
 * its seed: a change in scenario.ts can make another run of it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ENGINES, type EngineName, FAULTS, type FaultKind } from '../scenario/scenario.ts'
import type { RunChoice } from './run-choice.ts'
import type { Failing } from './shrink.ts'

const SEEDS_FOLDER = join(import.meta.dirname, '../../testdata/seeds')

export interface KeptSeed {
  readonly choice: RunChoice
  /** That was violated. */
  readonly invariant: string
  /** What was wrong. */
  readonly note: string
  /** What was done about it; empty until then. */
  readonly fixed: string
}

export type ReadSeed =
  | { readonly ok: true; readonly value: KeptSeed }
  | { readonly ok: false; readonly problem: string }

/** A seed that is written by hand has a note of some lines, no more. */
const BYTES_MAX = 10_000
const NOTE_CHARACTERS_MAX = 600

const isText = (value: unknown): boolean => typeof value === 'string'
const isFault = (value: unknown): boolean => (FAULTS as readonly unknown[]).includes(value)

/** For each key: what its value must be, and whether it is. */
const KEYS: Readonly<Record<string, readonly [string, (value: unknown) => boolean]>> = {
  seed: ['a whole number', (value) => Number.isSafeInteger(value) && (value as number) >= 0],
  nodes: ['a whole number from 1', (value) => Number.isSafeInteger(value) && (value as number) >= 1],
  hours: ['a number above 0', (value) => Number.isFinite(value) && (value as number) > 0],
  only: ['a list of faults', (value) => Array.isArray(value) && value.every(isFault)],
  realSignatures: ['true or false', (value) => typeof value === 'boolean'],
  engine: ['the name of an engine', (value) => (ENGINES as readonly unknown[]).includes(value)],
  invariant: ['the name of an invariant', (value) => isText(value) && value !== ''],
  note: ['a text', isText],
  fixed: ['a text', isText],
}

const OPTIONAL: ReadonlySet<string> = new Set(['realSignatures', 'engine'])

/** Of the text of a file; unknown keys are refused, and so is whatever is missing. */
export function parseKeptSeed(text: string): ReadSeed {
  if (text.length > BYTES_MAX) return { ok: false, problem: `is longer than ${BYTES_MAX} bytes` }
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(text)
  } catch (error) {
    return { ok: false, problem: `is not JSON: ${(error as Error).message}` }
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return { ok: false, problem: 'is not an object' }
  }
  const given = new Map(Object.entries(fields))
  for (const key of given.keys()) {
    if (!Object.hasOwn(KEYS, key)) return { ok: false, problem: `has the unknown key "${key}"` }
  }
  for (const [key, [what, isRight]] of Object.entries(KEYS)) {
    if (OPTIONAL.has(key) && !given.has(key)) continue
    if (!isRight(given.get(key))) return { ok: false, problem: `"${key}" is not ${what}` }
  }
  return { ok: true, value: keptSeedOf(given) }
}

function keptSeedOf(given: ReadonlyMap<string, unknown>): KeptSeed {
  const only = given.get('only') as FaultKind[]
  return {
    choice: {
      seed: given.get('seed') as number,
      nodes: given.get('nodes') as number,
      hours: given.get('hours') as number,
      only: FAULTS.filter((fault) => only.includes(fault)),
      realSignatures: given.get('realSignatures') === true,
      engine: (given.get('engine') as EngineName | undefined) ?? 'longest-chain',
    },
    invariant: given.get('invariant') as string,
    note: given.get('note') as string,
    fixed: given.get('fixed') as string,
  }
}

/** What `parseKeptSeed` reads. */
export function formatKeptSeed({ choice, invariant, note, fixed }: KeptSeed): string {
  const { seed, nodes, hours, only, realSignatures, engine } = choice
  const isWork = engine === 'proof-of-work'
  const fields = {
    seed,
    nodes,
    hours,
    only,
    ...(realSignatures && { realSignatures }),
    ...(isWork && { engine }),
  }
  return `${JSON.stringify({ ...fields, invariant, note, fixed }, undefined, 2)}\n`
}

/** All of them by the names of their files; throws when one cannot be read. */
export function keptSeeds(folder = SEEDS_FOLDER): Map<string, KeptSeed> {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
  return new Map(
    names.sort().map((name) => {
      const read = parseKeptSeed(readFileSync(join(folder, name), 'utf8'))
      if (!read.ok) throw new Error(`${join(folder, name)} ${read.problem}`)
      return [name, read.value]
    }),
  )
}

/** Writes it down; returns the path, or undefined when there is one of that seed and invariant. */
export function keepSeed({ choice, finding }: Failing, folder = SEEDS_FOLDER): string | undefined {
  const { invariant, message } = finding
  const path = join(folder, `${invariant}-${choice.seed}.json`)
  if (existsSync(path)) return undefined
  mkdirSync(folder, { recursive: true })
  const note = message.slice(0, NOTE_CHARACTERS_MAX)
  writeFileSync(path, formatKeptSeed({ choice, invariant, note, fixed: '' }))
  return path
}

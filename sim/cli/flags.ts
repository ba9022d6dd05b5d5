/**
 * The options of a command line. `--seed 7` and `--seed=7` are the same; whatever is not known, not complete
 * or given twice is a mistake, and the first one is told in one sentence.
 *
 * A parser asks for its options one by one, as if all were well, and looks at `problem` in the end.
 */
import { parseArgs } from 'node:util'
import { ENGINES, type EngineName, FAULTS, type FaultKind } from '../scenario/scenario.ts'

/** What follows the name of an option: nothing, or a text. */
export type FlagTable = Readonly<Record<string, 'boolean' | 'string'>>

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string }

/** Stands for an empty list of faults, so that every run has a line that replays it. */
const NO_FAULTS = 'none'

export class Flags {
  readonly #texts = new Map<string, string>()
  readonly #given = new Set<string>()
  #problem: string | undefined

  /** `args`: without the names of the program and of the script. */
  constructor(args: readonly string[], table: FlagTable) {
    const options = Object.fromEntries(Object.entries(table).map(([name, type]) => [name, { type }]))
    const { tokens } = parseArgs({
      ...{ args: [...args], options, strict: false, tokens: true, allowPositionals: true },
    })
    for (const token of tokens) {
      if (token.kind === 'option')
        this.#take(token, Object.hasOwn(table, token.name) ? table[token.name] : undefined)
      else this.refuse(`"${args[token.index]}" is not an option; options begin with --`)
    }
  }

  /** The first mistake, in one sentence. */
  get problem(): string | undefined {
    return this.#problem
  }

  refuse(problem: string): void {
    this.#problem ??= problem
  }

  has(name: string): boolean {
    return this.#given.has(name)
  }

  text(name: string): string | undefined {
    return this.#texts.get(name)
  }

  /** One of the engines of the simulator; undefined when it is not given. */
  engine(): EngineName | undefined {
    const text = this.#texts.get('engine')
    const engine = ENGINES.find((name) => name === text)
    if (text !== undefined && engine === undefined) {
      this.refuse(`--engine is one of ${ENGINES.join(', ')}, not "${text}"`)
    }
    return engine
  }

  /** An integer in [min, max]; undefined when it is not given. */
  integer(name: string, min: number, max: number): number | undefined {
    const text = this.#texts.get(name)
    if (text === undefined) return undefined
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    this.refuse(`--${name} is a whole number from ${min} to ${max}, not "${text}"`)
    return undefined
  }

  /** Above 0 and at most `max`; undefined when it is not given. */
  decimal(name: string, max: number): number | undefined {
    const text = this.#texts.get(name)
    if (text === undefined) return undefined
    const value = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
    if (value > 0 && value <= max) return value
    this.refuse(`--${name} is a number above 0, up to ${max}, not "${text}"`)
    return undefined
  }

  /** Faults in the order of their table, separated by commas; undefined when it is not given. */
  faults(name: string): FaultKind[] | undefined {
    const text = this.#texts.get(name)
    if (text === undefined) return undefined
    const names = text === NO_FAULTS ? [] : text.split(',')
    const unknown = names.find((fault) => !(FAULTS as readonly string[]).includes(fault))
    if (unknown !== undefined) {
      this.refuse(
        `--${name}: there is no fault "${unknown}"; there are ${FAULTS.join(', ')}, or ${NO_FAULTS}`,
      )
    }
    return FAULTS.filter((fault) => names.includes(fault))
  }

  #take(
    { name, rawName, value }: { name: string; rawName: string; value?: string | undefined },
    type: 'boolean' | 'string' | undefined,
  ): void {
    if (type === undefined) this.refuse(`there is no option ${rawName}; --help lists all of them`)
    else if (this.#given.has(name)) this.refuse(`${rawName} is given twice`)
    else if (type === 'string' && value === undefined) this.refuse(`${rawName} needs a value`)
    else if (type === 'boolean' && value !== undefined) this.refuse(`${rawName} takes no value`)
    this.#given.add(name)
    if (value !== undefined) this.#texts.set(name, value)
  }
}

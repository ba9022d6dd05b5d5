import type { EngineParameters, GenesisDocument } from '../block/genesis.ts'
import { keyOf } from '../bytes.ts'
import { printable } from '../codec/printable.ts'

/** Bounds of integers by the name of their parameter, both included. */
export type IntegerBounds = Readonly<Record<string, readonly [minimum: number, maximum: number]>>

/** What is wrong with parameters that must be these integers and no others; undefined: nothing. */
export function integersFault(parameters: EngineParameters, bounds: IntegerBounds): string | undefined {
  const names = Object.keys(bounds)
  const unknown = Object.keys(parameters).find((name) => name !== 'name' && !names.includes(name))
  if (unknown !== undefined) {
    const known = names.join(', ')
    return `engine.${printable(unknown)}: ${parameters.name} has no such parameter; it has ${known}`
  }
  for (const [name, [minimum, maximum]] of Object.entries(bounds)) {
    const value = parameters[name]
    if (Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum) continue
    const found = typeof value === 'number' ? `${value} is` : 'it is missing or'
    return `engine.${name}: ${found} not an integer of ${minimum}..${maximum}`
  }
  return undefined
}

/** Whether a key may make blocks, as far as the list of the document says. */
export function producerRule({ producers }: GenesisDocument): (key: Uint8Array) => boolean {
  const allowed = producers && new Set(producers.map(keyOf))
  return (key) => allowed === undefined || allowed.has(keyOf(key))
}

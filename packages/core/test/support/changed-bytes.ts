import * as dagCbor from '@ipld/dag-cbor'
import { toHex } from '../../src/bytes.ts'
import type { Result } from '../../src/result.ts'

/** All the byte strings that differ from `bytes` in one byte: 255 for each. */
export function* changedBytes(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    for (let change = 1; change < 256; change++) {
      const changed = bytes.slice()
      changed[at] = (bytes[at] as number) ^ change
      yield changed
    }
  }
}

/** All the byte strings that differ from `bytes` in one bit. */
export function* flippedBits(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = bytes.slice()
    changed[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
    yield changed
  }
}

export interface Tally {
  accepted: number
  refused: number
  /** What was accepted although the library would write its meaning otherwise. */
  ambiguous: string[]
}

/** Decodes each of `inputs` and holds what is accepted against the library: it must write the same bytes. */
export function tally(inputs: Iterable<Uint8Array>, decode: (bytes: Uint8Array) => Result<unknown>): Tally {
  const counts: Tally = { accepted: 0, refused: 0, ambiguous: [] }
  for (const input of inputs) {
    if (!decode(input).ok) {
      counts.refused += 1
      continue
    }
    counts.accepted += 1
    if (toHex(dagCbor.encode(dagCbor.decode(input))) !== toHex(input)) counts.ambiguous.push(toHex(input))
  }
  return counts
}

import { encodeAnnouncement, fitsAnnouncement } from '@pulseledger/core'
import type { Chance } from '../kernel/chance.ts'
import type { Forged } from './forge.ts'

/** The whole block if it is small enough, as honest nodes send it. */
export function announced(block: Forged): Uint8Array {
  const { contents } = block
  return encodeAnnouncement({ header: block, contents: fitsAnnouncement(contents) ? contents : null })
}

/** Its header alone: whoever wants the rest has to ask. */
export function announcedHeader(block: Forged): Uint8Array {
  return encodeAnnouncement({ header: block, contents: null })
}

/** The same message with one bit of it turned over. */
export function altered(message: Uint8Array, chance: Chance): Uint8Array {
  const copy = message.slice()
  const at = chance.below(copy.length)
  copy[at] = (copy[at] as number) ^ (1 << chance.below(8))
  return copy
}

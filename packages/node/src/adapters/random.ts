import { randomBytes } from 'node:crypto'
import type { Random } from '../ports.ts'

/** Chance from the operating system. */
export const systemRandom: Random = {
  bytes: (count) => Uint8Array.from(randomBytes(count)),
}

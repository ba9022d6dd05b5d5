import type { WeighedBlock } from '@pulseledger/core'
import type { BlockStore } from '../ports.ts'
import { damageOf, type ProblemList, REMEDY } from './problem-list.ts'

/** A block of any branch; without it when the blocks of this height cannot be listed. */
export interface Listed {
  readonly height: number
  readonly weighed: WeighedBlock | undefined
}

/**
 * All stored blocks by height, then hash. When the store fails on a damaged record, or ends below the head,
 * it is asked again for what is above; the problem is reported with the height from which it does not list.
 */
export function* listBlocks(store: BlockStore, headHeight: number, problems: ProblemList): Generator<Listed> {
  const fail = (height: number, message: string, field = 'block'): Listed => {
    problems.add({ height, field }, message, field === 'block' ? REMEDY.restore : REMEDY.index)
    return { height, weighed: undefined }
  }
  let from = 0
  /**
   * Of a failure after some blocks of the height below `from`: it was there, unless `from` fails at once too.
   */
  let doubt: string | undefined
  while (from <= headHeight || doubt !== undefined) {
    let seen: number | undefined
    try {
      for (const weighed of store.blocksFrom(from)) {
        if (doubt !== undefined) yield fail(from - 1, doubt)
        doubt = undefined
        seen = weighed.block.header.height
        yield { height: seen, weighed }
      }
      if (doubt !== undefined) yield fail(from - 1, doubt)
      doubt = undefined
      const missing = (seen ?? from - 1) + 1
      if (missing <= headHeight) yield fail(missing, 'no block of this height is listed', 'block list')
      from = missing + 1
    } catch (error) {
      const message = damageOf(error)
      doubt = seen === undefined ? undefined : message
      if (seen === undefined) yield fail(from, message)
      from = (seen ?? from) + 1
    }
  }
}

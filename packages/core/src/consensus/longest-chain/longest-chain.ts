/**
 * The rule of the tutorial: "the longest chain is the true chain". Any allowed node makes the next block at
 * once when it has entries; the chain of most blocks wins; a block is final when `finalDepth` blocks stand
 * on it.
 *
 * It promises nothing against somebody who wants to cheat: whoever may produce can make a longer chain for
 * free. The final depth bounds how much of the past such a chain can change on nodes that saw it.
 */
import type { GenesisDocument } from '../../block/genesis.ts'
import type { Header } from '../../block/header.ts'
import { keyOf } from '../../bytes.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Engine, Template } from '../engine.ts'

const NO_SEAL = new Uint8Array(0)

export function longestChain(document: GenesisDocument): Engine {
  const producers = document.producers && new Set(document.producers.map(keyOf))
  const finalDepth = document.engine.finalDepth
  const isAllowed = (producer: Uint8Array) => producers === undefined || producers.has(keyOf(producer))

  return {
    name: 'longest-chain',
    seal({ producer, entryCount }: Template): Uint8Array | undefined {
      return entryCount > 0 && isAllowed(producer) ? NO_SEAL : undefined
    },
    verify(header: Header, { entryCount }: { readonly entryCount: number }): Result<undefined> {
      if (header.seal.length > 0) {
        return fail(
          'BLOCK_SEAL_INVALID',
          `a longest-chain block has no seal; this has ${header.seal.length} bytes`,
        )
      }
      if (entryCount === 0) return fail('BLOCK_EMPTY', `block ${header.height} has no entries`)
      if (!isAllowed(header.producer)) {
        return fail('BLOCK_PRODUCER_NOT_ALLOWED', `the producer of block ${header.height} is not listed`)
      }
      return ok()
    },
    weight: () => 1n,
    finalHeight: (headHeight) => Math.max(0, headHeight - finalDepth),
  }
}

/**
 * The rule of the tutorial: "the longest chain is the true chain". Any allowed node makes the next block at
 * once when it has entries; the chain of most blocks wins; a block is final when `finalDepth` blocks stand
 * on it.
 *
 * It promises nothing against somebody who wants to cheat: whoever may produce can make a longer chain for
 * free. The final depth bounds how much of the past such a chain can change on nodes that saw it.
 */
import type { GenesisDocument } from '../../block/genesis.ts'
import type { EncodedHeader } from '../../block/header.ts'
import { LIMITS } from '../../limits.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Engine, EngineKind } from '../engine.ts'
import { integersFault, producerRule } from '../parameters.ts'

const NO_SEAL = new Uint8Array(0)

export const longestChain: EngineKind = {
  parameters: ['finalDepth'],
  complete: (chosen) => ({ finalDepth: 2_000, ...chosen }),
  fault: (parameters) => integersFault(parameters, { finalDepth: [1, LIMITS.finalDepthMax] }),
  describe: ({ finalDepth }) => `final after ${finalDepth} blocks`,
  explain: () => [],
  create,
}

function create(document: GenesisDocument): Engine {
  const { finalDepth } = document.engine as unknown as { readonly finalDepth: number }
  const isAllowed = producerRule(document)

  function verifyAlone({ header: { height, seal, producer } }: EncodedHeader): Result<undefined> {
    if (seal.length > 0) {
      return fail('BLOCK_SEAL_INVALID', `a longest-chain block has no seal; this has ${seal.length} bytes`)
    }
    if (isAllowed(producer)) return ok()
    return fail('BLOCK_PRODUCER_NOT_ALLOWED', `the producer of block ${height} is not listed`)
  }

  return {
    name: 'longest-chain',
    making: 'turns',
    prepare({ producer, entryCount }) {
      return entryCount > 0 && isAllowed(producer) ? { kind: 'sealed', seal: NO_SEAL } : undefined
    },
    verifyAlone,
    verify(block, { entryCount }) {
      const alone = verifyAlone(block)
      if (!alone.ok || entryCount > 0) return alone
      return fail('BLOCK_EMPTY', `block ${block.header.height} has no entries`)
    },
    weight: () => 1n,
    finalHeight: (headHeight) => Math.max(0, headHeight - finalDepth),
  }
}

import { equalBytes } from '../../src/bytes.ts'
import type { EngineKind } from '../../src/consensus/engine.ts'
import { integersFault } from '../../src/consensus/parameters.ts'
import { fail, ok } from '../../src/result.ts'

/** An engine that nobody has thought of yet: the listed producers make one block each, in turn. */
export const roundRobin: EngineKind = {
  parameters: ['finalDepth'],
  complete: (chosen) => ({ finalDepth: 10, ...chosen }),
  fault: (parameters) => integersFault(parameters, { finalDepth: [1, 100] }),
  describe: ({ finalDepth }) => `in turn, final after ${finalDepth} blocks`,
  explain: () => [],
  create({ producers = [], engine: { finalDepth } }) {
    const isTurn = (height: number, key: Uint8Array) =>
      equalBytes(producers[height % producers.length] ?? new Uint8Array(0), key)
    const verifyAlone: ReturnType<EngineKind['create']>['verifyAlone'] = ({ header }) => {
      if (header.seal.length > 0) return fail('BLOCK_SEAL_INVALID', 'a block in turn has no seal')
      if (isTurn(header.height, header.producer)) return ok()
      return fail('BLOCK_PRODUCER_NOT_ALLOWED', `block ${header.height} is not its producer's`)
    }
    return {
      name: 'round-robin',
      making: 'turns',
      prepare: ({ parent, producer }) =>
        isTurn(parent.height + 1, producer) ? { kind: 'sealed', seal: new Uint8Array(0) } : undefined,
      verifyAlone,
      verify: (block) => verifyAlone(block),
      weight: () => 1n,
      finalHeight: (headHeight) => Math.max(0, headHeight - Number(finalDepth)),
    }
  },
}

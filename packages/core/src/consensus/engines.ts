import type { GenesisDocument } from '../block/genesis.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Engine, EngineFactory } from './engine.ts'
import { longestChain } from './longest-chain/longest-chain.ts'

/** Every engine by the name that a genesis document gives it: the one line to add for a new one. */
export const ENGINES: Readonly<Record<string, EngineFactory>> = Object.assign(Object.create(null), {
  'longest-chain': longestChain,
})

/** The engine that `document` asks for; GENESIS_INVALID when there is none of that name. */
export function createEngine(document: GenesisDocument): Result<Engine> {
  const factory = ENGINES[document.engine.name]
  if (factory === undefined) {
    const known = Object.keys(ENGINES).join(', ')
    return fail('GENESIS_INVALID', `engine.name is "${document.engine.name}"; this version knows ${known}`)
  }
  return ok(factory(document))
}

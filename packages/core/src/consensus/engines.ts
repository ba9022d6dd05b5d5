import type { GenesisDocument } from '../block/genesis.ts'
import type { Crypto } from '../crypto.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Engine, EngineKind } from './engine.ts'
import { longestChain } from './longest-chain/longest-chain.ts'
import { proofOfWork } from './proof-of-work/proof-of-work.ts'

export type EngineRegistry = Readonly<Record<string, EngineKind>>

/** Every engine by the name that a genesis document gives it: the one line to add for a new one. */
export const ENGINES: EngineRegistry = Object.assign(Object.create(null), {
  'longest-chain': longestChain,
  'proof-of-work': proofOfWork,
})

/** The kind of the engine that `document` asks for, whose parameters it likes. Errors: GENESIS_INVALID. */
export function engineKind(
  { engine }: Pick<GenesisDocument, 'engine'>,
  engines: EngineRegistry = ENGINES,
): Result<EngineKind> {
  const kind = engines[engine.name]
  if (kind === undefined) {
    const known = Object.keys(engines).join(', ')
    return fail('GENESIS_INVALID', `engine.name is "${engine.name}"; this version knows ${known}`)
  }
  const fault = kind.fault(engine)
  return fault === undefined ? ok(kind) : fail('GENESIS_INVALID', `genesis: ${fault}`)
}

/** The engine that `document` asks for. Errors: GENESIS_INVALID. */
export function createEngine(
  document: GenesisDocument,
  crypto: Crypto,
  engines: EngineRegistry = ENGINES,
): Result<Engine> {
  const kind = engineKind(document, engines)
  return kind.ok ? ok(kind.value.create(document, crypto)) : kind
}

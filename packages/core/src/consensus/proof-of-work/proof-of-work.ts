/**
 * Whoever finds a nonce makes the next block; the chain of most work wins; a block is final when
 * `finalDepth` blocks stand on it. What the work is: ../work.ts. How much of it is asked: retarget.ts. Why
 * it is so, and what it does not promise: docs/adr/0013-proof-of-work.md.
 *
 * Nothing is looked up: the parent's seal says the target and when the window began, and its header the rest.
 * The order of the checks is that of their cost: a comparison of bytes before the one hash.
 */
import type { EngineParameters, GenesisDocument } from '../../block/genesis.ts'
import type { EncodedHeader, Header } from '../../block/header.ts'
import { equalBytes, toHex } from '../../bytes.ts'
import type { Crypto } from '../../crypto.ts'
import { LIMITS } from '../../limits.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Engine, EngineKind, Fact, LinkContext, Prepared, Template } from '../engine.ts'
import { type IntegerBounds, integersFault, producerRule } from '../parameters.ts'
import { expectedHashes, isWorkDone, NONCE_BYTES, targetOf, uint256, workDigest } from '../work.ts'
import { firstWindowState, isPossible, nextWindowState, type RetargetRule } from './retarget.ts'
import { decodeSeal, encodeSeal, type WindowState } from './seal.ts'

/** What a genesis document says beside the engine's name. Difficulties in expected hashes a block. */
interface Parameters {
  readonly finalDepth: number
  /** Between two blocks, as it should be. */
  readonly intervalMs: number
  /** Blocks with one target. */
  readonly window: number
  /** Of the first window, and the least that there is. */
  readonly difficulty: number
  readonly difficultyMinimum: number
}

const BOUNDS: IntegerBounds = {
  finalDepth: [1, LIMITS.finalDepthMax],
  intervalMs: [1, LIMITS.powIntervalMax],
  window: [1, LIMITS.powWindowMax],
  difficulty: [1, LIMITS.integerMax],
  difficultyMinimum: [1, LIMITS.integerMax],
}

/** One core tries some 10 million nonces a second, so it takes 5 s for a block. */
const DEFAULTS = { finalDepth: 1_000, intervalMs: 5_000, window: 16, difficulty: 50_000_000 }
/** A ledger that rests gets easier, down to a block every tenth of a second. */
const EASE = 50

export const proofOfWork: EngineKind = {
  parameters: Object.keys(BOUNDS),
  complete,
  fault,
  describe: ({ intervalMs, finalDepth }) =>
    `a block every ${Number(intervalMs) / 1_000} s, final after ${finalDepth} blocks`,
  explain,
  create: (document, crypto) => new ProofOfWork(document, crypto),
}

function complete(chosen: EngineParameters): EngineParameters {
  const { difficulty } = { ...DEFAULTS, ...chosen }
  return { ...DEFAULTS, difficultyMinimum: Math.ceil(Number(difficulty) / EASE), ...chosen }
}

function fault(parameters: EngineParameters): string | undefined {
  const { difficulty, difficultyMinimum } = parameters
  const outOfBounds = integersFault(parameters, BOUNDS)
  if (outOfBounds !== undefined || Number(difficulty) >= Number(difficultyMinimum)) return outOfBounds
  return `engine.difficulty: ${difficulty} is below engine.difficultyMinimum, ${difficultyMinimum}`
}

/** Difficulty and nonce, and the digest whose zeros are the proof. */
function explain(block: EncodedHeader, crypto: Pick<Crypto, 'sha256'>): readonly Fact[] {
  const decoded = decodeSeal(block.header.seal)
  if (!decoded.ok) return []
  const { target, nonce } = decoded.value
  return [
    { name: 'difficulty', value: `${expectedHashes(target)}` },
    { name: 'nonce', value: `${nonce}` },
    { name: 'work', value: toHex(workDigest(block, crypto)) },
  ]
}

class ProofOfWork implements Engine {
  readonly name = 'proof-of-work'
  readonly making = 'search'
  readonly #first: WindowState
  readonly #retarget: RetargetRule
  readonly #finalDepth: number
  readonly #isAllowed: (key: Uint8Array) => boolean
  readonly #crypto: Crypto

  constructor(document: GenesisDocument, crypto: Crypto) {
    const parameters = document.engine as unknown as Parameters
    const { finalDepth, intervalMs, window, difficulty, difficultyMinimum } = parameters
    this.#first = firstWindowState(difficulty, document.time)
    this.#retarget = { window, intervalMs, greatestTarget: targetOf(BigInt(difficultyMinimum)) }
    this.#finalDepth = finalDepth
    this.#isAllowed = producerRule(document)
    this.#crypto = crypto
  }

  prepare({ parent, producer, entryCount }: Template): Prepared | undefined {
    const state = this.#stateAfter(parent)
    if (!state.ok || entryCount === 0 || !this.#isAllowed(producer)) return undefined
    return { kind: 'work', seal: encodeSeal(state.value), target: uint256(state.value.target) }
  }

  verifyAlone(block: EncodedHeader): Result<undefined> {
    const { height, producer, seal } = block.header
    const decoded = decodeSeal(seal)
    if (!decoded.ok) return decoded
    if (!this.#isAllowed(producer)) {
      return fail('BLOCK_PRODUCER_NOT_ALLOWED', `the producer of block ${height} is not listed`)
    }
    const { target } = decoded.value
    if (!isPossible(target, this.#retarget)) {
      return fail('BLOCK_TARGET_WRONG', `block ${height} has a target that no block of this ledger has`)
    }
    if (isWorkDone(block, seal.subarray(0, 32), this.#crypto)) return ok()
    const wanted = expectedHashes(target)
    return fail('BLOCK_WORK_INSUFFICIENT', `the nonce of block ${height} does not stand for ${wanted} hashes`)
  }

  verify(block: EncodedHeader, { parent, entryCount }: LinkContext): Result<undefined> {
    const { height, seal } = block.header
    const decoded = decodeSeal(seal)
    if (!decoded.ok) return decoded
    if (entryCount === 0) return fail('BLOCK_EMPTY', `block ${height} has no entries`)
    const state = this.#stateAfter(parent)
    if (!state.ok) return state
    if (!equalBytes(encodeSeal(state.value).subarray(0, -NONCE_BYTES), seal.subarray(0, -NONCE_BYTES))) {
      const { target, windowTime } = state.value
      const due = `${expectedHashes(target)} hashes in the window from ${windowTime}`
      const found = `${expectedHashes(decoded.value.target)} in that from ${decoded.value.windowTime}`
      return fail('BLOCK_TARGET_WRONG', `block ${height} takes ${due}, and says ${found}`)
    }
    return this.verifyAlone(block)
  }

  /** Genesis, and a seal that is none, weigh as little as a block can. */
  weight({ seal }: Header): bigint {
    const decoded = decodeSeal(seal)
    return decoded.ok ? expectedHashes(decoded.value.target) : 1n
  }

  finalHeight(headHeight: number): number {
    return Math.max(0, headHeight - this.#finalDepth)
  }

  #stateAfter(parent: Header): Result<WindowState> {
    if (parent.height === 0) return ok(this.#first)
    const decoded = decodeSeal(parent.seal)
    return decoded.ok ? ok(nextWindowState(parent, decoded.value, this.#retarget)) : decoded
  }
}

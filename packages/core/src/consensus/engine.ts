/**
 * The contract of a consensus engine: who may make the next block, which chain wins, when a block is final.
 *
 * An engine is pure and holds no state: everything it needs of the chain is in the header of the parent. So
 * headers are checked before any body is here, on any branch, without looking further back. How engines of
 * other kinds fit in is in docs/adr/0012-engine-contract.md; what all of them promise is in
 * test/consensus/conformance.ts, which every engine runs.
 */
import type { EngineParameters, GenesisDocument } from '../block/genesis.ts'
import type { EncodedHeader, Header } from '../block/header.ts'
import { compareBytes, type Hash } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { fail, ok, type Result } from '../result.ts'

export interface Engine {
  readonly name: string
  /**
   * What it takes to make a block. `turns`: nothing, so nodes hold back to keep out of each other's way.
   * `search`: work, so whoever may make one begins at once, and only with a miner.
   */
  readonly making: 'turns' | 'search'
  /**
   * How the next block is sealed, when `template.producer` may make it now; else undefined. The seal goes
   * into the header, so it is hashed and signed.
   */
  prepare(template: Template): Prepared | undefined
  /**
   * What can be said of a block's header without its parent. Blocks whose parent is unknown are kept only
   * when they pass, so whatever makes blocks dear to make belongs here.
   */
  verifyAlone(block: EncodedHeader): Result<undefined>
  /**
   * Whether a block that somebody made obeys the rule on its parent, which does. Cheap: it runs before
   * entries are looked at. Whatever passes it passes `verifyAlone`.
   */
  verify(block: EncodedHeader, context: LinkContext): Result<undefined>
  /** What this block adds to the weight of its chain, > 0; also of one that `verify` would refuse. */
  weight(header: Header): bigint
  /** Height of the highest final block of a chain whose head is at `headHeight`. Never decreases with it. */
  finalHeight(headHeight: number): number
}

export interface LinkContext {
  readonly parent: Header
  readonly entryCount: number
}

/** What is known of a block before it is sealed. */
export interface Template {
  readonly parent: Header
  readonly producer: Uint8Array
  readonly entryCount: number
  readonly time: number
}

export type Prepared =
  | { readonly kind: 'sealed'; readonly seal: Uint8Array }
  /**
   * The seal ends with a nonce, which is zero as yet. One must be found with which the work digest of the
   * header is at most `target`, 32 bytes, big-endian: see work.ts.
   */
  | { readonly kind: 'work'; readonly seal: Uint8Array; readonly target: Uint8Array }

/** Something that a seal says, for people. Printable ASCII. */
export interface Fact {
  readonly name: string
  readonly value: string
}

/** An engine as it is registered: what it has to say of a genesis document, and how it is made from one. */
export interface EngineKind {
  /** The names of its parameters; no other ones exist. */
  readonly parameters: readonly string[]
  /** What is chosen, with defaults for the rest. Nothing is checked. */
  complete(chosen: EngineParameters): EngineParameters
  /** The first parameter that is missing, unknown or out of bounds, and why; undefined when all is well. */
  fault(parameters: EngineParameters): string | undefined
  /** The rule with its parameters, for people: "final after 100 blocks". */
  describe(parameters: EngineParameters): string
  /** What the seal of a block says, whether it is right or not. */
  explain(block: EncodedHeader, crypto: Pick<Crypto, 'sha256'>): readonly Fact[]
  /** The document's parameters have no fault. */
  create(document: GenesisDocument, crypto: Crypto): Engine
}

/** A chain as fork choice sees it: its last block's hash and the sum of its weights. */
export interface Candidate {
  readonly hash: Hash
  readonly weight: bigint
}

/**
 * Whether `a` wins over `b`: the heavier chain, and of two equally heavy ones that with the lower hash. It
 * never depends on which came first, so that all nodes that know the same blocks choose the same head.
 */
export function isPreferred(a: Candidate, b: Candidate): boolean {
  if (a.weight !== b.weight) return a.weight > b.weight
  return compareBytes(a.hash, b.hash) < 0
}

/** Weights are stored and sent in 32 bytes. */
const WEIGHT_END = 1n << 256n

/**
 * The weight of the chain that ends with this block, which obeys the engine's rule. Errors:
 * BLOCK_WEIGHT_TOO_LARGE, when it would not be below 2^256.
 */
export function chainWeight(parentWeight: bigint, header: Header, engine: Engine): Result<bigint> {
  const weight = parentWeight + engine.weight(header)
  if (weight < WEIGHT_END) return ok(weight)
  return fail('BLOCK_WEIGHT_TOO_LARGE', `the chain up to block ${header.height} would weigh 2^256 or more`)
}

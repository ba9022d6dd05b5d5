import type { GenesisDocument } from '../block/genesis.ts'
import type { Header } from '../block/header.ts'
import { compareBytes, type Hash } from '../bytes.ts'
import type { Result } from '../result.ts'

/**
 * The consensus rule of a ledger: who may make the next block, which chain wins, when a block is final. An
 * engine is pure and holds no state: everything it needs of the chain is in the headers it is given.
 */
export interface Engine {
  readonly name: string
  /**
   * The seal with which `template.producer` may make this block now; undefined when it may not. The seal
   * goes into the header, so it is hashed and signed.
   */
  seal(template: Template): Uint8Array | undefined
  /** Whether a block that somebody made obeys the rule. Cheap: it runs before entries are looked at. */
  verify(header: Header, context: { readonly parent: Header; readonly entryCount: number }): Result<undefined>
  /** What this block adds to the weight of its chain, > 0. */
  weight(header: Header): bigint
  /** Height of the highest final block of a chain whose head is at `headHeight`. Never decreases with it. */
  finalHeight(headHeight: number): number
}

/** What is known of a block before it is sealed. */
export interface Template {
  readonly parent: Header
  readonly producer: Uint8Array
  readonly entryCount: number
  readonly time: number
}

/** Makes an engine from its parameters in the genesis document, which have been checked. */
export type EngineFactory = (document: GenesisDocument) => Engine

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

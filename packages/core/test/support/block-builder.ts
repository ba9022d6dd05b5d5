import { type Block, medianTime, parseBlock } from '../../src/block/block.ts'
import { encodeBody } from '../../src/block/body.ts'
import {
  defaultGenesis,
  type EngineParameters,
  type GenesisDocument,
  genesisBlock,
} from '../../src/block/genesis.ts'
import { blockSigningBytes, encodeHeader, type Header, hashHeader } from '../../src/block/header.ts'
import { type Hash, toHex } from '../../src/bytes.ts'
import type { Engine } from '../../src/consensus/engine.ts'
import { createEngine, type EngineRegistry } from '../../src/consensus/engines.ts'
import type { Signer } from '../../src/crypto.ts'
import { type EntryWithPayload, signEntry } from '../../src/entry/entry.ts'
import { encodePayload } from '../../src/entry/payload.ts'
import type { Result } from '../../src/result.ts'
import { TwinLog } from '../log/twin.ts'
import { testCrypto, testSigner } from './crypto.ts'
import { solve } from './search.ts'

export const crypto = testCrypto()

/** Time of every genesis block of these tests. */
export const START = 1_767_225_600_000
/** Later than any block of these tests. */
export const LATER = START + 1_000_000

export const authors: readonly Signer[] = [0, 1, 2, 3].map((i) => testSigner(`author ${i}`))
export const producers: readonly Signer[] = [0, 1, 2].map((i) => testSigner(`producer ${i}`))
/** Never in a list of producers. */
export const stranger = testSigner('stranger')

export interface Rules {
  readonly document: GenesisDocument
  readonly genesis: Block
  readonly ledgerId: Hash
  readonly engine: Engine
}

export interface RulesChoice {
  readonly finalDepth?: number
  /** Instead of longest-chain with `finalDepth`. */
  readonly engine?: EngineParameters
  /** Where that engine is; by default those of the code under test. */
  readonly engines?: EngineRegistry
  readonly producers?: readonly Signer[]
  readonly limits?: Partial<GenesisDocument['limits']>
}

/** A ledger that lets anyone produce, unless `producers` are given. */
export function testRules({
  finalDepth = 1_000,
  engine = { name: 'longest-chain', finalDepth },
  engines,
  producers: allowed,
  limits,
}: RulesChoice = {}): Rules {
  const given = { name: 'test', time: START, salt: new Uint8Array(16) }
  const defaults = defaultGenesis(given)
  const document: GenesisDocument = {
    ...defaults,
    engine,
    limits: { ...defaults.limits, ...limits },
    ...(allowed && { producers: allowed.map((signer) => signer.publicKey) }),
  }
  const genesis = genesisBlock(document, crypto)
  return {
    document,
    genesis,
    ledgerId: genesis.hash,
    engine: unwrap(createEngine(document, crypto, engines)),
  }
}

const knownEntries = new Map<string, EntryWithPayload>()

/**
 * The entry of an author at a sequence. Variants of it are rivals for that sequence; equal arguments, the
 * same entry.
 */
export function testEntry(
  ledgerId: Hash,
  author: Signer,
  sequence: number,
  variant = 0,
  note?: string,
): EntryWithPayload {
  const key = [toHex(ledgerId), toHex(author.publicKey), sequence, variant, note].join()
  const known = knownEntries.get(key)
  if (known) return known
  const salt = new Uint8Array(16).fill(variant)
  const reading = { salt, measure: 'bpm', value: 60 + (sequence % 100), time: START, ...(note && { note }) }
  const payload = encodePayload(reading)
  const entry = signEntry({ ledgerId, sequence, commitment: crypto.sha256(payload) }, author, crypto)
  const made = { entry, payload }
  knownEntries.set(key, made)
  return made
}

/**
 * A block with what a block on top of it must know; nothing of it comes from the code under test but the
 * entry ids.
 */
export interface Built {
  readonly block: Block
  readonly parent: Built | undefined
  /** All entry ids from genesis on. */
  readonly leaves: readonly Hash[]
  readonly times: readonly number[]
  /** Next sequence by author, in hexadecimal. */
  readonly next: ReadonlyMap<string, number>
}

export function builtGenesis({ genesis }: Rules): Built {
  return { block: genesis, parent: undefined, leaves: [], times: [genesis.header.time], next: new Map() }
}

export interface BlockChoice {
  readonly producer?: Signer
  readonly items: readonly EntryWithPayload[]
  /**
   * Without its signature, which only the first stages of validation look at; signing takes the longest
   * here.
   */
  readonly isUnsigned?: boolean
  /** Milliseconds after the earliest time allowed. */
  readonly delayMs?: number
  /**
   * Fields of the header that are to be other than they should, before work is done on it and it is hashed
   * and signed. A seal that is spoilt stays as it is.
   */
  readonly spoil?: (header: Header) => Partial<Header>
}

/** A block on `parent`, valid there when its items are each author's next ones and nothing is spoilt. */
export function buildBlock(rules: Rules, parent: Built, choice: BlockChoice): Built {
  const { producer = producers[0] as Signer, items, delayMs = 0, isUnsigned, spoil } = choice
  const entries = items.map(({ entry }) => entry)
  const leaves = [...parent.leaves, ...entries.map(({ id }) => id)]
  const bodyBytes = encodeBody(entries)
  const right: Header = {
    version: 1,
    height: parent.block.header.height + 1,
    parent: parent.block.hash,
    time: medianTime(parent.times.slice(-11)) + 1 + delayMs,
    size: leaves.length,
    root: new TwinLog(leaves).root(leaves.length),
    body: crypto.sha256(bodyBytes),
    producer: producer.publicKey,
    seal: new Uint8Array(0),
  }
  const spoilt = { ...right, ...spoil?.(right) }
  const header = spoilt.seal === right.seal ? sealed(rules, parent, spoilt, entries.length) : spoilt
  const headerBytes = encodeHeader(header)
  const signed = blockSigningBytes(rules.ledgerId, hashHeader(headerBytes, crypto))
  const signature = isUnsigned ? new Uint8Array(64) : producer.sign(signed)
  const payloads = items.map(({ payload }) => payload)
  const block = unwrap(parseBlock({ headerBytes, signature, bodyBytes, payloads }, crypto))
  const next = new Map(parent.next)
  for (const { author, sequence } of entries) next.set(toHex(author), sequence + 1)
  return { block, parent, leaves, times: [...parent.times, header.time], next }
}

/** With the seal that the engine wants. One that lets no such block be made would want it of another. */
function sealed({ engine }: Rules, parent: Built, header: Header, entryCount: number): Header {
  const template = { parent: parent.block.header, producer: header.producer, entryCount, time: header.time }
  const substitutes = producers.map(({ publicKey }) => ({ ...template, producer: publicKey, entryCount: 1 }))
  for (const each of [template, ...substitutes]) {
    const prepared = engine.prepare(each)
    if (prepared?.kind === 'sealed') return { ...header, seal: prepared.seal }
    if (prepared) return solve({ ...header, seal: prepared.seal }, prepared.target, crypto)
  }
  return header
}

/** A block with the next entry of each of these authors, given by their numbers. */
export function buildNext(
  rules: Rules,
  parent: Built,
  numbers: readonly number[],
  choice: Omit<BlockChoice, 'items'> & { readonly variant?: number } = {},
): Built {
  const next = new Map(parent.next)
  const items = numbers.map((number) => {
    const author = authors[number] as Signer
    const key = toHex(author.publicKey)
    const sequence = next.get(key) ?? 0
    next.set(key, sequence + 1)
    return testEntry(rules.ledgerId, author, sequence, choice.variant)
  })
  return buildBlock(rules, parent, { ...choice, items })
}

/** `count` blocks on `parent`, each with the next entry of one author; the last of them comes last. */
export function buildChain(
  rules: Rules,
  parent: Built,
  count: number,
  choice: Omit<BlockChoice, 'items'> & { readonly variant?: number; readonly author?: number } = {},
): Built[] {
  const chain: Built[] = []
  for (let at = parent; chain.length < count; ) {
    at = buildNext(rules, at, [choice.author ?? 0], choice)
    chain.push(at)
  }
  return chain
}

export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(`${result.error.code}: ${result.error.message}`)
}

/**
 * Blocks that came without having been seen before, checked by themselves: header and signature were verified
 * already, contents came beside them.
 *
 * When something is wrong it matters whose fault it is. The header commits to the body by its hash, and each
 * entry to its payload. So what is wrong with a body that has that hash, or with a payload that has that
 * hash, is wrong with the block, whoever sends it: it can never be valid. Contents that do not have the
 * hashes say something about the sender alone. A mistake here would let one liar talk us out of a good block.
 */
import {
  type Block,
  type BlockContents,
  blockBytes,
  type Crypto,
  type EntryWithPayload,
  equalBytes,
  type Failure,
  type GenesisDocument,
  type Hash,
  LIMITS,
  parseBlock,
  type Result,
  type SignedHeader,
  validateReadings,
} from '@pulseledger/core'
import type { ExchangeInit } from './context.ts'
import { itemsOf } from './context.ts'
import { Slice } from './slice.ts'

export interface ContentsFault {
  readonly error: Failure
  /** The block that can never be valid; undefined when only the sender is at fault. */
  readonly invalidBlock?: Hash
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: ContentsFault }

export interface Contained {
  readonly header: SignedHeader
  readonly contents: BlockContents
}

export class ContentsCheck {
  readonly #init: Pick<ExchangeInit, 'rules' | 'crypto' | 'checkEntries' | 'clock' | 'pause'>

  constructor(init: Pick<ExchangeInit, 'rules' | 'crypto' | 'checkEntries' | 'clock' | 'pause'>) {
    this.#init = init
  }

  /** All of them or the first fault. One call for the entries of all, so that the threads are kept busy. */
  async check(candidates: readonly Contained[]): Promise<Checked<Block[]>> {
    const { crypto, rules, clock, pause } = this.#init
    const slice = new Slice(clock, pause)
    const blocks: Block[] = []
    for (const candidate of candidates) {
      const parsed = parseContents(candidate, rules.document, crypto)
      if (!parsed.ok) return parsed
      blocks.push(parsed.value)
      if (slice.isOver) await slice.next()
    }
    const items = itemsOf(blocks)
    const results = await this.#init.checkEntries(items)
    let at = 0
    for (const block of blocks) {
      for (let i = 0; i < block.entries.length; i++, at++) {
        const result = results[at] as Result<undefined>
        if (!result.ok) return faultOf(block, items[at] as EntryWithPayload, result.error, crypto)
      }
    }
    await slice.next()
    for (const block of blocks) {
      const readings = validateReadings(block, rules.document)
      if (!readings.ok) return invalid(block.hash, readings.error)
      if (slice.isOver) await slice.next()
    }
    return { ok: true, value: blocks }
  }
}

function parseContents(
  { header, contents }: Contained,
  document: GenesisDocument,
  crypto: Crypto,
): Checked<Block> {
  const parsed = parseBlock(
    { ...contents, headerBytes: header.headerBytes, signature: header.signature },
    crypto,
  )
  if (!parsed.ok) {
    const { code } = parsed.error
    const isBody = code === 'ENTRY_INVALID' || code === 'CBOR_MALFORMED' || code === 'BLOCK_TOO_LARGE'
    const isOurs = contents.bodyBytes.length <= LIMITS.blockBytesCeiling
    return isBody && isOurs ? invalid(header.hash, parsed.error) : blamed(parsed.error)
  }
  const block = parsed.value
  const tooLarge = sizeFault(block, document)
  if (tooLarge === undefined) return { ok: true, value: block }
  // Payloads that were made longer on the way would make a good block look too large.
  const isCommitted = block.entries.every(({ commitment }, i) =>
    equalBytes(crypto.sha256(block.payloads[i] as Uint8Array), commitment),
  )
  return isCommitted ? invalid(block.hash, tooLarge) : blamed(tooLarge)
}

function sizeFault(block: Block, { limits }: GenesisDocument): Failure | undefined {
  const { height } = block.header
  const [count, bytes] = [block.entries.length, blockBytes(block)]
  if (count > limits.blockEntries) {
    return {
      code: 'BLOCK_TOO_LARGE',
      message: `block ${height} has ${count} entries; ${limits.blockEntries} are allowed`,
    }
  }
  if (bytes > limits.blockBytes) {
    return {
      code: 'BLOCK_TOO_LARGE',
      message: `block ${height} has ${bytes} bytes; ${limits.blockBytes} are allowed`,
    }
  }
  return undefined
}

/** An entry is part of the body; its payload is the block's own when it has the committed hash. */
function faultOf(
  block: Block,
  { entry, payload }: EntryWithPayload,
  error: Failure,
  crypto: Crypto,
): Checked<never> {
  const isOwn = equalBytes(crypto.sha256(payload), entry.commitment)
  return isOwn ? invalid(block.hash, error) : blamed(error)
}

function invalid(invalidBlock: Hash, error: Failure): Checked<never> {
  return { ok: false, fault: { error, invalidBlock } }
}

function blamed(error: Failure): Checked<never> {
  return { ok: false, fault: { error } }
}

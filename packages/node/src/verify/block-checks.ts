import {
  type Block,
  decodeHeader,
  type ErrorCode,
  equalBytes,
  type Failure,
  type Hash,
  type Header,
  parseBlock,
  toHex,
  validateBlockShape,
  validateReading,
  validateReadings,
} from '@pulseledger/core'
import type { VerifyContext } from './context.ts'
import { type Place, type ProblemList, REMEDY } from './problem-list.ts'

const NO_BYTES = new Uint8Array(0)

/** Which block is looked at. */
export interface BlockPlace {
  readonly height: number
  /** Of a block beside the chain, to tell it from the canonical one of the height. */
  readonly side?: Hash
}

export function placeOf({ height, side }: BlockPlace, part: string): Place {
  return { height, field: side ? `${part} of side block ${shortHash(side)}` : part }
}

/** The first eight digits: enough to find the block among those of a height. */
export function shortHash(hash: Hash): string {
  return toHex(hash.subarray(0, 4))
}

/** The part of a block that a code of the core's validation speaks about, and who can mend it. */
const FINDINGS: Partial<Record<ErrorCode, { readonly part: string; readonly remedy: string }>> = {
  HEADER_INVALID: { part: 'header', remedy: REMEDY.restore },
  ENTRY_INVALID: { part: 'body', remedy: REMEDY.restore },
  BLOCK_BODY_MISMATCH: { part: 'body', remedy: REMEDY.restore },
  BLOCK_PAYLOAD_MISSING: { part: 'payloads', remedy: REMEDY.restore },
  PAYLOAD_INVALID: { part: 'payloads', remedy: REMEDY.restore },
  // The signature travels beside the header, so no hash covers it: it may be what was changed.
  BLOCK_SIGNATURE_INVALID: { part: 'signature', remedy: REMEDY.restore },
  BLOCK_TOO_LARGE: { part: 'body', remedy: REMEDY.producer },
  BLOCK_EMPTY: { part: 'body', remedy: REMEDY.producer },
  BLOCK_PARENT_UNKNOWN: { part: 'header.parent', remedy: REMEDY.restore },
  BLOCK_HEIGHT_WRONG: { part: 'header.height', remedy: REMEDY.producer },
  BLOCK_TIME_TOO_EARLY: { part: 'header.time', remedy: REMEDY.producer },
  BLOCK_SEAL_INVALID: { part: 'header.seal', remedy: REMEDY.producer },
  BLOCK_TARGET_WRONG: { part: 'header.seal', remedy: REMEDY.producer },
  BLOCK_WORK_INSUFFICIENT: { part: 'header.seal', remedy: REMEDY.producer },
  BLOCK_PRODUCER_NOT_ALLOWED: { part: 'header.producer', remedy: REMEDY.producer },
  BLOCK_SEQUENCE_WRONG: { part: 'sequences', remedy: REMEDY.producer },
}

function addFailure(failure: Failure, place: BlockPlace, problems: ProblemList): void {
  const { part, remedy } = FINDINGS[failure.code] ?? { part: 'block', remedy: REMEDY.restore }
  problems.add(placeOf(place, part), failure.message, remedy)
}

/** A wrong log is a wrong size or a wrong root; the core has one code for both. */
export function addChainFailure(
  failure: Failure,
  header: Header,
  sizeExpected: number,
  place: BlockPlace,
  problems: ProblemList,
): void {
  if (failure.code === 'BLOCK_LOG_MISMATCH') {
    const part = header.size === sizeExpected ? 'header.root' : 'header.size'
    problems.add(placeOf(place, part), failure.message, REMEDY.producer)
  } else addFailure(failure, place, problems)
}

/**
 * The block that the stored bytes make, parsed again and strictly whatever the store made of them; undefined,
 * and a problem, when they are not a block or not the one of this hash.
 */
export function reparse(
  stored: Block,
  hash: Hash,
  place: BlockPlace,
  { crypto }: Pick<VerifyContext, 'crypto'>,
  problems: ProblemList,
): Block | undefined {
  const parsed = parseBlock(stored, crypto)
  if (!parsed.ok) {
    if (parsed.error.code !== 'CBOR_MALFORMED') addFailure(parsed.error, place, problems)
    else {
      const part = decodeHeader(stored.headerBytes).ok ? 'body' : 'header'
      problems.add(placeOf(place, part), parsed.error.message, REMEDY.restore)
    }
    return undefined
  }
  if (!equalBytes(parsed.value.hash, hash)) {
    const message = `the header has the hash ${toHex(parsed.value.hash)} and is stored under ${toHex(hash)}`
    problems.add(placeOf(place, 'header'), message, REMEDY.restore)
    return undefined
  }
  return parsed.value
}

/**
 * What can be said of a parsed block without its parent, but for its entries. Erased payloads are passed
 * over.
 */
export function checkContents(
  block: Block,
  place: BlockPlace,
  context: VerifyContext,
  problems: ProblemList,
): void {
  // The core judges a block as one that is new, which must carry all its payloads.
  const payloads = block.payloads.map((payload) => payload ?? NO_BYTES)
  const shape = validateBlockShape({ ...block, payloads }, context)
  if (!shape.ok) addFailure(shape.error, place, problems)
  if (!validateReadings(block, context.document).ok) checkEachReading(block, place, context, problems)
}

function checkEachReading(
  block: Block,
  place: BlockPlace,
  context: VerifyContext,
  problems: ProblemList,
): void {
  for (const [i, { commitment }] of block.entries.entries()) {
    const payload = block.payloads[i] ?? null
    // A payload that is not the committed one is reported with its entry, and nobody's reading.
    if (payload === null || !equalBytes(context.crypto.sha256(payload), commitment)) continue
    const reading = validateReading(payload, context.document)
    if (reading.ok || reading.error.code === 'CBOR_MALFORMED' || reading.error.code === 'PAYLOAD_INVALID')
      continue
    problems.add(placeOf(place, `reading of entry ${i}`), reading.error.message, REMEDY.producer)
  }
}

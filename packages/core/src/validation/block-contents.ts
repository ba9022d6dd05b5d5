import { type Block, blockBytes } from '../block/block.ts'
import { checkReading, type GenesisDocument } from '../block/genesis.ts'
import { blockSigningBytes } from '../block/header.ts'
import type { Hash } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { decodePayload } from '../entry/payload.ts'
import { fail, ok, type Result } from '../result.ts'
import { validateEntry } from './entry.ts'

export interface ContentsContext {
  readonly ledgerId: Hash
  readonly document: GenesisDocument
  readonly crypto: Crypto
}

/**
 * First stage: what can be said of a parsed block without its parent, except for its entries. Size before
 * anything else, the one signature last.
 */
export function validateBlockShape(
  block: Block,
  { ledgerId, document, crypto }: ContentsContext,
): Result<undefined> {
  const { header, entries } = block
  const { blockEntries, blockBytes: bytesMax } = document.limits
  if (entries.length > blockEntries) {
    return fail(
      'BLOCK_TOO_LARGE',
      `block ${header.height} has ${entries.length} entries; ${blockEntries} are allowed`,
    )
  }
  const bytes = blockBytes(block)
  if (bytes > bytesMax) {
    return fail('BLOCK_TOO_LARGE', `block ${header.height} has ${bytes} bytes; ${bytesMax} are allowed`)
  }
  const missing = block.payloads.indexOf(null)
  if (missing >= 0) {
    return fail('BLOCK_PAYLOAD_MISSING', `block ${header.height} lacks the payload of its entry ${missing}`)
  }
  if (!crypto.verify(header.producer, blockSigningBytes(ledgerId, block.hash), block.signature)) {
    return fail('BLOCK_SIGNATURE_INVALID', `the signature of block ${header.height} does not verify`)
  }
  return ok()
}

/** Whether a payload holds a reading that the ledger's measures allow. */
export function validateReading(payload: Uint8Array, document: GenesisDocument): Result<unknown> {
  const reading = decodePayload(payload)
  return reading.ok ? checkReading(document, reading.value.measure, reading.value.value) : reading
}

/**
 * Second stage: every reading is one that the ledger's measures allow. The payloads must have been checked.
 */
export function validateReadings(block: Block, document: GenesisDocument): Result<undefined> {
  for (const payload of block.payloads) {
    if (payload === null) continue
    const checked = validateReading(payload, document)
    if (!checked.ok) return checked
  }
  return ok()
}

/** Third and dearest stage: every entry's payload, commitment and signature. Workers can share it out. */
export function validateBlockEntries(block: Block, { ledgerId, crypto }: ContentsContext): Result<undefined> {
  for (const [i, entry] of block.entries.entries()) {
    const payload = block.payloads[i]
    if (!payload) {
      return fail('BLOCK_PAYLOAD_MISSING', `block ${block.header.height} lacks the payload of its entry ${i}`)
    }
    const checked = validateEntry({ entry, payload }, ledgerId, crypto)
    if (!checked.ok) return checked
  }
  return ok()
}

/** All stages that need no parent, in order. */
export function validateBlockContents(block: Block, context: ContentsContext): Result<undefined> {
  const shape = validateBlockShape(block, context)
  if (!shape.ok) return shape
  const entries = validateBlockEntries(block, context)
  if (!entries.ok) return entries
  return validateReadings(block, context.document)
}

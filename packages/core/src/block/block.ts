import { equalBytes, type Hash } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import type { Entry } from '../entry/entry.ts'
import { LIMITS } from '../limits.ts'
import { fail, invariant, ok, type Result } from '../result.ts'
import { decodeBody } from './body.ts'
import { decodeHeader, type Header, hashHeader } from './header.ts'

/** The parts of a block as they are stored and sent. */
export interface BlockParts {
  readonly headerBytes: Uint8Array
  /** The producer's, of `blockSigningBytes`: 64 bytes, or empty for genesis. */
  readonly signature: Uint8Array
  /** The list of entries; for genesis the genesis document. */
  readonly bodyBytes: Uint8Array
  /** One for each entry, in the order of the body; null when it was erased. */
  readonly payloads: readonly (Uint8Array | null)[]
}

/** A block whose parts are well-formed and belong together; signatures and its parent are not looked at. */
export interface Block extends BlockParts {
  readonly header: Header
  /** SHA-256 of `headerBytes`. */
  readonly hash: Hash
  /** Views of `bodyBytes`; none in genesis. */
  readonly entries: readonly Entry[]
}

/**
 * Decodes the parts strictly and checks that the body is the one that the header links to and that there are
 * as many payloads as entries. Payloads are compared with commitments by the validation.
 * Errors: CBOR_MALFORMED, HEADER_INVALID, ENTRY_INVALID, PAYLOAD_INVALID (too long), BLOCK_TOO_LARGE,
 * BLOCK_BODY_MISMATCH, BLOCK_SIGNATURE_INVALID (its length), BLOCK_PAYLOAD_MISSING.
 */
export function parseBlock(parts: BlockParts, crypto: Crypto): Result<Block> {
  const { headerBytes, signature, bodyBytes, payloads } = parts
  const decoded = decodeHeader(headerBytes)
  if (!decoded.ok) return decoded
  const header = decoded.value
  const isGenesis = header.height === 0
  if (signature.length !== (isGenesis ? 0 : 64)) {
    const wanted = isGenesis ? 'genesis has none' : '64 were expected'
    return fail('BLOCK_SIGNATURE_INVALID', `block: a signature of ${signature.length} bytes, ${wanted}`)
  }
  const bytesMax = isGenesis ? LIMITS.genesisBytesMax : LIMITS.blockBytesCeiling
  if (bodyBytes.length > bytesMax) {
    return fail(
      'BLOCK_TOO_LARGE',
      `block: a body of ${bodyBytes.length} bytes, at most ${bytesMax} are allowed`,
    )
  }
  if (!equalBytes(crypto.sha256(bodyBytes), header.body)) {
    return fail(
      'BLOCK_BODY_MISMATCH',
      `block ${header.height}: the body is not the one that its header links to`,
    )
  }
  const entries: Result<readonly Entry[]> = isGenesis ? ok([]) : decodeBody(bodyBytes, crypto)
  if (!entries.ok) return entries
  const fault = payloadFault(entries.value.length, payloads)
  if (fault !== undefined) return fault
  return ok({ ...parts, header, hash: hashHeader(headerBytes, crypto), entries: entries.value })
}

function payloadFault(
  entryCount: number,
  payloads: readonly (Uint8Array | null)[],
): ReturnType<typeof fail> | undefined {
  if (payloads.length !== entryCount) {
    const counts = `${payloads.length} payloads for ${entryCount} entries`
    return fail('BLOCK_PAYLOAD_MISSING', `block: ${counts}`)
  }
  const index = payloads.findIndex((payload) => payload !== null && payload.length > LIMITS.payloadBytesMax)
  if (index < 0) return undefined
  const length = payloads[index]?.length
  return fail(
    'PAYLOAD_INVALID',
    `block: payload ${index} has ${length} bytes, at most ${LIMITS.payloadBytesMax}`,
  )
}

/** Bytes of header, signature, body and the payloads that are not erased. */
export function blockBytes(block: BlockParts): number {
  let total = block.headerBytes.length + block.signature.length + block.bodyBytes.length
  for (const payload of block.payloads) total += payload?.length ?? 0
  return total
}

/** The middle one of at least one time; of an even number, the later of the two in the middle. */
export function medianTime(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  const median = sorted[sorted.length >> 1]
  invariant(median !== undefined, 'a median is taken of at least one time')
  return median
}

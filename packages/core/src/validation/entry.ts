import type { Hash } from '../bytes.ts'
import { equalBytes } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { type EntryWithPayload, entrySigningBytes } from '../entry/entry.ts'
import { decodePayload } from '../entry/payload.ts'
import { fail, ok, type Result } from '../result.ts'

/**
 * What can be said of an entry and its payload without knowing the chain: the payload decodes, it is the
 * one that the entry commits to, and the author signed it for this ledger. Cheapest check first; the
 * signature last.
 */
export function validateEntry(
  { entry, payload }: EntryWithPayload,
  ledgerId: Hash,
  crypto: Crypto,
): Result<undefined> {
  const decoded = decodePayload(payload)
  if (!decoded.ok) return decoded
  if (!equalBytes(crypto.sha256(payload), entry.commitment)) {
    return fail(
      'ENTRY_COMMITMENT_MISMATCH',
      `the payload of sequence ${entry.sequence} is not the committed one`,
    )
  }
  if (!crypto.verify(entry.author, entrySigningBytes(ledgerId, entry), entry.signature)) {
    return fail('ENTRY_SIGNATURE_INVALID', `the signature of sequence ${entry.sequence} does not verify`)
  }
  return ok()
}

/**
 * Where nodes of the ledger can be reached, as question (mine) and as answer (all that I know). Canonical
 * dag-cbor:
 *
 *   ["/ip4/192.0.2.7/tcp/7400/p2p/12D3KooW...", ...]
 *
 * What an address means is the network's business; here it is a short text that is safe to print.
 */
import { decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import { LIMITS } from '../limits.ts'
import type { Result } from '../result.ts'

const FORMAT: Format = { name: 'addresses', code: 'MESSAGE_INVALID', bytesMax: LIMITS.requestBytesMax }

const PRINTABLE = /^[\x21-\x7e]+$/

/** Whether an address can be sent: 1..addressBytesMax printable ASCII characters without blanks. */
export function isSendableAddress(address: string): boolean {
  return address.length <= LIMITS.addressBytesMax && PRINTABLE.test(address)
}

/**
 * Canonical dag-cbor, at most `requestBytesMax`. The first `addressesMax` that can be sent: others are left
 * out, since addresses may have come from strangers and be of any form.
 */
export function encodeAddresses(addresses: readonly string[]): Uint8Array {
  const sent = addresses.filter(isSendableAddress).slice(0, LIMITS.addressesMax)
  const writer = new CborWriter(1_024).array(sent.length)
  for (const address of sent) writer.text(address)
  return writer.finish()
}

/** Strict. May be empty. Errors: CBOR_MALFORMED, MESSAGE_INVALID. */
export function decodeAddresses(bytes: Uint8Array): Result<string[]> {
  return decodeStrict(bytes, FORMAT, (reader) =>
    reader.list(LIMITS.addressesMax, () => {
      const address = reader.text(LIMITS.addressBytesMax)
      return isSendableAddress(address) ? address : reader.refuse('not printable ASCII without blanks')
    }),
  )
}

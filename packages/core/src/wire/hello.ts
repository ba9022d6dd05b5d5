/**
 * The first exchange of a connection, before it is known whether both are of one ledger. The asker names its
 * ledger, or null when it wants to join whatever ledger this is; only then the answer has the genesis
 * document. Canonical dag-cbor:
 *
 *   {"ledger": h'<32>'}
 *
 *   {"ledger": h'<32>', "genesis": null}
 *
 * The document is sent as the bytes that the genesis header links to.
 */
import type { Hash } from '../bytes.ts'
import { decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import { LIMITS } from '../limits.ts'
import { invariant, type Result } from '../result.ts'

export interface HelloAnswer {
  readonly ledger: Hash
  /** The genesis document, undecoded; null when it was not asked for. */
  readonly genesis: Uint8Array | null
}

const REQUEST: Format = { name: 'hello', code: 'MESSAGE_INVALID', bytesMax: LIMITS.requestBytesMax }
const ANSWER: Format = { name: 'hello answer', code: 'MESSAGE_INVALID', bytesMax: LIMITS.helloBytesMax }

/** Canonical dag-cbor, 9 or 42 bytes. Null: to learn which ledger it is. */
export function encodeHelloRequest(ledger: Hash | null): Uint8Array {
  const writer = new CborWriter(64).map(1).key('ledger')
  if (ledger === null) return writer.null().finish()
  invariant(ledger.length === 32, 'a ledger id has 32 bytes')
  return writer.byteString(ledger).finish()
}

/** Strict. The ledger id is a view of `bytes`. Errors: CBOR_MALFORMED, MESSAGE_INVALID. */
export function decodeHelloRequest(bytes: Uint8Array): Result<Hash | null> {
  return decodeStrict(bytes, REQUEST, (reader) => {
    reader.openMap()
    reader.key('ledger')
    const ledger = reader.optionalNull() ? null : reader.byteString(32, 32)
    reader.closeMap()
    return ledger
  })
}

/** Canonical dag-cbor, at most `helloBytesMax`. */
export function encodeHelloAnswer({ ledger, genesis }: HelloAnswer): Uint8Array {
  invariant(ledger.length === 32, 'a ledger id has 32 bytes')
  const writer = new CborWriter(64 + (genesis?.length ?? 0)).map(2)
  writer.key('ledger').byteString(ledger)
  if (genesis === null) return writer.key('genesis').null().finish()
  invariant(
    genesis.length >= 1 && genesis.length <= LIMITS.genesisBytesMax,
    'a document is within its bounds',
  )
  return writer.key('genesis').byteString(genesis).finish()
}

/**
 * Strict, as to the message: the document stays undecoded, and whether the ledger is that of the document is
 * for the caller to find out. Views of `bytes`. Errors: CBOR_MALFORMED, MESSAGE_INVALID.
 */
export function decodeHelloAnswer(bytes: Uint8Array): Result<HelloAnswer> {
  return decodeStrict(bytes, ANSWER, (reader) => {
    reader.openMap()
    reader.key('ledger')
    const ledger = reader.byteString(32, 32)
    reader.key('genesis')
    const genesis = reader.optionalNull() ? null : reader.byteString(1, LIMITS.genesisBytesMax)
    reader.closeMap()
    return { ledger, genesis }
  })
}

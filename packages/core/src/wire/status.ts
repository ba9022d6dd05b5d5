/**
 * What nodes tell each other of their chains, as question and as answer. Canonical dag-cbor, such as:
 *
 *   {"head": h'<32>', "height": 7, "weight": h'07'}
 *
 * The weight is a big-endian number without leading zeros; zero is no bytes at all.
 */
import { fromHex, type Hash, toHex } from '../bytes.ts'
import { decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import { LIMITS } from '../limits.ts'
import { invariant, type Result } from '../result.ts'

/** What a node says of its own chain. */
export interface PeerStatus {
  readonly head: Hash
  readonly height: number
  /** Sum of the engine's weights up to the head, 0 <= weight < 2^256. */
  readonly weight: bigint
}

const FORMAT: Format = { name: 'status', code: 'MESSAGE_INVALID', bytesMax: LIMITS.requestBytesMax }
const WEIGHT_BYTES_MAX = 32

/** Canonical dag-cbor, at most 100 bytes. */
export function encodeStatus({ head, height, weight }: PeerStatus): Uint8Array {
  invariant(head.length === 32, 'a hash has 32 bytes')
  invariant(height >= 0, 'a height is not negative')
  const writer = new CborWriter(128).map(3)
  writer.key('head').byteString(head)
  writer.key('height').integer(height)
  writer.key('weight').byteString(weightToBytes(weight))
  return writer.finish()
}

/** Strict. The head is a view of `bytes`. Errors: CBOR_MALFORMED, MESSAGE_INVALID. */
export function decodeStatus(bytes: Uint8Array): Result<PeerStatus> {
  return decodeStrict(bytes, FORMAT, (reader) => {
    reader.openMap()
    reader.key('head')
    const head = reader.byteString(32, 32)
    reader.key('height')
    const height = reader.uint()
    reader.key('weight')
    const digits = reader.byteString(0, WEIGHT_BYTES_MAX)
    if (digits[0] === 0) reader.refuse('a weight that begins with a zero byte')
    reader.closeMap()
    return { head, height, weight: digits.length === 0 ? 0n : BigInt(`0x${toHex(digits)}`) }
  })
}

function weightToBytes(weight: bigint): Uint8Array {
  invariant(weight >= 0n && weight < 1n << BigInt(8 * WEIGHT_BYTES_MAX), 'a weight fits 256 bits')
  if (weight === 0n) return new Uint8Array(0)
  const digits = weight.toString(16)
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`) as Uint8Array
}

/**
 * Bodies: what sync asks for once it knows the headers. The question is a list of block hashes; the answer
 * has one item for each of them, in order, null for a block that the answerer does not have, and stops early
 * where it would become too long. Canonical dag-cbor:
 *
 *   [h'<32>', ...]
 *
 *   [{"body": h'<body>', "payloads": [h'<payload>', ...]}, null, ...]
 */
import type { Hash } from '../bytes.ts'
import { decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import { LIMITS } from '../limits.ts'
import { invariant, type Result } from '../result.ts'
import { type BlockContents, contentsBytes, readContents, writeContents } from './contents.ts'
import { detach, headBytes, readHashes, writeHashes } from './parts.ts'

const REQUEST: Format = { name: 'bodies request', code: 'MESSAGE_INVALID', bytesMax: LIMITS.requestBytesMax }
const ANSWER: Format = { name: 'bodies', code: 'MESSAGE_INVALID', bytesMax: LIMITS.bodiesBytesMax }

/** 1..bodiesCountMax hashes of blocks. Canonical dag-cbor, at most `requestBytesMax`. */
export function encodeBodiesRequest(hashes: readonly Hash[]): Uint8Array {
  const writer = new CborWriter(8 + 34 * hashes.length)
  writeHashes(writer, hashes, LIMITS.bodiesCountMax)
  return writer.finish()
}

/** Strict. The hashes are views of `bytes`. Errors: CBOR_MALFORMED, MESSAGE_INVALID. */
export function decodeBodiesRequest(bytes: Uint8Array): Result<Hash[]> {
  return decodeStrict(bytes, REQUEST, (reader) => readHashes(reader, LIMITS.bodiesCountMax))
}

/**
 * An answer that is filled until it is full, so that whoever reads blocks from a disk reads only those that
 * are sent. The first item always fits: a ledger whose blocks are longer than `bytesMax` can be fetched too.
 */
export class BodiesAnswer {
  private readonly items: (BlockContents | null)[] = []
  private readonly bytesMax: number
  private itemsBytes = 0

  /** `bytesMax`: of the whole message, at most `bodiesBytesMax`. */
  constructor(bytesMax: number = LIMITS.bodiesBytesMax) {
    invariant(bytesMax <= LIMITS.bodiesBytesMax, 'an answer is not longer than what is read')
    this.bytesMax = bytesMax
  }

  /** Takes the next item, unless the answer is full: then it returns false and nothing has changed. */
  add(contents: BlockContents | null): boolean {
    const count = this.items.length + 1
    const more = contentsBytes(contents)
    const total = headBytes(count) + this.itemsBytes + more
    if (count > LIMITS.bodiesCountMax || (count > 1 && total > this.bytesMax)) return false
    invariant(total <= LIMITS.bodiesBytesMax, 'the longest block fits an answer')
    this.items.push(contents)
    this.itemsBytes += more
    return true
  }

  /** Canonical dag-cbor. */
  encode(): Uint8Array {
    const { items } = this
    const writer = new CborWriter(16 + this.itemsBytes).array(items.length)
    for (const item of items) writeContents(writer, item)
    return writer.finish()
  }
}

/** 0..bodiesCountMax items that fit one message: see `BodiesAnswer`. Canonical dag-cbor. */
export function encodeBodies(items: readonly (BlockContents | null)[]): Uint8Array {
  const answer = new BodiesAnswer()
  for (const item of items) invariant(answer.add(item), 'what is encoded fits an answer')
  return answer.encode()
}

/**
 * Strict, as to the message: bodies and payloads stay undecoded. Each item stands in a copy of its own.
 * Errors: CBOR_MALFORMED, MESSAGE_INVALID.
 */
export function decodeBodies(bytes: Uint8Array): Result<(BlockContents | null)[]> {
  return decodeStrict(bytes, ANSWER, (reader) =>
    reader.list(LIMITS.bodiesCountMax, () => {
      const start = reader.offset
      const contents = readContents(reader)
      if (contents === null) return null
      const own = detach(reader.since(start))
      return { bodyBytes: own(contents.bodyBytes), payloads: contents.payloads.map(own) }
    }),
  )
}

/**
 * The announcement of a new block, by gossip. A small block comes whole, of a large one only the header:
 * whoever lacks it asks one neighbour for the contents instead of getting them from all. Canonical dag-cbor:
 *
 *   {"header": h'<header>', "contents": {"body": h'<body>', "payloads": [...]}, "signature": h'<64>'}
 *
 * or with `"contents": null`.
 */
import type { SignedHeader } from '../block/signed-header.ts'
import { decodeStrict, type Format } from '../codec/reader.ts'
import { CborWriter } from '../codec/writer.ts'
import type { Crypto } from '../crypto.ts'
import { LIMITS } from '../limits.ts'
import { invariant, type Result } from '../result.ts'
import { type BlockContents, contentsBytes, readContents, writeContents } from './contents.ts'
import { readHeaderBytes, readSignature, signedHeaderOf, writeSigned } from './parts.ts'

export interface Announcement {
  readonly header: SignedHeader
  /** Null when they are too long to be sent along. */
  readonly contents: BlockContents | null
}

const FORMAT: Format = {
  name: 'announcement',
  code: 'MESSAGE_INVALID',
  bytesMax: LIMITS.announcementBytesMax,
}

/** Whether a block's contents may be sent along with its header. */
export function fitsAnnouncement(contents: BlockContents): boolean {
  return contentsBytes(contents) <= LIMITS.inlineContentsBytesMax
}

/** Contents must fit: see `fitsAnnouncement`. Canonical dag-cbor, at most `announcementBytesMax`. */
export function encodeAnnouncement({ header, contents }: Announcement): Uint8Array {
  invariant(contents === null || fitsAnnouncement(contents), 'only small blocks are sent along')
  const writer = new CborWriter(768 + contentsBytes(contents)).map(3)
  writeSigned(writer, header, () => writeContents(writer.key('contents'), contents))
  return writer.finish()
}

/**
 * Strict, the header too; the signature is not verified, and the contents are neither decoded nor compared
 * with the header. Views of `bytes`. Errors: CBOR_MALFORMED, MESSAGE_INVALID, HEADER_INVALID.
 */
export function decodeAnnouncement(bytes: Uint8Array, crypto: Crypto): Result<Announcement> {
  return decodeStrict(bytes, FORMAT, (reader) => {
    reader.openMap()
    const headerBytes = readHeaderBytes(reader)
    reader.key('contents')
    const start = reader.offset
    const contents = readContents(reader)
    const length = reader.offset - start
    if (length > LIMITS.inlineContentsBytesMax) {
      reader.refuse(`contents of ${length} bytes, at most ${LIMITS.inlineContentsBytesMax} are sent along`)
    }
    const signature = readSignature(reader)
    reader.closeMap()
    return { header: signedHeaderOf(reader, headerBytes, signature, crypto), contents }
  })
}

/**
 * The write-ahead log of LevelDB as a stream of bytes without its framing, so that a record can be looked
 * for in it: blocks of 32 KiB; in each, pieces with a checksum of 4 bytes, a length of 2, a type of 1 and
 * the bytes. A block's last 6 bytes or fewer hold nothing. Source: doc/log_format.md of LevelDB.
 */
const BLOCK_BYTES = 32_768
const HEADER_BYTES = 7

export function unframed(log: Uint8Array): Buffer {
  const bytes = Buffer.from(log)
  const pieces: Buffer[] = []
  let at = 0
  while (at + HEADER_BYTES <= bytes.length) {
    const leftInBlock = BLOCK_BYTES - (at % BLOCK_BYTES)
    if (leftInBlock < HEADER_BYTES) {
      at += leftInBlock
      continue
    }
    const length = bytes.readUInt16LE(at + 4)
    pieces.push(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length))
    at += HEADER_BYTES + length
  }
  return Buffer.concat(pieces)
}

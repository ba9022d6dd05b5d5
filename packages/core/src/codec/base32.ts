/** Base32 of RFC 4648 section 6: lower case, without padding. */
const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567'

export function toBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += DIGITS[held >>> bits]
      held &= (1 << bits) - 1
    }
  }
  return bits === 0 ? text : text + DIGITS[held << (5 - bits)]
}

/** Which character of `text` is no digit of base32; -1 when all are. */
export function findNoDigit(text: string): number {
  return text.search(/[^a-z2-7]/)
}

export interface Base32Read {
  readonly bytes: Uint8Array
  /** Whether `toBase32` would write the bytes as this text: no digit too many, no bit that is lost. */
  readonly isExact: boolean
}

/** The whole bytes that a text of base32 digits begins with. */
export function fromBase32(text: string): Base32Read {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    held = (held << 5) | DIGITS.indexOf(text[i] as string)
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = held >>> bits
    held &= (1 << bits) - 1
  }
  return { bytes, isExact: bits < 5 && held === 0 }
}

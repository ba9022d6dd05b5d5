/**
 * The invite: one word that people copy from one terminal into another, and all that a new node needs. It is
 * `pulse1` and the base32 (RFC 4648 section 6, lower case, no padding) of these bytes:
 *
 *   01            version
 *   ...           ledger id, 32 bytes
 *   02            number of addresses, 0..8
 *   27 2f6970...  each address: its length, then that many printable ASCII characters
 *   ...           the first 4 bytes of the SHA-256 of all that stands before them
 *
 * The checksum finds what was mistyped; it is no proof of who wrote the invite, which is as trustworthy as
 * the way that it came. Upper case is read too, and blanks around it; nothing else.
 */
import { concatBytes, equalBytes, type Hash, utf8 } from '../bytes.ts'
import { findNoDigit, fromBase32, toBase32 } from '../codec/base32.ts'
import { printable } from '../codec/printable.ts'
import type { Crypto } from '../crypto.ts'
import { LIMITS } from '../limits.ts'
import { fail, invariant, ok, type Result } from '../result.ts'
import { isSendableAddress } from './addresses.ts'

export interface Invite {
  readonly ledgerId: Hash
  /** Where nodes of the ledger may be reached, best first. 0..inviteAddressesMax. */
  readonly addresses: readonly string[]
}

const PREFIX = 'pulse1'
const VERSION = 1
const ID_END = 33
const CHECKSUM_BYTES = 4

/**
 * The word, 67..1,718 characters. The first `inviteAddressesMax` addresses that can be sent; others are left
 * out, so the best should come first.
 */
export function encodeInvite({ ledgerId, addresses }: Invite, crypto: Crypto): string {
  invariant(ledgerId.length === 32, 'a ledger id has 32 bytes')
  const sent = addresses.filter(isSendableAddress).slice(0, LIMITS.inviteAddressesMax)
  const parts = sent.flatMap((address) => [Uint8Array.of(address.length), utf8(address)])
  const content = concatBytes(Uint8Array.of(VERSION), ledgerId, Uint8Array.of(sent.length), ...parts)
  return PREFIX + toBase32(concatBytes(content, checksum(content, crypto)))
}

/** Errors: INVITE_INVALID, with what is wrong: cut off, mistyped, of another version, or no invite at all. */
export function parseInvite(text: string, crypto: Crypto): Result<Invite> {
  const word = text.trim()
  if (word.length > LIMITS.inviteCharactersMax) {
    return refuse(`it has ${word.length} characters, at most ${LIMITS.inviteCharactersMax} are possible`)
  }
  // Only the 26 letters: lower-casing would turn the Kelvin sign into a k.
  const lower = word.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  const fault = prefixFault(lower)
  if (fault !== undefined) return refuse(fault)
  const digits = lower.slice(PREFIX.length)
  const wrong = findNoDigit(digits)
  if (wrong >= 0) {
    const character = String.fromCodePoint(digits.codePointAt(wrong) as number)
    const place = PREFIX.length + wrong + 1
    return refuse(`it is mistyped: character ${place} is '${printable(character)}', which none has`)
  }
  const { bytes, isExact } = fromBase32(digits)
  return parseBytes(bytes, isExact, crypto)
}

/** What is wrong with how the word begins. */
function prefixFault(word: string): string | undefined {
  if (word.startsWith(PREFIX)) return undefined
  if (word === '') return 'it is empty'
  if (PREFIX.startsWith(word)) return 'it is cut off after its first characters'
  if (/^pulse[0-9]/.test(word)) return `it is of another version: '${word.slice(0, 6)}', this program reads 1`
  return `it begins with '${printable(word, 12)}', an invite with '${PREFIX}'`
}

function parseBytes(bytes: Uint8Array, isExact: boolean, crypto: Crypto): Result<Invite> {
  // The version first, alone: what another version means by the rest is not known here.
  const version = bytes[0]
  const content = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES))
  const isWhole = isExact && equalBytes(bytes.subarray(content.length), checksum(content, crypto))
  if (isWhole && version !== VERSION) {
    return refuse(`it is of another version: ${version}, this program reads ${VERSION}`)
  }
  const read = readAddresses(bytes)
  if (read.end + CHECKSUM_BYTES > bytes.length) return refuse('it is cut off: its end is missing')
  if (!isWhole) return refuse('it is mistyped: its checksum does not match')
  if (read.end !== content.length) return refuse('something follows its last address')
  const { addresses } = read
  if (addresses.length > LIMITS.inviteAddressesMax) {
    return refuse(`it has ${addresses.length} addresses, at most ${LIMITS.inviteAddressesMax} are allowed`)
  }
  const odd = addresses.findIndex((address) => !isSendableAddress(address))
  if (odd >= 0)
    return refuse(`its address ${odd + 1} is not 1..${LIMITS.addressBytesMax} printable characters`)
  return ok({ ledgerId: bytes.subarray(1, ID_END), addresses })
}

/** The addresses, and where they end, or would end if nothing were missing. */
function readAddresses(bytes: Uint8Array): { readonly addresses: readonly string[]; readonly end: number } {
  const addresses: string[] = []
  let end = ID_END + 1
  for (let left = bytes[ID_END] ?? 0; left > 0 && end < bytes.length; left--) {
    const start = end + 1
    end = start + (bytes[end] as number)
    addresses.push(String.fromCharCode(...bytes.subarray(start, end)))
  }
  return { addresses, end }
}

function checksum(content: Uint8Array, crypto: Crypto): Uint8Array {
  return crypto.sha256(content).subarray(0, CHECKSUM_BYTES)
}

function refuse(reason: string): ReturnType<typeof fail> {
  return fail('INVITE_INVALID', `the invite is not readable: ${reason}`)
}

import { parseSignedHeader, type SignedHeader } from '../../src/block/signed-header.ts'
import type { EntryWithPayload } from '../../src/entry/entry.ts'
import { ok, type Result } from '../../src/result.ts'
import { decodeAddresses, encodeAddresses } from '../../src/wire/addresses.ts'
import { decodeAnnouncement, encodeAnnouncement } from '../../src/wire/announcement.ts'
import {
  decodeBodies,
  decodeBodiesRequest,
  encodeBodies,
  encodeBodiesRequest,
} from '../../src/wire/bodies.ts'
import type { BlockContents } from '../../src/wire/contents.ts'
import { decodeEntries, encodeEntries } from '../../src/wire/entries.ts'
import {
  decodeHeaders,
  decodeHeadersRequest,
  encodeHeaders,
  encodeHeadersRequest,
} from '../../src/wire/headers.ts'
import {
  decodeHelloAnswer,
  decodeHelloRequest,
  encodeHelloAnswer,
  encodeHelloRequest,
} from '../../src/wire/hello.ts'
import type { Invite } from '../../src/wire/invite.ts'
import { decodeStatus, encodeStatus } from '../../src/wire/status.ts'
import { testCrypto } from '../support/crypto.ts'
import { block, bodyBytes, entry, genesis, ledgerId, payloadBytes } from '../support/samples.ts'

/** One of each message of docs/spec/network.md, and how each is decoded and encoded again. */
export const crypto = testCrypto()

export function orThrow<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code} ${result.error.message}`)
  return result.value
}

export const header: SignedHeader = orThrow(parseSignedHeader(block.headerBytes, block.signature, crypto))
export const contents: BlockContents = { bodyBytes, payloads: block.payloads as Uint8Array[] }
export const item: EntryWithPayload = { entry, payload: payloadBytes }
const addresses = [
  '/ip4/192.0.2.7/tcp/7400/p2p/12D3KooWBmAwcd4PJNJvfV89HwE48nwkRmAgo8Vy3uQEyNNHBox2',
  '/dns4/ward-2.example/tcp/7400',
]
export const invite: Invite = { ledgerId, addresses: ['192.0.2.7:7400', 'ward-2.example:7400'] }

export interface Message {
  readonly bytes: Uint8Array
  readonly decode: (bytes: Uint8Array) => Result<unknown>
  /** Decodes, and encodes what could be decoded. */
  readonly recode: (bytes: Uint8Array) => Result<Uint8Array>
}

function message<T>(
  value: T,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => Result<T>,
): Message {
  const recode = (bytes: Uint8Array): Result<Uint8Array> => {
    const decoded = decode(bytes)
    return decoded.ok ? ok(encode(decoded.value)) : decoded
  }
  return { bytes: encode(value), decode, recode }
}

const headers = (bytes: Uint8Array) => decodeHeaders(bytes, crypto)
const announced = (bytes: Uint8Array) => decodeAnnouncement(bytes, crypto)
const entries = (bytes: Uint8Array) => decodeEntries(bytes, crypto)
const locator = [block.hash, genesis.hash]
const status = { head: block.hash, height: 1, weight: 256n }

export const MESSAGES: Readonly<Record<string, Message>> = {
  'hello-request': message(ledgerId, encodeHelloRequest, decodeHelloRequest),
  'hello-request-any': message(null, encodeHelloRequest, decodeHelloRequest),
  'hello-answer': message(
    { ledger: ledgerId, genesis: genesis.bodyBytes },
    encodeHelloAnswer,
    decodeHelloAnswer,
  ),
  'hello-answer-short': message({ ledger: ledgerId, genesis: null }, encodeHelloAnswer, decodeHelloAnswer),
  status: message(status, encodeStatus, decodeStatus),
  'headers-request': message({ locator, countMax: 512 }, encodeHeadersRequest, decodeHeadersRequest),
  headers: message([header], encodeHeaders, headers),
  'bodies-request': message(locator, encodeBodiesRequest, decodeBodiesRequest),
  bodies: message([contents, null], encodeBodies, decodeBodies),
  addresses: message(addresses, encodeAddresses, decodeAddresses),
  announcement: message({ header, contents: null }, encodeAnnouncement, announced),
  'announcement-whole': message({ header, contents }, encodeAnnouncement, announced),
  entries: message([item], encodeEntries, entries),
}

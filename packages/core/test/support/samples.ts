import { type Block, parseBlock } from '../../src/block/block.ts'
import { encodeBody } from '../../src/block/body.ts'
import { defaultGenesis, type GenesisDocument, genesisBlock } from '../../src/block/genesis.ts'
import { blockSigningBytes, encodeHeader, type Header, hashHeader } from '../../src/block/header.ts'
import { cidOfHash } from '../../src/codec/cid.ts'
import { encodeSeal } from '../../src/consensus/proof-of-work/seal.ts'
import { targetOf, withNonce, workDigest, workPrefix } from '../../src/consensus/work.ts'
import { type Entry, entrySigningBytes, signEntry } from '../../src/entry/entry.ts'
import { encodePayload, type Payload } from '../../src/entry/payload.ts'
import { testCrypto, testSigner } from './crypto.ts'

/**
 * The literal samples of docs/spec/ and testdata/vectors/format-1.json: one of each format, made from fixed
 * inputs. Ed25519 signs deterministically, so the bytes are always the same.
 */
const crypto = testCrypto()

/** The first that does the work of `powHeader`. */
const POW_NONCE = 798_102n

const count16 = Uint8Array.from({ length: 16 }, (_, i) => i)

export const author = testSigner('pulseledger sample author')
export const producer = testSigner('pulseledger sample producer')

export const document: GenesisDocument = defaultGenesis({
  engine: { name: 'longest-chain', finalDepth: 100 },
  name: 'ward-2',
  time: 1_767_225_600_000,
  salt: count16,
})

/** A document with everything optional and a measure with decimals. */
export const fullDocument: GenesisDocument = {
  ...document,
  measures: [
    ...document.measures,
    { name: 'temperature', label: 'Temp', unit: 'Cel', minimum: -40.5, maximum: 60, decimals: 1 },
  ],
  producers: [producer.publicKey],
}

/** A document whose engine is proof of work, of a difficulty that a test can find a nonce for by hand. */
export const powDocument: GenesisDocument = {
  ...document,
  engine: {
    name: 'proof-of-work',
    finalDepth: 100,
    intervalMs: 5_000,
    window: 16,
    difficulty: 1_000_000,
    difficultyMinimum: 20_000,
  },
}

export const genesis: Block = genesisBlock(document, crypto)
export const ledgerId = genesis.hash

export const payload: Payload = { salt: count16, measure: 'bpm', value: 72, time: 1_767_225_601_000 }
export const payloadBytes = encodePayload(payload)

export const fullPayload: Payload = {
  salt: count16.toReversed(),
  measure: 'temperature',
  value: 36.6,
  time: 1_767_225_602_000,
  subject: 'ward-2/bed-7',
  device: 'thermometer-3',
  note: 'after a nap \u{1f634}',
  file: cidOfHash(crypto.sha256(new Uint8Array(0))),
}
export const fullPayloadBytes = encodePayload(fullPayload)

export const entries: readonly Entry[] = [payloadBytes, fullPayloadBytes].map((bytes, sequence) =>
  signEntry({ ledgerId, sequence, commitment: crypto.sha256(bytes) }, author, crypto),
)
export const entry = entries[0] as Entry

export const bodyBytes = encodeBody(entries)

const node = new Uint8Array([1, ...(entries[0] as Entry).id, ...(entries[1] as Entry).id])

export const headerBytes = encodeHeader({
  version: 1,
  height: 1,
  parent: genesis.hash,
  time: 1_767_225_603_000,
  size: 2,
  root: crypto.sha256(node),
  body: crypto.sha256(bodyBytes),
  producer: producer.publicKey,
  seal: new Uint8Array(0),
})
const blockHash = hashHeader(headerBytes, crypto)

export const block: Block = (() => {
  const signature = producer.sign(blockSigningBytes(ledgerId, blockHash))
  const payloads = [payloadBytes, fullPayloadBytes]
  const parsed = parseBlock({ headerBytes, signature, bodyBytes, payloads }, crypto)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
})()

/** The header of the first block on the proof-of-work ledger, as if its body were that of the other one. */
export const powHeader: Header = {
  version: 1,
  height: 1,
  parent: genesisBlock(powDocument, crypto).hash,
  time: 1_767_225_603_000,
  size: 2,
  root: crypto.sha256(node),
  body: crypto.sha256(bodyBytes),
  producer: producer.publicKey,
  seal: withNonce(encodeSeal({ target: targetOf(1_000_000n), windowTime: powDocument.time }), POW_NONCE),
}
export const powHeaderBytes = encodeHeader(powHeader)
const encodedPowHeader = { header: powHeader, headerBytes: powHeaderBytes }

/** Each literal dag-cbor sample by its name in docs/spec/ and the vectors. */
export const ENCODED: Readonly<Record<string, Uint8Array>> = {
  payload: payloadBytes,
  'payload-full': fullPayloadBytes,
  entry: entry.bytes,
  body: bodyBytes,
  header: headerBytes,
  genesis: genesis.bodyBytes,
  'genesis-header': genesis.headerBytes,
  'genesis-full': genesisBlock(fullDocument, crypto).bodyBytes,
  'genesis-pow': genesisBlock(powDocument, crypto).bodyBytes,
  'header-pow': powHeaderBytes,
}

/** Other literal bytes. */
export const DERIVED: Readonly<Record<string, Uint8Array>> = {
  'entry-signing': entrySigningBytes(ledgerId, entry),
  'entry-id': entry.id,
  'block-signing': blockSigningBytes(ledgerId, blockHash),
  'block-signature': block.signature,
  'work-prefix': workPrefix(encodedPowHeader),
  'work-digest': workDigest(encodedPowHeader, crypto),
}

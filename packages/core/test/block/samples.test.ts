import { readFileSync } from 'node:fs'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { describe, expect, test } from 'vitest'
import { decodeBody, encodeBody } from '../../src/block/body.ts'
import { decodeGenesis, encodeGenesis, genesisBlock } from '../../src/block/genesis.ts'
import { blockSigningBytes, decodeHeader, encodeHeader, hashHeader } from '../../src/block/header.ts'
import { fromHex, toHex, utf8 } from '../../src/bytes.ts'
import { createEngine } from '../../src/consensus/engines.ts'
import { decodeEntry, encodeEntry, entrySigningBytes } from '../../src/entry/entry.ts'
import { decodePayload, encodePayload } from '../../src/entry/payload.ts'
import type { Result } from '../../src/result.ts'
import { testCrypto } from '../support/crypto.ts'
import { parseDiagnostic } from '../support/diagnostic.ts'
import { littleEndian, torsionPoints } from '../support/edwards.ts'
import * as samples from '../support/samples.ts'

/** docs/spec/ and testdata/vectors/format-1.json say what the code makes, and both say all of it. */

const crypto = testCrypto()
const ROOT = new URL('../../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

interface Fence {
  readonly page: string
  readonly kind: string
  readonly name: string
  readonly text: string
}

const PAGES = ['README.md', 'payload.md', 'entry.md', 'block.md', 'genesis.md', 'proof-of-work.md']
const fences: Fence[] = PAGES.flatMap((page) =>
  [...read(`docs/spec/${page}`).matchAll(/^```(\S+) (\S+)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, kind = '', name = '', text = ''] = match
    return { page, kind, name, text: text.trim() }
  }),
)
const hexOf = (fence: Fence) => fence.text.replace(/\s/g, '')
const ofKind = (kind: string) => fences.filter((fence) => fence.kind === kind)
const namesOf = (kind: string) => ofKind(kind).map(({ name }) => name)

const ENCODED = Object.keys(samples.ENCODED)
const DERIVED = Object.keys(samples.DERIVED)
const HASHED = ENCODED.filter((name) => name !== 'entry')

const bytesOf = (name: string) => (samples.ENCODED[name] ?? samples.DERIVED[name]) as Uint8Array

/** The library's text of the CID, codec and hash function included. */
function cidTextOf(bytes: Uint8Array): string {
  return CID.createV1(dagCbor.code, Digest.create(0x12, crypto.sha256(bytes))).toString()
}

function orThrow<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

const recode: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  payload: (bytes) => encodePayload(orThrow(decodePayload(bytes))),
  entry: (bytes) => encodeEntry(orThrow(decodeEntry(bytes, crypto)), crypto).bytes,
  body: (bytes) => encodeBody(orThrow(decodeBody(bytes, crypto))),
  header: (bytes) => encodeHeader(orThrow(decodeHeader(bytes))),
  genesis: (bytes) => encodeGenesis(orThrow(decodeGenesis(bytes))),
}

function recoderOf(name: string): (bytes: Uint8Array) => Uint8Array {
  const format = name === 'genesis-header' ? 'header' : name.replace(/-(?:full|pow)$/, '')
  return recode[format] as (bytes: Uint8Array) => Uint8Array
}

describe('docs/spec', () => {
  test('has every sample once, in hexadecimal, in diagnostic notation and with its hash', () => {
    expect(namesOf('hex').toSorted()).toEqual([...ENCODED, ...DERIVED, 'small-order-y'].toSorted())
    expect(namesOf('cbor-diag').toSorted()).toEqual(ENCODED.toSorted())
    expect(namesOf('sha256').toSorted()).toEqual(HASHED.toSorted())
  })

  test.each(ofKind('hex').filter(({ name }) => name !== 'small-order-y'))(
    '$page: the bytes of $name',
    (fence) => {
      expect(hexOf(fence)).toBe(toHex(bytesOf(fence.name)))
    },
  )

  test.each(ofKind('hex').filter(({ name }) => ENCODED.includes(name)))(
    '$page: $name is decoded and encoded',
    (fence) => {
      const bytes = fromHex(hexOf(fence)) as Uint8Array
      expect(toHex(recoderOf(fence.name)(bytes))).toBe(hexOf(fence))
      expect(toHex(dagCbor.encode(dagCbor.decode(bytes)))).toBe(hexOf(fence))
    },
  )

  test.each(ofKind('cbor-diag'))('$page: the diagnostic notation of $name', (fence) => {
    const bytes = dagCbor.encode(parseDiagnostic(fence.text))
    expect(toHex(bytes)).toBe(toHex(bytesOf(fence.name)))
  })

  test.each(ofKind('sha256'))('$page: the hash of $name', (fence) => {
    expect(fence.text).toBe(toHex(crypto.sha256(bytesOf(fence.name))))
  })

  test('the length of every sample stands before it', () => {
    for (const { page, name } of ofKind('cbor-diag')) {
      const before = read(`docs/spec/${page}`).split(`\`\`\`cbor-diag ${name}\n`)[0] ?? ''
      const lengths = [...before.matchAll(/([0-9]+)\s+bytes/g)]
      expect(`${name} ${lengths.at(-1)?.[1]}`).toBe(`${name} ${bytesOf(name).length}`)
    }
  })

  test('the payload piece by piece is the payload', () => {
    const [fence] = ofKind('hex-annotated')
    const pieces = fence?.text
      .split('\n')
      .map((line) => /^\s*((?:[0-9a-f]{2})+(?: (?:[0-9a-f]{2})+)*)(?: {2}|$)/.exec(line)?.[1])
    expect(pieces?.join('').replace(/ /g, '')).toBe(toHex(samples.payloadBytes))
  })

  test('the CID of the header is that of its hash', () => {
    const [fence] = ofKind('text')
    expect(fence?.text).toBe(cidTextOf(samples.headerBytes))
  })

  test('the list of small-order y is that of the curve', () => {
    const listed = fences.find(({ name }) => name === 'small-order-y')?.text.split('\n')
    const derived = new Set(torsionPoints().map(({ y }) => toHex(littleEndian(y))))
    expect(listed?.toSorted()).toEqual([...derived].toSorted())
  })
})

describe('testdata/vectors/format-1.json', () => {
  const vectors = JSON.parse(read('testdata/vectors/format-1.json')) as {
    keys: Record<string, { seedText: string; privateKey: string; publicKey: string }>
    ledgerId: string
    objects: { name: string; bytes: string; sha256: string; cid: string }[]
    derived: { name: string; bytes: string }[]
  }

  test('has every object, its bytes, its hash and its CID', () => {
    expect(vectors.objects.map(({ name }) => name)).toEqual(ENCODED)
    for (const { name, bytes, sha256, cid } of vectors.objects) {
      expect(bytes).toBe(toHex(bytesOf(name)))
      expect(sha256).toBe(toHex(crypto.sha256(bytesOf(name))))
      expect(cid).toBe(cidTextOf(bytesOf(name)))
      expect(toHex(recoderOf(name)(bytesOf(name)))).toBe(bytes)
    }
  })

  test('has what is signed and what signed it', () => {
    expect(vectors.derived).toEqual(DERIVED.map((name) => ({ name, bytes: toHex(bytesOf(name)) })))
    expect(vectors.ledgerId).toBe(toHex(samples.ledgerId))
    for (const [name, signer] of [
      ['author', samples.author],
      ['producer', samples.producer],
    ] as const) {
      const key = vectors.keys[name]
      expect(key?.publicKey).toBe(toHex(signer.publicKey))
      expect(key?.privateKey).toBe(toHex(crypto.sha256(utf8(key?.seedText ?? ''))))
    }
  })

  test('have a header whose nonce does the work that its genesis document asks for', () => {
    const { powDocument, powHeader, powHeaderBytes } = samples
    const engine = orThrow(createEngine(powDocument, crypto))
    const block = { header: powHeader, headerBytes: powHeaderBytes }
    const context = { parent: genesisBlock(powDocument, crypto).header, entryCount: 2 }
    expect(engine.verify(block, context)).toMatchObject({ ok: true })
    expect(engine.weight(powHeader)).toBe(1_000_000n)
  })

  test('belong together: signatures verify, links and commitments lead to what they name', () => {
    const { block, entries, genesis, ledgerId } = samples
    for (const [i, entry] of entries.entries()) {
      expect(crypto.verify(entry.author, entrySigningBytes(ledgerId, entry), entry.signature)).toBe(true)
      expect(entry.commitment).toEqual(crypto.sha256(block.payloads[i] as Uint8Array))
    }
    const { producer, parent } = block.header
    expect(crypto.verify(producer, blockSigningBytes(ledgerId, block.hash), block.signature)).toBe(true)
    expect(parent).toEqual(hashHeader(genesis.headerBytes, crypto))
    expect(block.header.body).toEqual(crypto.sha256(samples.bodyBytes))
  })
})

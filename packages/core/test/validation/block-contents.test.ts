import { describe, expect, test } from 'vitest'
import { type Block, blockBytes } from '../../src/block/block.ts'
import type { Signer } from '../../src/crypto.ts'
import { type EntryWithPayload, encodeEntry, signEntry } from '../../src/entry/entry.ts'
import { encodePayload, type Payload } from '../../src/entry/payload.ts'
import {
  validateBlockContents,
  validateBlockEntries,
  validateBlockShape,
  validateReadings,
} from '../../src/validation/block-contents.ts'
import { validateEntry } from '../../src/validation/entry.ts'
import {
  authors,
  buildBlock,
  builtGenesis,
  crypto,
  producers,
  type Rules,
  START,
  testEntry,
  testRules,
} from '../support/block-builder.ts'
import { testSigner } from '../support/crypto.ts'

const rules = testRules()
const context = { ...rules, crypto }
const [ann, ben] = authors as [Signer, Signer, Signer, Signer]
const reading: Payload = { salt: new Uint8Array(16), measure: 'bpm', value: 72, time: START }

function sealed(
  payload: Uint8Array,
  author = ann,
  sequence = 0,
  ledgerId = rules.ledgerId,
): EntryWithPayload {
  return {
    entry: signEntry({ ledgerId, sequence, commitment: crypto.sha256(payload) }, author, crypto),
    payload,
  }
}

function blockOf(items: readonly EntryWithPayload[], given: Rules = rules): Block {
  return buildBlock(given, builtGenesis(given), { items }).block
}

function codeOf(block: Block, given = context): string | undefined {
  const checked = validateBlockContents(block, given)
  return checked.ok ? undefined : checked.error.code
}

function flipped(bytes: Uint8Array, at = 0): Uint8Array {
  const copy = new Uint8Array(bytes)
  copy[at] = (copy[at] as number) ^ 1
  return copy
}

const items = [testEntry(rules.ledgerId, ann, 0), testEntry(rules.ledgerId, ben, 0)]
const valid = blockOf(items)

/** Of the two entries, the second one changed. */
function withEntry(change: (item: EntryWithPayload) => EntryWithPayload): Block {
  return blockOf([items[0] as EntryWithPayload, change(items[1] as EntryWithPayload)])
}

describe('the contents of a block', () => {
  test('are accepted as they should be', () => {
    expect(codeOf(valid)).toBeUndefined()
  })

  const otherLedger = testRules({ finalDepth: 7 })
  const forged = withEntry(({ entry, payload }) => ({
    entry: encodeEntry({ ...entry, signature: flipped(entry.signature) }, crypto),
    payload,
  }))
  const faults: readonly [string, Block, string][] = [
    [
      "a signature that is not the producer's",
      { ...valid, signature: flipped(valid.signature) },
      'BLOCK_SIGNATURE_INVALID',
    ],
    ['a signature for another ledger', blockOf(items, otherLedger), 'BLOCK_SIGNATURE_INVALID'],
    ['an erased payload', { ...valid, payloads: [valid.payloads[0] ?? null, null] }, 'BLOCK_PAYLOAD_MISSING'],
    ['a forged entry', forged, 'ENTRY_SIGNATURE_INVALID'],
    [
      'an entry that was signed for another ledger',
      withEntry(({ payload }) => sealed(payload, ben, 0, otherLedger.ledgerId)),
      'ENTRY_SIGNATURE_INVALID',
    ],
    [
      'a payload that is not the committed one',
      withEntry(({ entry }) => ({ entry, payload: encodePayload({ ...reading, value: 73 }) })),
      'ENTRY_COMMITMENT_MISMATCH',
    ],
    ['a payload that is not one', withEntry(() => sealed(new Uint8Array([0xa0]))), 'PAYLOAD_INVALID'],
    [
      'a payload that is not dag-cbor',
      withEntry(() => sealed(new Uint8Array([...encodePayload(reading), 0]))),
      'CBOR_MALFORMED',
    ],
    [
      'an unknown measure',
      withEntry(() => sealed(encodePayload({ ...reading, measure: 'pulse' }))),
      'MEASURE_UNKNOWN',
    ],
    [
      'a value out of range',
      withEntry(() => sealed(encodePayload({ ...reading, value: 501 }))),
      'READING_OUT_OF_RANGE',
    ],
    [
      'too many decimals',
      withEntry(() => sealed(encodePayload({ ...reading, value: 0.5 }))),
      'READING_TOO_PRECISE',
    ],
  ]
  test.each(faults)('are refused with %s', (_, block, code) => {
    expect(codeOf(block)).toBe(code)
  })

  test('are refused when entries lack their payloads although the block has room for them', () => {
    const checked = validateBlockEntries({ ...valid, payloads: [null, null] }, context)
    expect(checked).toMatchObject({ ok: false, error: { code: 'BLOCK_PAYLOAD_MISSING' } })
  })

  test('are refused beyond the number of entries, and accepted at it', () => {
    for (const [blockEntries, code] of [
      [2, undefined],
      [1, 'BLOCK_TOO_LARGE'],
    ] as const) {
      const limits = { ...rules.document.limits, blockEntries }
      expect(codeOf(valid, { ...context, document: { ...rules.document, limits } })).toBe(code)
    }
  })

  test('are refused beyond the number of bytes, and accepted at it', () => {
    const bytes = blockBytes(valid)
    for (const [bytesMax, code] of [
      [bytes, undefined],
      [bytes - 1, 'BLOCK_TOO_LARGE'],
    ] as const) {
      const limits = { ...rules.document.limits, blockBytes: bytesMax }
      expect(codeOf(valid, { ...context, document: { ...rules.document, limits } })).toBe(code)
    }
  })

  test('of too many bytes are refused before any signature is looked at', () => {
    const limits = { ...rules.document.limits, blockBytes: 10 }
    const verify = () => {
      throw new Error('a signature was looked at')
    }
    const checked = validateBlockShape(valid, {
      ...context,
      document: { ...rules.document, limits },
      crypto: { ...crypto, verify },
    })
    expect(checked).toMatchObject({ ok: false, error: { code: 'BLOCK_TOO_LARGE' } })
  })

  test('may be checked stage by stage', () => {
    expect(validateBlockShape(forged, context).ok).toBe(true)
    expect(validateReadings(forged, rules.document).ok).toBe(true)
    expect(validateBlockEntries(forged, context).ok).toBe(false)
    expect(validateReadings({ ...valid, payloads: [null, null] }, rules.document).ok).toBe(true)
  })
})

describe('an entry', () => {
  const [item] = items as [EntryWithPayload, EntryWithPayload]

  function entryCode(given: EntryWithPayload, ledgerId = rules.ledgerId): string | undefined {
    const checked = validateEntry(given, ledgerId, crypto)
    return checked.ok ? undefined : checked.error.code
  }

  test('is accepted with its payload, for its ledger', () => {
    expect(entryCode(item)).toBeUndefined()
    expect(entryCode(item, testRules({ finalDepth: 7 }).ledgerId)).toBe('ENTRY_SIGNATURE_INVALID')
  })

  test('is refused when any of its fields is another one', () => {
    const { entry, payload } = item
    const other = testSigner('somebody else')
    const changed = [
      { ...entry, sequence: entry.sequence + 1 },
      { ...entry, author: other.publicKey },
      { ...entry, signature: flipped(entry.signature, 40) },
    ].map((fields) => entryCode({ entry: encodeEntry(fields, crypto), payload }))
    expect(changed).toEqual(Array(3).fill('ENTRY_SIGNATURE_INVALID'))
    const recommitted = encodeEntry({ ...entry, commitment: flipped(entry.commitment) }, crypto)
    expect(entryCode({ entry: recommitted, payload })).toBe('ENTRY_COMMITMENT_MISMATCH')
  })

  test('is refused when a single bit of its payload is flipped', () => {
    for (let at = 0; at < item.payload.length; at++) {
      expect(entryCode({ ...item, payload: flipped(item.payload, at) })).toBeDefined()
    }
  })

  test('is refused under a key of small order, whatever its signature', () => {
    const author = new Uint8Array(32)
    const entry = encodeEntry({ ...item.entry, author }, crypto)
    expect(entryCode({ entry, payload: item.payload })).toBe('ENTRY_SIGNATURE_INVALID')
  })

  test('of a producer is as good as one of any author', () => {
    const payload = encodePayload(reading)
    expect(entryCode(sealed(payload, producers[0]))).toBeUndefined()
  })
})

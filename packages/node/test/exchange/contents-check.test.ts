import {
  type Block,
  createEngine,
  type EntryWithPayload,
  encodeEntry,
  encodeHeader,
  hashHeader,
  LIMITS,
  type SignedHeader,
  validateEntry,
} from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { ContentsCheck } from '../../src/exchange/contents-check.ts'
import { TestChain } from '../support/chain.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { contentsOf } from './attacker.ts'

const chain = new TestChain('checked')

function check(limits = {}) {
  const document = { ...chain.document, limits: { ...chain.document.limits, ...limits } }
  const engine = createEngine(document, chain.crypto)
  if (!engine.ok) throw new Error(engine.error.message)
  const calls: number[] = []
  const contents = new ContentsCheck({
    rules: { document, ledgerId: chain.ledgerId, engine: engine.value },
    crypto: chain.crypto,
    clock: new VirtualClock(),
    pause: () => Promise.resolve(),
    checkEntries: async (items) => {
      calls.push(items.length)
      return items.map((item) => validateEntry(item, chain.ledgerId, chain.crypto))
    },
  })
  return { calls, of: (...blocks: Parts[]) => contents.check(blocks) }
}

type Parts = { header: SignedHeader; contents: ReturnType<typeof contentsOf> }

function parts(block: Block): Parts {
  return { header: block, contents: contentsOf(block) }
}

function withPayload({ header, contents }: Parts, payload: Uint8Array): Parts {
  return { header, contents: { ...contents, payloads: [payload, ...contents.payloads.slice(1)] } }
}

const good = chain.block(chain.genesis, ['ann', 'bob']).block

describe('contents that came beside a header', () => {
  test('become blocks, with one call for the entries of all', async () => {
    const next = chain.block(chain.block(chain.genesis, ['ann']), ['cem', 'dee', 'eve']).block
    const { calls, of } = check()
    const checked = await of(parts(good), parts(next))
    expect(checked.ok && checked.value.map(({ hash }) => hash)).toEqual([good.hash, next.hash])
    expect(calls).toEqual([5])
  })

  test.each<[string, Parts, string]>([
    ['another body', { ...parts(good), contents: parts(other()).contents }, 'BLOCK_BODY_MISMATCH'],
    [
      'another payload',
      withPayload(parts(good), other().payloads[0] as Uint8Array),
      'ENTRY_COMMITMENT_MISMATCH',
    ],
    ['a payload that is no dag-cbor', withPayload(parts(good), new Uint8Array([0xff])), 'PAYLOAD_INVALID'],
    ['a payload too few', parts({ ...good, payloads: good.payloads.slice(1) }), 'BLOCK_PAYLOAD_MISSING'],
  ])('with %s are the fault of the sender alone', async (_, given, code) => {
    const checked = await check().of(given)
    expect(checked).toMatchObject({ ok: false, fault: { error: { code } } })
    expect(!checked.ok && checked.fault.invalidBlock).toBeUndefined()
  })

  test('with payloads that were lengthened do not make the block too large', async () => {
    const long = withPayload(parts(good), new Uint8Array(LIMITS.payloadBytesMax))
    const checked = await check({ blockBytes: 1_024 }).of(long)
    expect(checked).toMatchObject({ ok: false, fault: { error: { code: 'BLOCK_TOO_LARGE' } } })
    expect(!checked.ok && checked.fault.invalidBlock).toBeUndefined()
  })

  test.each<[string, Parts, object, string]>([
    ['a wrong signature of an entry', parts(forged()), {}, 'ENTRY_SIGNATURE_INVALID'],
    ['a reading that no measure allows', parts(impossible()), {}, 'READING_OUT_OF_RANGE'],
    ['more entries than allowed', parts(good), { blockEntries: 1 }, 'BLOCK_TOO_LARGE'],
    ['more bytes than allowed', parts(good), { blockBytes: 500 }, 'BLOCK_TOO_LARGE'],
    ['a body that is no list of entries', noEntries(), {}, 'ENTRY_INVALID'],
  ])('with %s show that the block can never be valid', async (_, given, limits, code) => {
    const checked = await check(limits).of(given)
    expect(checked).toMatchObject({
      ok: false,
      fault: { error: { code }, invalidBlock: given.header.hash },
    })
  })
})

function other(): Block {
  return chain.block(chain.genesis, ['fay', 'gus']).block
}

function forged(): Block {
  const { entry, payload } = chain.entry('eve', 0)
  const signature = new Uint8Array(64).fill(1)
  const item: EntryWithPayload = { entry: encodeEntry({ ...entry, signature }, chain.crypto), payload }
  return chain.block(chain.genesis, [{ ...item, name: 'eve' }]).block
}

function impossible(): Block {
  return chain.block(chain.genesis, [chain.entry('eve', 0, 9_999)]).block
}

function noEntries(): Parts {
  const bodyBytes = new Uint8Array(200).fill(0xff)
  const header = { ...good.header, body: chain.crypto.sha256(bodyBytes) }
  const headerBytes = encodeHeader(header)
  const hash = hashHeader(headerBytes, chain.crypto)
  const signed = { header, headerBytes, hash, signature: new Uint8Array(64) }
  return { header: signed, contents: { bodyBytes, payloads: [] } }
}

import {
  type Block,
  blockSigningBytes,
  type EntryWithPayload,
  encodeEntries,
  encodeEntry,
  encodeHeader,
  encodePayload,
  entrySigningBytes,
  type Header,
  parseBlock,
} from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { testSigner } from '../../../core/test/support/crypto.ts'
import { NODE_LIMITS } from '../../src/limits.ts'
import { TestChain } from '../support/chain.ts'
import { announce, contentsOf, isConnected, type Scene, startScene, stateOf } from './attacker.ts'
import type { MemoryPeer } from './memory-peer.ts'

/** One message that must be refused, made for a scene; `salt` makes it another one each time. */
type Attack = (scene: Scene, salt: number) => { topic: 'blocks' | 'entries'; message: Uint8Array }

const attacks: Readonly<Record<string, Attack>> = {
  'a message that is no dag-cbor': (_, salt) => blocks(new Uint8Array([0xff, salt])),
  'lists nested ten thousand deep': (_, salt) => entries(new Uint8Array(10_000 + salt).fill(0x81)),
  'a length that is not written the shortest way': ({ chain }, salt) => {
    const message = encodeEntries([chain.entry('eve', salt)])
    return entries(new Uint8Array([0x98, 0x01, ...message.subarray(1)]))
  },
  'a key that nobody knows': ({ chain }, salt) => {
    const message = announce(next(chain, salt))
    return blocks(new Uint8Array([0xa4, 0x61, 0x61, 0x00, ...message.subarray(1)]))
  },
  'a message with bytes behind its end': ({ chain }, salt) =>
    blocks(new Uint8Array([...announce(next(chain, salt)), 0])),
  'a body that is not that of the header': ({ chain }, salt) => {
    const other = next(chain, salt + 100)
    return blocks(announce(next(chain, salt), contentsOf(other)))
  },
  'a payload that is not the committed one': ({ chain }, salt) => {
    const block = next(chain, salt)
    return blocks(announce(block, { ...contentsOf(block), payloads: [chain.entry('eve', salt).payload] }))
  },
  'a block whose entry has a wrong signature': ({ chain }, salt) => {
    const { entry, payload } = chain.entry('eve', 0)
    const forged = encodeEntry({ ...entry, signature: new Uint8Array(64).fill(salt + 1) }, chain.crypto)
    return blocks(announce(next(chain, salt, { entry: forged, payload })))
  },
  'a block with a wrong signature': ({ chain }, salt) => {
    const block = next(chain, salt)
    return blocks(announce({ ...block, signature: new Uint8Array(64).fill(salt + 1) }))
  },
  'a block of another ledger': (_, salt) => blocks(announce(next(new TestChain('another'), salt))),
  'a header that jumps ahead of its parent': ({ chain }, salt) =>
    blocks(announce(spoil(next(chain, salt), (header) => ({ ...header, height: 7 })))),
  'a block whose log has another root': ({ chain }, salt) =>
    blocks(announce(spoil(next(chain, salt), (header) => ({ ...header, root: new Uint8Array(32) })))),
  'a block whose size is not that of its entries': ({ chain }, salt) =>
    blocks(announce(spoil(next(chain, salt), (header) => ({ ...header, size: 3 })))),
  'a block of a time before its parent': ({ chain }, salt) =>
    blocks(announce(spoil(next(chain, salt), (header) => ({ ...header, time: 0 })))),
  'a block with a reading that no measure allows': ({ chain }, salt) =>
    blocks(announce(next(chain, salt, chain.entry('eve', 0, 9_999)))),
  'a batch with a wrong signature': ({ chain }, salt) => {
    const { entry, payload } = chain.entry('eve', 0)
    const forged = encodeEntry({ ...entry, signature: new Uint8Array(64).fill(salt + 1) }, chain.crypto)
    return entries(encodeEntries([chain.entry('bob', 0), { entry: forged, payload }]))
  },
  'a batch with a payload that is not the committed one': ({ chain }, salt) => {
    const { entry } = chain.entry('eve', salt)
    return entries(encodeEntries([{ entry, payload: chain.entry('eve', salt).payload }]))
  },
  'a batch with a reading that no measure allows': ({ chain }, salt) =>
    entries(encodeEntries([chain.entry('eve', salt, 9_999)])),
  'a batch of another ledger': (_, salt) =>
    entries(encodeEntries([new TestChain('another').entry('eve', salt)])),
}

/** Each for the reason that it was made for. */
const reasons: Readonly<Record<string, string>> = {
  'a message that is no dag-cbor': 'MESSAGE_INVALID',
  'lists nested ten thousand deep': 'MESSAGE_INVALID',
  'a length that is not written the shortest way': 'CBOR_MALFORMED',
  'a key that nobody knows': 'MESSAGE_INVALID',
  'a message with bytes behind its end': 'CBOR_MALFORMED',
  'a body that is not that of the header': 'BLOCK_BODY_MISMATCH',
  'a payload that is not the committed one': 'ENTRY_COMMITMENT_MISMATCH',
  'a block whose entry has a wrong signature': 'ENTRY_SIGNATURE_INVALID',
  'a block with a wrong signature': 'BLOCK_SIGNATURE_INVALID',
  'a block of another ledger': 'BLOCK_SIGNATURE_INVALID',
  'a header that jumps ahead of its parent': 'BLOCK_HEIGHT_WRONG',
  'a block whose log has another root': 'BLOCK_LOG_MISMATCH',
  'a block whose size is not that of its entries': 'BLOCK_LOG_MISMATCH',
  'a block of a time before its parent': 'BLOCK_TIME_TOO_EARLY',
  'a block with a reading that no measure allows': 'READING_OUT_OF_RANGE',
  'a batch with a wrong signature': 'ENTRY_SIGNATURE_INVALID',
  'a batch with a payload that is not the committed one': 'ENTRY_COMMITMENT_MISMATCH',
  'a batch with a reading that no measure allows': 'READING_OUT_OF_RANGE',
  'a batch of another ledger': 'ENTRY_SIGNATURE_INVALID',
}

describe('a peer that gossips', () => {
  test.each(Object.entries(attacks))('%s is refused, and then disconnected', async (name, attack) => {
    const scene = await startScene()
    const { world, attacker, victim, bystander } = scene
    const before = [stateOf(victim), stateOf(bystander)]

    for (let salt = 0; salt < NODE_LIMITS.peerFaultsBurst; salt++) {
      const { topic, message } = attack(scene, salt)
      attacker.publish(topic, message)
    }
    await world.until('it arrives', () => victim.heard.length === NODE_LIMITS.peerFaultsBurst)
    expect(new Set(victim.heard.map(({ verdict }) => verdict))).toEqual(new Set(['reject']))
    expect(codesLogged(victim)).toEqual(new Set([reasons[name]]))
    expect([stateOf(victim), stateOf(bystander)]).toEqual(before)
    expect(bystander.heard).toEqual([])
    expect(isConnected(scene)).toBe(true)

    const { topic, message } = attack(scene, NODE_LIMITS.peerFaultsBurst)
    attacker.publish(topic, message)
    await world.until('the peer is gone', () => !isConnected(scene))
    expect([stateOf(victim), stateOf(bystander)]).toEqual(before)
    await world.stop()
  })

  test('is refused twice as long each time it comes back', async () => {
    const scene = await startScene()
    const { world, attacker, victim } = scene
    const bans: number[] = []
    for (let round = 0; round < 4; round++) {
      const from = victim.heard.length
      for (let i = 0; isConnected(scene); i++) {
        attacker.publish('blocks', new Uint8Array([0xff, round, i]))
        await world.until('it is judged', () => victim.heard.length > from + i)
        await world.pass(1)
      }
      const since = world.clock.now()
      await world.until('it is let in again', () => isConnected(scene), { withinMs: 600_000, stepMs: 500 })
      bans.push(Math.round((world.clock.now() - since) / NODE_LIMITS.peerBanMinMs))
    }
    expect(bans).toEqual([1, 2, 4, 8])
    await world.stop()
  })

  test('a block of an unlisted producer is refused', async () => {
    const listed = testSigner('producer').publicKey
    const scene = await startScene(new TestChain('attacked', { document: { producers: [listed] } }))
    const { world, chain, attacker, victim } = scene
    attacker.publish('blocks', announce(chain.block(chain.genesis, ['eve'], 'stranger').block))
    await world.until('it arrives', () => victim.heard.length === 1)
    expect(victim.heard[0]?.verdict).toBe('reject')
    expect(victim.store.head()?.height).toBe(0)

    attacker.publish('blocks', announce(chain.block(chain.genesis, ['eve'], 'producer').block))
    await world.until('an allowed one is taken', () => victim.store.head()?.height === 1)
    await world.stop()
  })

  test('a block from the far future is dropped without being kept, and without blame', async () => {
    const scene = await startScene()
    const { world, chain, attacker, victim } = scene
    const before = stateOf(victim)
    for (let salt = 0; salt < 20; salt++) {
      const time = world.clock.now() + chain.document.limits.timeAhead + 60_000 + salt
      attacker.publish('blocks', announce(spoil(next(chain, salt), (header) => ({ ...header, time }))))
    }
    await world.until('they arrive', () => victim.heard.length === 20)
    expect(new Set(victim.heard.map(({ verdict }) => verdict))).toEqual(new Set(['ignore']))
    expect(stateOf(victim)).toBe(before)
    expect(isConnected(scene)).toBe(true)
    await world.stop()
  })

  test('a flood is dropped unread, then the peer is disconnected', async () => {
    const scene = await startScene()
    const { world, chain, attacker, victim } = scene
    const known = encodeEntries([chain.entry('eve', 0)])
    const allowed = NODE_LIMITS.peerGossipCountBurst + NODE_LIMITS.peerDropsBurst
    const flood = allowed + NODE_LIMITS.peerGossipCountPerSecond
    for (let i = 0; i < flood; i++) attacker.publish('entries', known)
    await world.until('the peer is gone', () => !isConnected(scene))
    expect(victim.heard.length).toBeLessThan(flood)
    expect(codesLogged(victim)).toContain('PEER_FLOOD')
    // What was looked at before the allowance was used up was one entry, once.
    expect(victim.ledger.pending.count).toBe(1)
    expect(victim.checked.count).toBeLessThanOrEqual(NODE_LIMITS.peerGossipInFlightMax)
    await world.stop()
  })

  test('a block announced in many messages is checked and passed on once', async () => {
    const scene = await startScene()
    const { world, chain, attacker, victim, bystander } = scene
    const block = chain.block(chain.genesis, ['eve']).block
    for (let i = 0; i < 30; i++) attacker.publish('blocks', announce(block))
    await world.until('they arrive', () => victim.heard.length === 30)
    await world.until('it is passed on', () => bystander.store.head()?.height === 1)
    expect(victim.heard.filter(({ verdict }) => verdict === 'accept')).toHaveLength(1)
    expect(bystander.heard).toHaveLength(1)
    expect(victim.checked.count).toBe(1)
    await world.stop()
  })

  test('entries with gaps, of many keys, fill no more than their share of pending', async () => {
    const scene = await startScene(new TestChain('attacked', { signed: false }))
    const { world, chain, attacker, victim } = scene
    // Signed by hand: the keys are cheap, each has one entry that nothing ever completes.
    const items = Array.from({ length: 500 }, (_, i) => signedEntry(chain, `key ${i}`, 5))
    attacker.publish('entries', encodeEntries(items))
    await world.until('it arrives', () => victim.heard.length === 1)
    expect(victim.heard[0]?.verdict).toBe('accept')
    expect(victim.ledger.pending.count).toBe(500)
    expect(victim.ledger.pending.readyCount).toBe(0)
    const submitted = victim.service.submit({ measure: 'bpm', value: 70 })
    await world.until('an own reading is stored all the same', () => victim.store.head()?.height === 1)
    expect((await submitted).ok).toBe(true)
    await world.stop()
  })
})

function codesLogged({ logger }: MemoryPeer): Set<unknown> {
  return new Set(logger.lines.map(({ fields }) => ('code' in fields ? fields.code : undefined)))
}

function blocks(message: Uint8Array) {
  return { topic: 'blocks', message } as const
}

function entries(message: Uint8Array) {
  return { topic: 'entries', message } as const
}

/** A block on genesis; another one for each salt. */
function next(chain: TestChain, salt: number, item?: EntryWithPayload): Block {
  const named = item ? { ...item, name: 'eve' } : chain.entry('eve', 0, 60 + (salt % 40))
  return chain.block(chain.genesis, [named]).block
}

/** The same block with another header, signed again. */
function spoil(block: Block, change: (header: Header) => Header): Block {
  const chain = new TestChain('attacked')
  const headerBytes = encodeHeader(change(block.header))
  const hash = chain.crypto.sha256(headerBytes)
  const signature = testSigner('producer').sign(blockSigningBytes(chain.ledgerId, hash))
  const parsed = parseBlock({ ...block, headerBytes, signature }, chain.crypto)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}

function signedEntry(chain: TestChain, name: string, sequence: number): EntryWithPayload {
  const signer = testSigner(name)
  const salt = chain.crypto.sha256(signer.publicKey).subarray(0, 16)
  const payload = encodePayload({ salt, measure: 'bpm', value: 70, time: 1_767_225_600_000 })
  const fields = { author: signer.publicKey, sequence, commitment: chain.crypto.sha256(payload) }
  const signature = signer.sign(entrySigningBytes(chain.ledgerId, fields))
  return { payload, entry: encodeEntry({ ...fields, signature }, chain.crypto) }
}

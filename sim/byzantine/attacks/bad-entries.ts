/** Gossip of entries that no honest node passes on, and of such that nobody has a use for. */
import { type EntryWithPayload, encodeEntries, LIMITS } from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import { altered } from '../announce.ts'
import { forgeEntries, forgeEntry, withWrongSignature } from '../forge.ts'
import { Hostile, silence } from '../hostile.ts'
import { entriesAt } from '../tip.ts'
import { bestNode, heightOf, type Plan, type Workshop } from '../tools.ts'

/** Between two messages, ms. */
const GAP_MS = 1_000

/** Makes one message; `disk`: of the honest node that knows most. */
type Message = (shop: Workshop, disk: MemoryDisk) => Uint8Array

/** What is wrong with an entry, whoever looks at it. */
const BAD: Readonly<Record<string, (shop: Workshop) => EntryWithPayload>> = {
  'a wrong signature': (shop) => withWrongSignature(forgeEntry(shop), shop),
  'a payload that is not the committed one': (shop) => {
    return { ...forgeEntry(shop), payload: forgeEntry(shop).payload }
  },
  'a signature for another ledger': (shop) => forgeEntry(shop, { ledgerId: shop.chance.bytes(32) }),
  'a payload that is none': (shop) => forgeEntry(shop, { payload: shop.chance.bytes(50) }),
  'a reading out of range': (shop) => forgeEntry(shop, { value: shop.chance.pick([-1, 9_999, 1e300, 70.5]) }),
  'a measure that the ledger has not': (shop) => forgeEntry(shop, { measure: 'luck' }),
}

/** What is wrong with a message, or with its coming now. */
const ODD: Readonly<Record<string, Message>> = {
  'no dag-cbor': (shop) => shop.chance.bytes(shop.chance.between(1, 300)),
  'an empty list': () => new Uint8Array([0x80]),
  'bytes behind its end': (shop) => new Uint8Array([...encodeEntries([forgeEntry(shop)]), 0]),
  'a length that is not the shortest': (shop) =>
    new Uint8Array([0x98, 0x01, ...encodeEntries([forgeEntry(shop)]).subarray(1)]),
  'lists in lists': (shop) => new Uint8Array(shop.chance.between(10, 10_000)).fill(0x81),
  'one bit turned over': (shop) => altered(encodeEntries(forgeEntries(shop, 3)), shop.chance),
  'a sequence far ahead': (shop) => encodeEntries([forgeEntry(shop, { sequence: farAhead(shop) })]),
  'entries that are on the chain': (shop, disk) => encodeEntries(known(shop, disk)),
}

export const BAD_MESSAGES: Readonly<Record<string, Message>> = {
  ...ODD,
  ...Object.fromEntries(
    Object.entries(BAD).flatMap(([name, make]): [string, Message][] => [
      [name, (shop) => encodeEntries([make(shop)])],
      [`${name}, among good ones`, (shop) => encodeEntries(amongGood(make(shop), shop))],
    ]),
  ),
}

export const badEntries: Plan = (tools) => {
  const { world, chance, shop, every } = tools
  const member = new Hostile(tools, {
    name: 'bad-entries',
    victims: () => chance.some(world.nodes, chance.between(1, world.nodes.length)),
    answer: silence,
  })
  member.join()
  every(GAP_MS, () => {
    if (member.peers.length === 0) return
    const name = chance.pick(Object.keys(BAD_MESSAGES))
    const message = BAD_MESSAGES[name]?.(shop, bestNode(world).disk)
    if (message === undefined) return
    world.tell('bad-entries', `sends entries: ${name}`)
    member.publish('entries', message)
  })
  return () => member.leave()
}

function amongGood(bad: EntryWithPayload, shop: Workshop): EntryWithPayload[] {
  return shop.chance.shuffled([bad, ...forgeEntries(shop, shop.chance.between(1, 20))])
}

/** Beyond every gap that is waited for: an entry in a gap that nobody fills would wait for ever. */
function farAhead({ chance }: Workshop): number {
  const far = LIMITS.pendingGapMax + 1
  return chance.pick([far, far + chance.below(10_000), LIMITS.pendingEntriesMax, Number.MAX_SAFE_INTEGER])
}

/** Those of one block, and those of another: replays of what was said long ago. */
function known(shop: Workshop, disk: MemoryDisk): EntryWithPayload[] {
  const height = heightOf(disk)
  const items = [...entriesAt(disk, shop.chance.between(0, height)), ...entriesAt(disk, height)].slice(0, 50)
  return items.length > 0 ? items : [forgeEntry(shop, { sequence: farAhead(shop) })]
}

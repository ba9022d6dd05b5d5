import {
  decodeAnnouncement,
  decodeEntries,
  parseBlock,
  type Result,
  validateBlockContents,
  validateBlockOnParent,
  validateEntry,
  validateReading,
  verifySignedHeader,
} from '@pulseledger/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { announcedHeader } from '../../byzantine/announce.ts'
import { BAD_MESSAGES } from '../../byzantine/attacks/bad-entries.ts'
import { type Forged, forgeBranch } from '../../byzantine/forge.ts'
import { SPOILS, type Spoiled } from '../../byzantine/spoils.ts'
import { type Tip, tipOf } from '../../byzantine/tip.ts'
import type { Workshop } from '../../byzantine/tools.ts'
import { Chance } from '../../kernel/chance.ts'
import { scenarioOf } from '../../scenario/scenario.ts'
import { World } from '../../world.ts'

const MINUTE = 60_000

let world: World
let shop: Workshop

/** A chain of some blocks to build on. */
beforeAll(async () => {
  const scenario = { ...scenarioOf(1, { nodes: 2, only: [], realSignatures: false }), blockEntries: 4 }
  world = await World.create({ scenario })
  for (const node of world.nodes) world.wire(node)
  for (const node of world.nodes) await node.boot()
  await world.pass(5_000)
  for (let i = 0; i < 30; i++) {
    world.nodes[i % 2]?.type({ measure: 'bpm', value: 70 })
    await world.pass(1_000)
  }
  const { ledgerId } = world.genesis.rules
  shop = { crypto: world.crypto, ledgerId, chance: Chance.of(1, 'test'), now: () => world.now }
})

describe('a forged block', () => {
  test('is valid when nothing is made wrong, on every block of the chain', () => {
    const { disk } = first()
    for (let height = 0; height < disk.canonical.length; height++) {
      let tip = tipOf(disk, height)
      for (const block of forgeBranch(tip, 3, shop)) {
        expect(judged(block, tip)).toMatchObject({ ok: true })
        tip = block.tip
      }
    }
  })

  test.each(Object.entries(SPOILS))(
    'with %s is refused, and good again with its own contents',
    (_, spoil) => {
      const { disk } = first()
      const { document } = world.genesis.rules
      for (const below of [0, 1, 5]) {
        const tip = tipOf(disk, disk.canonical.length - 1 - below)
        const aheadMs = [10 * MINUTE, 20 * MINUTE] as const
        const block: Spoiled = spoil({ shop, tip, disk, document, aheadMs })
        expect(judged(block, tip).ok).toBe(false)
        if (block.truth) expect(judged(block.truth, tip)).toMatchObject({ ok: true })
      }
    },
  )
})

describe('a forged message of entries', () => {
  test.each(Object.entries(BAD_MESSAGES))('with %s holds nothing that a chain could take', (_, make) => {
    for (let i = 0; i < 20; i++) expect(usableEntries(make(shop, first().disk))).toBe(false)
  })
})

function first() {
  return world.nodes[0] as World['nodes'][number]
}

/** All that any node looks at before it takes a block. */
function judged(block: Forged, tip: Tip): Result<unknown> {
  const { crypto } = shop
  const { document, engine } = world.genesis.rules
  const announced = decodeAnnouncement(announcedHeader(block), crypto)
  if (!announced.ok) return announced
  const signed = verifySignedHeader(announced.value.header, shop.ledgerId, crypto)
  if (!signed.ok) return signed
  const parsed = parseBlock({ ...block.contents, ...announced.value.header }, crypto)
  if (!parsed.ok) return parsed
  const contents = validateBlockContents(parsed.value, { ledgerId: shop.ledgerId, document, crypto })
  if (!contents.ok) return contents
  const rules = { engine, timeAhead: document.limits.timeAhead }
  return validateBlockOnParent(parsed.value, tip, rules, world.now, crypto)
}

/** Whether a node would take all of them: what is well-formed, valid and next for its author. */
function usableEntries(message: Uint8Array): boolean {
  const decoded = decodeEntries(message, shop.crypto)
  if (!decoded.ok) return false
  const { document } = world.genesis.rules
  return decoded.value.every((item) => {
    const isNext = first().ledger?.nextSequence(item.entry.author) === item.entry.sequence
    const isValid = validateEntry(item, shop.ledgerId, shop.crypto).ok
    return isNext && isValid && validateReading(item.payload, document).ok
  })
}

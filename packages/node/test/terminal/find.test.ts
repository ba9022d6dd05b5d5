import { toHex } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { parseCommand } from '../../src/terminal/commands.ts'
import { findText } from '../../src/terminal/find.ts'
import { peersText } from '../../src/terminal/queries.ts'
import { FakeNode } from '../support/fake-node.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

function grown(count: number) {
  const node = new FakeNode(new VirtualClock())
  for (let n = 0; n < count; n++) node.add([{ measure: 'bpm', value: 60 + (n % 40) }])
  return node
}

describe('show with digits', () => {
  test('is a height as long as it can be one, and an id when it cannot', () => {
    expect(parseCommand('show 12345678')).toMatchObject({ query: { kind: 'show', height: 12_345_678 } })
    expect(parseCommand('show 5D0C77AA')).toMatchObject({ query: { kind: 'find', digits: '5d0c77aa' } })
    expect(parseCommand(`show ${'0'.repeat(64)}`)).toMatchObject({ query: { kind: 'find' } })
    for (const wrong of ['5d0c77a', `${'0'.repeat(65)}`, '5d0c77aa 1', '0x12345678']) {
      expect(parseCommand(`show ${wrong}`), wrong).toMatchObject({ kind: 'wrong' })
    }
  })

  test('finds a block by its hash, with how deep it is', async () => {
    const node = grown(3)
    const { hash } = node.chain[1]!
    const shown = await findText(node, toHex(hash).slice(0, 8))
    expect(shown).toContain(`block #1  ${toHex(hash)}\n`)
    expect(shown).toContain('  state     included, 2 blocks deep\n')
    expect(await findText(node, toHex(hash))).toBe(shown)
    expect(await findText(node, toHex(node.ledgerId).slice(0, 8))).toContain('genesis #0')
  })

  test('finds an entry by its id, with what became of it', async () => {
    const node = grown(3)
    const { entries, hash: blockHash } = node.chain[2]!
    const { id } = entries[0]!
    const receipt = { entryId: id, height: 2, blockHash, index: 1 }
    node.entryStates.set(toHex(id), { kind: 'final', receipt, depth: 1 })
    const shown = await findText(node, toHex(id).slice(0, 8))
    expect(shown).toMatch(/^entry [0-9a-f]{64}\n {2}state {5}final, 1 block deep\n {2}block {5}#2 /)
    expect(shown).toContain('61 BPM')
    node.entryStates.set(toHex(id), { kind: 'pending' })
    expect(await findText(node, toHex(id))).toMatch(/state {5}pending/)
    expect(await findText(node, 'f'.repeat(64))).toMatch(/state {5}unknown/)
  })

  test('looks only so far back, one block in a turn, and says so', async () => {
    const { showSearchBlocksMax } = NODE_LIMITS
    const node = grown(showSearchBlocksMax + 5)
    node.readCount = 0
    let turns = 0
    const pause = async () => {
      turns += 1
    }
    const text = await findText(node, toHex(node.chain[1]!.hash).slice(0, 8), pause as never)
    expect(text).toContain(`Nothing in the latest ${showSearchBlocksMax} blocks begins with`)
    expect([turns, node.readCount]).toEqual([showSearchBlocksMax, showSearchBlocksMax])
  })
})

test('peers lists no more than a screen of them', () => {
  const peer = {
    id: 'x',
    publicKey: new Uint8Array(32),
    address: '10.0.0.7:7400',
    direction: 'inbound',
    connectedAt: 0,
    head: undefined,
    state: 'same',
  } as const
  const lines = peersText(Array.from({ length: NODE_LIMITS.peersShownMax + 2 }, () => peer)).split('\n')
  expect(lines.length).toBe(NODE_LIMITS.peersShownMax + 2)
  expect(lines.at(-2)).toBe('... and 2 more: pulseledger peers lists them')
})

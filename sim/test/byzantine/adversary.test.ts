import { toHex } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { run } from '../../run.ts'
import { scenarioOf } from '../../scenario/scenario.ts'
import type { World } from '../../world.ts'
import { attacked } from './attacked.ts'

describe('an attack on a group', () => {
  test('with bad blocks costs connections, and every chain is one that can be taken in again', async () => {
    const { world, codes, confirmedCount } = await attacked('bad-blocks', 120)
    expect(codes.size).toBeGreaterThan(3)
    expect(codes).toContain('PEER_HEADERS_INVALID')
    expect(world.adversaries.size).toBeGreaterThan(3)
    expect(confirmedCount).toBeGreaterThan(10)
  })

  test('with bad entries costs connections, and none of them is on a chain or pending', async () => {
    const { world, codes, confirmedCount } = await attacked('bad-entries', 120)
    expect(codes.size).toBeGreaterThan(3)
    expect(codes).toContain('ENTRY_SIGNATURE_INVALID')
    expect(strangers(world)).toEqual([])
    expect(world.nodes.map(({ ledger }) => ledger?.pending.count)).toEqual([0, 0, 0])
    expect(confirmedCount).toBeGreaterThan(10)
  })

  test('by equivocation is taken by all in the same way: one of two entries, one of two blocks', async () => {
    const { world, codes, lines } = await attacked('equivocation', 120)
    expect(codes).toEqual(new Set())
    expect(lines.filter((line) => line.includes('signs')).length).toBeGreaterThan(3)
    expect(twinBlocks(world)).toBeGreaterThan(3)
    // That no chain has both entries of a sequence is among what is checked when all agree.
    expect(strangers(world).length).toBeGreaterThan(3)
  })

  test('by withholding costs connections and keeps nobody from storing readings', async () => {
    const { codes, confirmedCount } = await attacked('withholding', 240)
    expect([...codes].filter((code) => code === 'PEER_CLAIM_FALSE' || code === 'PEER_STALLED')).not.toEqual(
      [],
    )
    expect(confirmedCount).toBeGreaterThan(20)
  })

  test('by lies about chains costs connections, and nobody believes them', async () => {
    const { world, codes, confirmedCount } = await attacked('lying-status', 300)
    expect(codes).toContain('PEER_CLAIM_FALSE')
    expect(codes).toContain('PEER_HEADERS_INVALID')
    expect(strangers(world)).toEqual([])
    expect(confirmedCount).toBeGreaterThan(10)
  })

  test('by flooding costs connections, and readings are stored all the while', async () => {
    const { world, codes, confirmedCount } = await attacked('flood', 180)
    expect(codes).toContain('PEER_FLOOD')
    expect(strangers(world)).toEqual([])
    expect(confirmedCount).toBeGreaterThan(10)
  })

  test('with everything at once is the same attack for the same seed', async () => {
    const only = [
      'bad-blocks',
      'bad-entries',
      'equivocation',
      'withholding',
      'lying-status',
      'flood',
    ] as const
    const scenario = scenarioOf(7, { nodes: 3, hours: 0.01, only, realSignatures: false })
    const [first, second] = [await run(scenario), await run(scenario)]
    expect(first.violation).toBeUndefined()
    expect(first.traceHash).toBe(second.traceHash)
  })
})

/** Authors on a chain who are no nodes. */
function strangers({ nodes }: World): string[] {
  const honest = new Set(nodes.map(({ id }) => id))
  const authors = nodes.flatMap(({ disk }) => [...disk.authors.values()].map(({ author }) => toHex(author)))
  return authors.filter((author) => !honest.has(author))
}

/** Pairs of blocks of one producer on one parent that some node has. */
function twinBlocks({ nodes }: World): number {
  const seen = new Map<string, string>()
  const twins = new Set<string>()
  for (const { disk } of nodes) {
    for (const { block } of disk.blocks.values()) {
      const { producer, parent } = block.header
      const place = `${toHex(producer)} ${parent && toHex(parent)}`
      const other = seen.get(place)
      if (other !== undefined && other !== toHex(block.hash)) twins.add(place)
      seen.set(place, toHex(block.hash))
    }
  }
  return twins.size
}

import { keyOf } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import type { SimNode } from '../../node/sim-node.ts'
import { confirmedIds, ofKind, type QuietWorld, quietWorld } from '../support/quiet-world.ts'

/** After a start a node waits for its peers, in case it has any, before it makes a block alone. */
const PATIENCE_MS = 10_000

const READING = { measure: 'bpm', value: 72 }

function nodeOf({ world }: QuietWorld, index = 0): SimNode {
  return world.nodes[index] as SimNode
}

function isKept({ disk }: SimNode, id: Uint8Array): boolean {
  return disk.positions.has(keyOf(id)) || disk.pending.has(keyOf(id))
}

describe('a node', () => {
  test('starts once, however often it is told to', async () => {
    const group = await quietWorld(1)
    const node = nodeOf(group)
    await node.boot()
    expect([node.isUp, node.lifeCount, ofKind(group.seen, 'booted').length]).toEqual([true, 1, 1])
    node.crash(false)
    await Promise.all([node.boot(), node.boot()])
    expect([node.isUp, node.lifeCount, ofKind(group.seen, 'booted').length]).toEqual([true, 2, 2])
  })

  test('confirms what is typed: signed by its key, on its disk, in a receipt', async () => {
    const group = await quietWorld(1)
    const node = nodeOf(group)
    node.type(READING)
    await group.world.pass(1_000)
    const [answered] = ofKind(group.seen, 'answered')
    expect(answered).toMatchObject({ node, result: { ok: true, value: { height: 1, index: 0 } } })
    const [id] = confirmedIds(group.seen)
    const stored = node.disk.blocks.get(keyOf(node.disk.canonical[1] as Uint8Array))
    expect(stored?.block.entries).toMatchObject([{ id, author: node.publicKey, sequence: 0 }])
    expect(ofKind(group.seen, 'signed').length).toBeGreaterThan(0)
    expect(group.world.violation).toBeUndefined()
  })

  test('refuses what is no reading, and tells how long that took', async () => {
    const group = await quietWorld(1)
    nodeOf(group).type({ measure: 'bpm', value: 501 })
    await group.world.pass(1_000)
    expect(ofKind(group.seen, 'answered')).toMatchObject([
      { waitedMs: 0, result: { ok: false, error: { code: 'READING_OUT_OF_RANGE' } } },
    ])
  })

  test('tells its peers, which have the reading on their chains too', async () => {
    const group = await quietWorld(3)
    nodeOf(group).type(READING)
    await group.world.pass(10_000)
    const [id] = confirmedIds(group.seen)
    for (const { disk } of group.world.nodes) expect(disk.positions.has(keyOf(id as Uint8Array))).toBe(true)
    expect(new Set(group.world.nodes.map(({ disk }) => keyOf(disk.head?.hash as Uint8Array))).size).toBe(1)
  })

  test('reads the time off its own clock', async () => {
    const group = await quietWorld(1)
    const node = nodeOf(group)
    node.skewMs = 50_000
    node.type(READING)
    await group.world.pass(1_000)
    const stored = node.disk.blocks.get(keyOf(node.disk.head?.hash as Uint8Array))
    const aheadMs = (stored?.block.header.time ?? 0) - group.world.now
    expect(aheadMs).toBeGreaterThan(48_000)
    expect(aheadMs).toBeLessThanOrEqual(50_000)
  })
})

describe('a node that is killed', () => {
  test('has what it confirmed when it starts again, at whatever moment it was killed', async () => {
    const group = await quietWorld(2)
    const { world, seen } = group
    const node = nodeOf(group)
    let lostCount = 0
    for (let ms = 0; ms < 40; ms++) {
      const confirmedBefore = confirmedIds(seen).length
      for (let i = 0; i < 3; i++) node.type(READING)
      await world.pass(ms % 8)
      node.crash(ms % 2 === 0)
      lostCount += confirmedBefore + 3 - confirmedIds(seen).length
      await world.pass(500)
      await node.boot()
      for (const id of confirmedIds(seen)) expect(isKept(node, id)).toBe(true)
      await world.pass(3_000)
    }
    expect(lostCount).toBeGreaterThan(0)
    expect(confirmedIds(seen).length).toBeGreaterThan(0)
    expect([node.lifeCount, world.violation]).toEqual([41, undefined])
  })

  test('does nothing any more, though it had begun, and takes nothing', async () => {
    const group = await quietWorld(2)
    const node = nodeOf(group)
    node.type(READING)
    node.crash(true)
    node.crash(false)
    const count = group.seen.length
    expect(group.seen.at(-1)).toMatchObject({ kind: 'down', node, isCrash: true })
    expect(ofKind(group.seen, 'down')).toHaveLength(1)
    node.type(READING)
    await group.world.pass(60_000)
    expect(group.seen.slice(count).filter((observation) => observation.node === node)).toEqual([])
    expect([node.isUp, node.ledger]).toEqual([false, undefined])
  })

  test('by its disk says so first, and ends a moment later', async () => {
    const group = await quietWorld(1)
    const node = nodeOf(group)
    node.health.isFull = true
    const count = group.seen.length
    node.type(READING)
    await group.world.pass(40)
    expect(node.isUp).toBe(true)
    await group.world.pass(1_000)
    const kinds = group.seen.slice(count).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind !== 'event' && kind !== 'signed')).toEqual([
      'io-failed',
      'failed',
      'answered',
      'down',
    ])
    expect(ofKind(group.seen, 'answered')).toMatchObject([{ result: { ok: false } }])
    node.health.isFull = false
    await node.boot()
    node.type(READING)
    await group.world.pass(PATIENCE_MS)
    expect(confirmedIds(group.seen)).toHaveLength(1)
  })

  test('by its disk while it starts is down, and starts when the disk is well', async () => {
    const group = await quietWorld(1)
    const node = nodeOf(group)
    node.crash(false)
    node.health.readFailureShare = 1
    const count = group.seen.length
    await node.boot()
    expect(group.seen.slice(count).map(({ kind }) => kind)).toEqual(['booted', 'io-failed', 'failed', 'down'])
    expect(node.isUp).toBe(false)
    node.health.readFailureShare = 0
    await node.boot()
    expect([node.isUp, node.lifeCount]).toEqual([true, 3])
  })
})

describe('a node that is stopped', () => {
  test('answers what was typed before it ends', async () => {
    const group = await quietWorld(1)
    const node = nodeOf(group)
    node.type(READING)
    void node.stop()
    await group.world.pass(1_000)
    expect(confirmedIds(group.seen)).toHaveLength(1)
    expect(ofKind(group.seen, 'down')).toMatchObject([{ isCrash: false }])
    expect(node.isUp).toBe(false)
    await group.world.pass(20_000)
    expect(ofKind(group.seen, 'down')).toHaveLength(1)
  })

  test('and hangs is killed after ten seconds', async () => {
    const group = await quietWorld(1)
    const node = nodeOf(group)
    node.health.commitMs = [60_000, 60_000]
    node.type(READING)
    void node.stop()
    await group.world.pass(9_999)
    expect(node.isUp).toBe(true)
    await group.world.pass(1)
    expect(ofKind(group.seen, 'down')).toMatchObject([{ isCrash: true }])
    expect(confirmedIds(group.seen)).toEqual([])
  })
})

describe('a node that is paused', () => {
  test('does nothing while the others go on, and then what it missed', async () => {
    const group = await quietWorld(2)
    const [node, other] = [nodeOf(group, 0), nodeOf(group, 1)]
    node.health.commitMs = [3, 3]
    node.type(READING)
    node.pause()
    const before = group.seen.length
    const head = node.disk.head
    other.type(READING)
    await group.world.pass(5_000)
    const during = group.seen.slice(before)
    expect(during.filter((observation) => observation.node === node)).toEqual([])
    expect(confirmedIds(during)).toHaveLength(1)
    expect(node.disk.head).toEqual(head)
    node.resume()
    await group.world.pass(10_000)
    expect(confirmedIds(group.seen)).toHaveLength(2)
    expect(node.disk.head).toEqual(other.disk.head)
    expect(ofKind(group.seen, 'down')).toEqual([])
  })

  test('is not started again by being told to, and can be killed', async () => {
    const group = await quietWorld(1)
    const node = nodeOf(group)
    node.pause()
    await node.boot()
    expect(node.lifeCount).toBe(1)
    node.crash(false)
    await node.boot()
    node.type(READING)
    await group.world.pass(PATIENCE_MS)
    expect(confirmedIds(group.seen)).toHaveLength(1)
  })
})

describe('a node that lost its disk', () => {
  test('has another key and an empty ledger, and gets the chain from its peers', async () => {
    const group = await quietWorld(2)
    const [node, other] = [nodeOf(group, 0), nodeOf(group, 1)]
    node.type(READING)
    await group.world.pass(10_000)
    const { id, disk, publicKey } = node
    node.crash(false)
    node.wipe()
    expect(group.seen.at(-1)).toMatchObject({ kind: 'wiped', disk })
    expect([node.id === id, node.disk === disk, node.disk.head?.height]).toEqual([false, false, 0])
    expect(keyOf(node.publicKey)).not.toBe(keyOf(publicKey))
    group.world.wire(node)
    await node.boot()
    await group.world.pass(20_000)
    expect(node.disk.head).toEqual(other.disk.head)
    expect(node.disk.head?.height).toBeGreaterThan(0)
    node.type(READING)
    await group.world.pass(10_000)
    expect(confirmedIds(group.seen)).toHaveLength(2)
    expect(group.world.violation).toBeUndefined()
  })

  test('has a key that no other node and no other life of it has', async () => {
    const group = await quietWorld(3)
    const ids = group.world.nodes.map(({ id }) => id)
    for (let i = 0; i < 5; i++) {
      const node = nodeOf(group)
      node.crash(false)
      node.wipe()
      ids.push(node.id)
    }
    expect(new Set(ids).size).toBe(8)
  })
})

/** What a network does to nodes, one failure at a time, with real processes and real connections. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import type { NodeNumber } from '../../../src/devnet/events.ts'
import { addressBookPath } from '../../../src/store/level/data-directory.ts'
import { useWorld } from '../support/world.ts'
import { agreeOn, joinedCluster, noAlarms, valuesOf } from './support/agreement.ts'
import { peersOf, readingsOf, statusOf } from './support/ask.ts'
import { found, holds, TEST_MS } from './support/patience.ts'
import type { TestCluster, TestClusterInit } from './support/test-cluster.ts'

const world = useWorld()
vi.setConfig({ testTimeout: TEST_MS })

function cluster(nodeCount: number, init: Partial<TestClusterInit> = {}): Promise<TestCluster> {
  return joinedCluster({ world, nodeCount, ...init })
}

test('two groups that are cut apart each go on, and keep the readings of both when they meet', async () => {
  const net = await cluster(4)
  await net.type(1, 1)
  await net.oneHead(net.nodes, 1)
  net.cluster.split([
    [1, 2],
    [3, 4],
  ])
  await Promise.all([net.type(1, 10), net.type(3, 30)])
  await Promise.all([net.type(2, 20), net.type(4, 40)])
  const [left] = await Promise.all([net.oneHead([1, 2], 2), net.oneHead([3, 4], 2)])
  expect(await net.headsOf([3, 4])).not.toContain(left)
  expect(await valuesOf(net, 1)).toEqual([1, 10, 20])
  expect(await valuesOf(net, 4)).toEqual([1, 30, 40])
  net.cluster.heal()
  await agreeOn(net, [1, 10, 20, 30, 40])
  noAlarms(net)
})

test('nodes know one another by the proxies alone, so that a cut lasts however long they try', async () => {
  const net = await cluster(3)
  const all = await Promise.all(net.nodes.map((node) => statusOf(net.directoryOf(node))))
  const own = all
    .flatMap(({ network }) => network?.addresses ?? [])
    .map((address) => address.split(':').at(-1))
  expect(own).toHaveLength(3)
  for (const node of net.nodes) {
    const path = addressBookPath(net.directoryOf(node))
    const book = await found(`the address book of node ${node}`, () =>
      existsSync(path) ? readFileSync(path, 'utf8') : undefined,
    )
    expect(book).toContain('/tcp/')
    for (const port of own) expect(book).not.toContain(`/tcp/${port}`)
  }
})

test('a node that nobody reaches serves its own people, and the others go on without it', async () => {
  const net = await cluster(3)
  net.cluster.isolate(2)
  await net.type(2, 20)
  await net.type(1, 10)
  await net.type(3, 30)
  await net.oneHead([1, 3], 1)
  expect(await valuesOf(net, 2)).toEqual([20])
  net.cluster.heal()
  await agreeOn(net, [10, 20, 30])
  noAlarms(net)
})

test('a node that is heard by nobody keeps what is typed into it until it is heard again', async () => {
  const net = await cluster(3)
  net.cluster.mute(1, 2)
  net.cluster.mute(1, 3)
  const typed = net.type(1, 10)
  await net.type(2, 20)
  await net.type(3, 30)
  await net.oneHead([2, 3], 1)
  net.cluster.heal()
  await typed
  await agreeOn(net, [10, 20, 30])
  noAlarms(net)
})

test('two nodes that cannot talk to each other agree through a third', async () => {
  const net = await cluster(3)
  net.cluster.mute(1, 3)
  net.cluster.mute(3, 1)
  await net.type(1, 10)
  await net.type(3, 30)
  await agreeOn(net, [10, 30])
  noAlarms(net)
})

test('a node that was killed comes back with its readings, and gets those of the others', async () => {
  const net = await cluster(3)
  await net.type(2, 20)
  await net.cluster.kill(2)
  await net.type(1, 10)
  await net.cluster.restart(2)
  await net.type(2, 21)
  await agreeOn(net, [10, 20, 21])
  noAlarms(net)
})

test('a reading that only a killed node had, on a losing chain, is on the winning one later', async () => {
  const net = await cluster(3)
  net.cluster.isolate(2)
  await net.type(2, 20)
  await net.cluster.kill(2)
  for (const value of [10, 11, 12]) await net.type(1, value)
  net.cluster.heal()
  await net.cluster.restart(2)
  await agreeOn(net, [10, 11, 12, 20])
  noAlarms(net)
})

test('when all are switched off at once, what any of them confirmed is there afterwards', async () => {
  const net = await cluster(3)
  net.cluster.isolate(3)
  await Promise.all([net.type(1, 10), net.type(2, 20), net.type(3, 30)])
  await Promise.all(net.nodes.map((node) => net.cluster.kill(node)))
  net.cluster.heal()
  await Promise.all(net.nodes.map((node) => net.cluster.restart(node)))
  await Promise.all([net.type(1, 11), net.type(2, 21), net.type(3, 31)])
  await agreeOn(net, [10, 11, 20, 21, 30, 31])
  noAlarms(net)
})

test('a node whose directory was deleted gets the ledger again, under another key', async () => {
  const net = await cluster(3)
  await net.type(3, 30)
  await net.oneHead(net.nodes, 1)
  const before = authorOf(await readingsOf(net.directoryOf(1)), 30)
  await net.cluster.wipe(3)
  await net.type(3, 31)
  await agreeOn(net, [30, 31])
  expect(authorOf(await readingsOf(net.directoryOf(1)), 31)).not.toBe(before)
  noAlarms(net)
})

test('a node that lost all but its key goes on with its sequence, typed into at once', async () => {
  const net = await cluster(3)
  for (const value of [30, 31, 32]) await net.type(3, value)
  await net.oneHead(net.nodes, 1)
  await net.cluster.wipe(3, { keepKey: true })
  await net.type(3, 33)
  await agreeOn(net, [30, 31, 32, 33])
  const readings = await readingsOf(net.directoryOf(1))
  expect(readings.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3])
  expect(new Set(readings.map(({ author }) => author)).size).toBe(1)
  noAlarms(net)
})

test('histories that parted below the final block are kept apart, with an alarm of the shorter', async () => {
  const net = await cluster(2, { finalDepth: 3 })
  await net.type(1, 1)
  await net.oneHead(net.nodes, 1)
  net.cluster.isolate(1)
  for (const value of [10, 11, 12, 13, 14]) await net.type(1, value)
  for (const value of [20, 21, 22, 23, 24, 25]) await net.type(2, value)
  net.cluster.heal()
  expect(await alarmOf(net, 1)).toMatch(/^BLOCK_BELOW_FINAL: .*pulseledger log --json.*pulseledger rejoin/)
  // Each stays what it was, and serves its people, until the other one is the longer.
  for (const value of [15, 16, 17, 18]) await net.type(1, value)
  expect(await alarmOf(net, 2)).toMatch(/^BLOCK_BELOW_FINAL: /)
  await net.type(2, 26)
  expect(await valuesOf(net, 1)).toEqual([1, 10, 11, 12, 13, 14, 15, 16, 17, 18])
  expect(await valuesOf(net, 2)).toEqual([1, 20, 21, 22, 23, 24, 25, 26])
  await holds('`peers` of the shorter one to say so', async () => {
    return (await peersOf(net.directoryOf(2)))[0]?.state === 'diverged'
  })
  expect(net.fallen).toEqual([])

  // What docs/ARCHITECTURE.md says that an operator can do: one side begins again, and types again.
  await net.cluster.wipe(2)
  for (const value of [20, 21, 22, 23, 24, 25, 26]) await net.type(2, value)
  await agreeOn(net, [1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26])
  expect(await statusOf(net.directoryOf(2))).toMatchObject({ network: { peerCount: 1 } })
})

function alarmOf(net: TestCluster, node: NodeNumber): Promise<string> {
  return found(
    `an alarm of node ${node}`,
    () => net.alarmsOf(node)[0],
    () => net.complaints,
  )
}

function authorOf(readings: readonly { value: number; author: string }[], value: number): string | undefined {
  return readings.find((reading) => reading.value === value)?.author
}

/** Proof of work with real processes, threads and connections, at a difficulty of a fraction of a second. */
import { toHex } from '@pulseledger/core'
import { expect, test, vi } from 'vitest'
import type { NodeNumber } from '../../../src/devnet/events.ts'
import { useWorld } from '../support/world.ts'
import { agreeOn, joinedCluster, noAlarms, valuesOf } from './support/agreement.ts'
import { readingsOf, statusOf } from './support/ask.ts'
import { holds, TEST_MS } from './support/patience.ts'
import type { TestCluster, TestClusterInit } from './support/test-cluster.ts'

const world = useWorld()
vi.setConfig({ testTimeout: TEST_MS })

const ENGINE = {
  name: 'proof-of-work',
  finalDepth: 1_000,
  intervalMs: 500,
  window: 8,
  difficulty: 400_000,
  difficultyMinimum: 40_000,
}
/** More than can be found while a test lasts. */
const HOPELESS = { ...ENGINE, difficulty: 2 ** 53 - 1, difficultyMinimum: 2 ** 53 - 1 }

const THREADS = ['--mine-threads', '1']

function cluster(nodeCount: number, init: Partial<TestClusterInit> = {}): Promise<TestCluster> {
  return joinedCluster({
    ...{ world, nodeCount, document: { engine: ENGINE }, argumentsOf: () => THREADS },
    ...init,
  })
}

async function keyOf(net: TestCluster, node: NodeNumber): Promise<string> {
  return toHex((await statusOf(net.directoryOf(node))).publicKey)
}

test('three nodes that mine are cut apart and meet again, and no reading is lost', async () => {
  const net = await cluster(3)
  await Promise.all([net.type(1, 1), net.type(2, 2), net.type(3, 3)])
  await net.oneHead(net.nodes, 1)
  net.cluster.isolate(1)
  await Promise.all([10, 11, 12].map((value) => net.type(1, value)))
  for (const value of [20, 21]) await Promise.all([net.type(2, value), net.type(3, value + 10)])
  await net.oneHead([2, 3])
  expect(await valuesOf(net, 1)).toEqual([1, 2, 3, 10, 11, 12])
  expect(await valuesOf(net, 2)).toEqual([1, 2, 3, 20, 21, 30, 31])
  net.cluster.heal()
  await agreeOn(net, [1, 2, 3, 10, 11, 12, 20, 21, 30, 31])
  expect(net.reorgCount).toBeGreaterThan(0)
  noAlarms(net)
})

test('what is typed into a node that does not mine is mined by the others', async () => {
  const argumentsOf = (node: NodeNumber) => (node === 3 ? ['--mine', 'off'] : THREADS)
  const net = await cluster(3, { argumentsOf })
  await Promise.all([net.type(3, 30), net.type(1, 10)])
  await net.type(3, 31)
  await agreeOn(net, [10, 30, 31])
  const readings = await readingsOf(net.directoryOf(1))
  const idle = await keyOf(net, 3)
  expect(readings.filter(({ author }) => author === idle).map(({ value }) => value)).toEqual([30, 31])
  expect(readings.map(({ producer }) => producer)).not.toContain(idle)
  expect(await statusOf(net.directoryOf(3))).toMatchObject({
    network: { mayProduce: false },
    mining: { threads: 0, search: undefined },
  })
  noAlarms(net)
})

test('a reading that waits for its block outlives its killed node, and is searched for again', async () => {
  const net = await cluster(2, { document: { engine: HOPELESS } })
  void net.cluster.type(1, '10')
  const searches = (node: NodeNumber) =>
    holds(`node ${node} to search`, async () => {
      const { pendingCount, mining } = await statusOf(net.directoryOf(node))
      return pendingCount === 1 && mining?.search?.entryCount === 1 && mining.hashesPerSecond > 0
    })
  await searches(1)
  await searches(2)
  await Promise.all(net.nodes.map((node) => net.cluster.kill(node)))
  await net.cluster.restart(1)
  await net.up(1)
  await searches(1)
  expect(await valuesOf(net, 1)).toEqual([])
})

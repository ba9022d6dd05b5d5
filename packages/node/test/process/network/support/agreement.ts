/** What tests of several nodes begin with, and what they all end with: one chain, nothing wrong with it. */
import { expect } from 'vitest'
import type { NodeNumber } from '../../../../src/devnet/events.ts'
import { peersOf, readingsOf, verificationOf } from './ask.ts'
import { holds } from './patience.ts'
import { TestCluster, type TestClusterInit } from './test-cluster.ts'

/** Each node is connected to all others. */
export async function joinedCluster(init: TestClusterInit): Promise<TestCluster> {
  const net = new TestCluster(init)
  await net.start()
  for (const node of net.nodes) await joined(net, node, init.nodeCount - 1)
  return net
}

function joined(net: TestCluster, node: NodeNumber, count: number): Promise<void> {
  return holds(
    `node ${node} to have ${count} peers`,
    async () => (await peersOf(net.directoryOf(node))).length === count,
    () => net.complaints,
  )
}

/** The values of a node's chain, ascending: in which order they come is up to the nodes. */
export async function valuesOf(net: TestCluster, node: NodeNumber): Promise<number[]> {
  const readings = await readingsOf(net.directoryOf(node))
  return readings.map(({ value }) => value).sort((a, b) => a - b)
}

/** All nodes come to one head that has these values, each once, and find nothing wrong with it. */
export async function agreeOn(net: TestCluster, values: readonly number[]): Promise<void> {
  let seen = ''
  await holds(
    `one chain with ${values}`,
    async () => {
      await net.oneHead()
      const all = await Promise.all(net.nodes.map((node) => valuesOf(net, node)))
      seen = JSON.stringify(all)
      return all.every((each) => JSON.stringify(each) === JSON.stringify(values))
    },
    () => `${seen} ${net.complaints}`,
  )
  for (const node of net.nodes) {
    expect(await verificationOf(net.directoryOf(node))).toMatchObject({ ok: true, problems: [] })
  }
  expect(net.fallen).toEqual([])
}

export function noAlarms(net: TestCluster): void {
  expect(net.nodes.flatMap((node) => net.alarmsOf(node))).toEqual([])
}

import { join } from 'node:path'
import { withDirectory } from './support/bench-node.ts'
import { buildSignedChain } from './support/long-chain.ts'
import { NodeProcess } from './support/node-process.ts'
import { perSecond, type Suite } from './support/report.ts'

const GOAL = 1.5

const CHAINS = [
  { blockSize: 1_000, entryCount: 100_000 },
  { blockSize: 10, entryCount: 50_000 },
] as const

/**
 * A node with an empty directory joins a ledger through one address, checks everything from genesis on, and
 * stores it: entries a second, from its first connection to the block that makes it whole. The goal is 1.5 of
 * `openssl speed` with sodium-native.
 */
export const syncSuite: Suite = async (report, openssl) => {
  for (const { blockSize, entryCount } of CHAINS) {
    const rate = await withDirectory((directory) => synchronise(directory, blockSize, entryCount))
    const ratio = openssl === undefined ? undefined : rate / openssl
    const reached = ratio === undefined || ratio >= GOAL ? 'reached' : 'not reached'
    const note =
      ratio === undefined ? '' : `${ratio.toFixed(2)} of openssl; goal: at least ${GOAL}, ${reached}`
    report.line(`sync from genesis, ${blockSize} a block, entries/s`, rate.toFixed(0), note)
  }
}

async function synchronise(directory: string, blockSize: number, entryCount: number): Promise<number> {
  await buildSignedChain(join(directory, 'whole'), entryCount / blockSize, blockSize)
  const nodes: NodeProcess[] = []
  try {
    const whole = new NodeProcess(join(directory, 'whole'))
    nodes.push(whole)
    const { nodeAddress } = await whole.started()
    const joining = new NodeProcess(join(directory, 'joining'), nodeAddress)
    nodes.push(joining)
    const finishedAt = await joining.shows(entryCount)
    return perSecond(entryCount, finishedAt - (joining.firstPeerAt as number))
  } finally {
    for (const node of nodes) await node.stop()
  }
}

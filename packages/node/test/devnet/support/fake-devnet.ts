import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../src/adapters/clock.ts'
import { Devnet, type DevnetInit } from '../../../src/devnet/devnet.ts'
import type { NodeStatus } from '../../../src/devnet/events.ts'

const FAKE_NODE = fileURLToPath(new URL('fake-node.ts', import.meta.url))

export interface FakeDevnet {
  readonly devnet: Devnet
  /** All lines so far. */
  readonly lines: readonly string[]
  remove(): Promise<void>
}

/** `modeOf` gives the last argument of a fake node. */
export function fakeDevnet(
  nodeCount: number,
  { modeOf, ...changed }: Partial<DevnetInit> & { modeOf?: (node: number) => string } = {},
): FakeDevnet {
  const directory = mkdtempSync(join(tmpdir(), 'pulseledger-fake-'))
  const lines: string[] = []
  const devnet = new Devnet({
    nodeCount,
    directory,
    clock: systemClock,
    environment: {},
    commandOf: (plan) => [
      process.execPath,
      FAKE_NODE,
      plan.directory,
      plan.peerPorts.join(','),
      modeOf?.(plan.node) ?? '',
    ],
    askStatus: fakeStatus,
    ...changed,
  })
  devnet.subscribe((more) => lines.push(...more))
  return {
    devnet,
    lines,
    remove: async () => {
      await devnet.cluster.killAll()
      await devnet.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Each pair of fake nodes has two connections, so they count twice as many peers. */
async function fakeStatus(directory: string): Promise<NodeStatus | undefined> {
  try {
    const port = Number(readFileSync(join(directory, 'status-port'), 'utf8'))
    const text = await readAll(port)
    const { peerCount, ...status } = JSON.parse(text) as NodeStatus
    return { ...status, catchingUp: undefined, peerCount: Math.ceil((peerCount ?? 0) / 2) }
  } catch {
    return undefined
  }
}

function readAll(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let text = ''
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
    socket.on('error', reject).on('close', () => resolve(text))
  })
}

/** Whether a process of that number is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

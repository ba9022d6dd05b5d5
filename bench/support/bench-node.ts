import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { createLogger, type NodeOptions, PulseNode, systemClock, systemRandom } from 'pulseledger'

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })

/** A node in this process, on a free port, that prints nothing. */
export async function startBenchNode(
  dataDirectory: string,
  options: Partial<NodeOptions> = {},
): Promise<PulseNode> {
  const logger = createLogger({ level: 'error', pretty: false, clock: systemClock, write: console.error })
  const node = new PulseNode(
    {
      dataDirectory,
      terminalPorts: [{ host: '127.0.0.1', port: 0 }],
      terminalPortsExplicit: true,
      sources: [],
      broadcastIntervalMs: 0,
      broadcastBlocksMax: 100,
      json: false,
      logLevel: 'error',
      connectionsMax: 20_000,
      connectionsPerAddressMax: 20_000,
      genesis: { name: 'bench' },
      crypto: 'auto',
      miningThreads: 1,
      listen: undefined,
      listenExplicit: true,
      peers: [],
      mdns: false,
      peerExchange: false,
      swarmKeyFile: undefined,
      announce: [],
      upnp: false,
      relayServer: false,
      relays: [],
      invocation: 'pulseledger',
      notes: [],
      ...options,
    },
    { clock: systemClock, random: systemRandom, logger, output: nowhere(), colour: false },
  )
  await node.start()
  return node
}

/** Runs `task` with a fresh directory that is removed afterwards. */
export async function withDirectory<T>(task: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'pulseledger-bench-'))
  try {
    return await task(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

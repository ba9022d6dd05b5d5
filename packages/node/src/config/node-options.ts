import { availableParallelism } from 'node:os'
import { ok, type Result } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { GenesisChoice, NodeOptions } from '../options.ts'
import { DEFAULT_LEDGER_NAME, readGenesisFile } from './genesis-choice.ts'
import type { Config } from './read-config.ts'

/**
 * What a node is started with; `invocation` is how the command line is called here. Reads the genesis file
 * when one is named; its errors are those of reading it.
 */
export function nodeOptions({ values, origins }: Config, invocation: string): Result<NodeOptions> {
  const genesis: Result<GenesisChoice> =
    values.genesis === undefined ? ok({ name: DEFAULT_LEDGER_NAME }) : readGenesisFile(values.genesis)
  if (!genesis.ok) return genesis
  return ok({
    dataDirectory: values.dataDir,
    terminalPorts: values.addr,
    terminalPortsExplicit: origins.addr.from !== 'default',
    sources: values.source,
    broadcastIntervalMs: values.broadcastInterval,
    broadcastBlocksMax: values.broadcastBlocks,
    json: values.json === 'auto' ? undefined : values.json === 'true',
    logLevel: values.logLevel,
    connectionsMax: values.connectionsMax,
    connectionsPerAddressMax: values.connectionsPerAddressMax,
    genesis: genesis.value,
    crypto: values.crypto,
    miningThreads: values.mine === 'off' ? 0 : (values.mineThreads ?? miningThreads()),
    listen: values.listen,
    listenExplicit: origins.listen.from !== 'default',
    peers: values.peer,
    mdns: values.mdns === 'true',
    peerExchange: values.peerExchange === 'true',
    swarmKeyFile: values.swarmKey,
    announce: values.announce,
    upnp: values.upnp === 'true',
    relayServer: values.relayServer === 'true',
    relays: values.relay,
    invocation,
    notes: [],
  })
}

/** The node itself needs a core too, if there is another. */
function miningThreads(): number {
  return Math.min(Math.max(1, availableParallelism() - 1), NODE_LIMITS.miningThreadsMax)
}

import { ok, type Result } from '@pulseledger/core'
import type { GenesisChoice, NodeOptions } from '../options.ts'
import { DEFAULT_LEDGER_NAME, readGenesisFile } from './genesis-choice.ts'
import type { ConfigValues } from './option-table.ts'

/**
 * What a node is started with. Reads the genesis file when one is named; its errors are those of reading it.
 */
export function nodeOptions(values: ConfigValues): Result<NodeOptions> {
  const genesis: Result<GenesisChoice> =
    values.genesis === undefined ? ok({ name: DEFAULT_LEDGER_NAME }) : readGenesisFile(values.genesis)
  if (!genesis.ok) return genesis
  return ok({
    dataDirectory: values.dataDir,
    terminalPorts: values.addr,
    sources: values.source,
    broadcastIntervalMs: values.broadcastInterval,
    broadcastBlocksMax: values.broadcastBlocks,
    json: values.json === 'auto' ? undefined : values.json === 'true',
    logLevel: values.logLevel,
    connectionsMax: values.connectionsMax,
    connectionsPerAddressMax: values.connectionsPerAddressMax,
    genesis: genesis.value,
    crypto: values.crypto,
  })
}

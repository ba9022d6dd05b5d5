import { nodeOptions } from '../../config/node-options.ts'
import { configJson, configTable } from '../../config/print-config.ts'
import type { Config } from '../../config/read-config.ts'
import type { NodeOptions } from '../../options.ts'
import { NodeFailure } from '../../ports.ts'
import type { Call, Command } from '../command.ts'
import { interruptedByParent } from '../exit-with-parent.ts'
import { Output } from '../output.ts'
import { type LedgerSource, runNode } from '../run-node.ts'
import { unwrap } from '../unwrap.ts'

export const start: Command = {
  name: 'start',
  summary: 'run a node (also without any command)',
  description: `Runs a node: serves terminals, chains what is typed into them, prints each block, and keeps
one ledger with the other nodes that it finds. An empty data directory gets a new ledger, or that of --peer.
Ctrl-C stops it, and loses nothing.`,
  options: [
    { flags: '--print-config', help: 'print each setting and where it came from, and do not start' },
    { flags: '--exit-with-parent', help: 'stop when stdin ends, as it does when the program behind it ends' },
  ],
  examples: [
    ['pulseledger start', 'serve port 9000 of this machine'],
    ['pulseledger start -a 9000,9001:bpm:ward-2', 'one more port, for ward 2'],
    ['pulseledger start -a :9000', 'serve whoever reaches it'],
    ['pulseledger start -s 10.0.0.7:7000:bpm:bed-3', 'read a device as well'],
    ['pulseledger start --peer 10.0.0.7:7400', 'with the node that runs there'],
    ['pulseledger start --listen off', 'without any other node'],
    ['pulseledger start --print-config', 'see what is set, and where'],
  ],
  run,
}

async function run({ io, config, options: own }: Call): Promise<void> {
  const options = unwrap(nodeOptions(config, io.invocation))
  if (own.printConfig === true) {
    const output = new Output(io.stdout)
    const text = config.values.json === 'true' ? configJson(config) : configTable(config)
    await output.line(text.trimEnd())
    await output.flush()
    return
  }
  await runNode({
    io: own.exitWithParent === true ? interruptedByParent(io) : io,
    config,
    options,
    source: sourceOf(options, config),
  })
}

/** Throws NETWORK_OFF and USAGE_INVALID: settings that contradict one another are better not guessed at. */
function sourceOf({ peers, listen, genesis }: NodeOptions, { values }: Config): LedgerSource {
  if (peers.length === 0) return { kind: 'own' }
  if (listen === undefined) {
    throw new NodeFailure('NETWORK_OFF', `nodes to connect to are named, but there is to be no network`)
  }
  if (values.genesis === undefined) return { kind: 'peers', addresses: peers }
  if (genesis.time !== undefined && genesis.salt !== undefined) return { kind: 'own' }
  const message = `${values.genesis} has no time and salt, so it would begin a ledger that no peer has`
  throw new NodeFailure('USAGE_INVALID', message)
}

import { createLogger } from '../../adapters/logger.ts'
import { DEFAULTS } from '../../config/genesis-choice.ts'
import { nodeOptions } from '../../config/node-options.ts'
import { configJson, configTable } from '../../config/print-config.ts'
import { PulseNode } from '../../node.ts'
import type { NodeOptions } from '../../options.ts'
import { NodeFailure } from '../../ports.ts'
import type { Call, Command } from '../command.ts'
import { type CliIo, hasColours } from '../io.ts'
import { hasLedger } from '../open-access.ts'
import { Output } from '../output.ts'
import { unwrap } from '../unwrap.ts'

/** What a shell shows for a program that an interrupt ended: 128 + SIGINT. */
const INTERRUPTED = 130

export const start: Command = {
  name: 'start',
  summary: 'run a node (also without any command)',
  description: `Runs a node: serves terminals, chains what is typed into them, and prints each block.
An empty data directory gets a new ledger. Ctrl-C stops it, and loses nothing.`,
  options: [{ flags: '--print-config', help: 'print each setting and where it came from, and do not start' }],
  examples: [
    ['pulseledger start', 'serve port 9000 of this machine'],
    ['pulseledger start -a 9000,9001:bpm:ward-2', 'one more port, for ward 2'],
    ['pulseledger start -a :9000', 'serve whoever reaches it'],
    ['pulseledger start -s 10.0.0.7:7000:bpm:bed-3', 'read a device as well'],
    ['pulseledger start --print-config', 'see what is set, and where'],
  ],
  run,
}

async function run({ io, config, options }: Call): Promise<void> {
  const chosen = unwrap(nodeOptions(config.values))
  if (options.printConfig === true) {
    const output = new Output(io.stdout)
    const text = config.values.json === 'true' ? configJson(config) : configTable(config)
    await output.line(text.trimEnd())
    await output.flush()
    return
  }
  checkMeasures(chosen)
  const { clock, random, stdout, stderr } = io
  const logger = createLogger({
    level: chosen.logLevel,
    pretty: stderr.isTTY === true,
    clock,
    write: (line) => stderr.write(line),
  })
  const colour = hasColours(stdout, io.environment)
  await runUntilInterrupted(new PulseNode(chosen, { clock, random, logger, output: stdout, colour }), io)
}

/**
 * The first interrupt stops the node as gently as it can, the second ends the process. One that comes while
 * the node starts is heeded when it has started: everything that stops is then known.
 */
async function runUntilInterrupted(node: PulseNode, { onInterrupt, exit, stderr }: CliIo): Promise<void> {
  const interrupted = Promise.withResolvers<undefined>()
  let count = 0
  const release = onInterrupt(() => {
    count += 1
    if (count > 1) exit(INTERRUPTED)
    else if (stderr.isTTY) stderr.write('\nstopping (Ctrl-C again: at once)\n')
    interrupted.resolve(undefined)
  })
  try {
    await node.start()
    const failure = await Promise.race([interrupted.promise, node.failed])
    // What failed first is what matters: stopping after it may well fail too.
    await node.stop().catch((error: unknown) => {
      throw failure ?? error
    })
    if (failure) throw failure
  } finally {
    release()
  }
}

/** Before a ledger is begun: a port for a measure that it will not have is a mistake in the configuration. */
function checkMeasures({ dataDirectory, genesis, terminalPorts, sources }: NodeOptions): void {
  if (hasLedger(dataDirectory)) return
  const known = (genesis.measures ?? DEFAULTS.measures).map(({ name }) => name)
  for (const { measure } of [...terminalPorts, ...sources]) {
    if (measure === undefined || known.includes(measure)) continue
    throw new NodeFailure(
      'MEASURE_UNKNOWN',
      `the new ledger would have ${known.join(', ')} and no '${measure}'`,
    )
  }
}

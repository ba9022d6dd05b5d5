import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaultGenesis, ENGINES } from '@pulseledger/core'
import { completeEngine, DEFAULTS, genesisJson, readGenesisFile } from '../../config/genesis-choice.ts'
import { integer, oneOf } from '../../config/values.ts'
import { askNode } from '../../control/client.ts'
import { Devnet, type DevnetInit } from '../../devnet/devnet.ts'
import type { NodeStatus } from '../../devnet/events.ts'
import { runLive } from '../../devnet/live.ts'
import { runPlain } from '../../devnet/plain.ts'
import { NODE_LIMITS } from '../../limits.ts'
import type { GenesisChoice } from '../../options.ts'
import { type Clock, NodeFailure } from '../../ports.ts'
import { readHolder } from '../../store/level/data-directory.ts'
import type { Call, Command } from '../command.ts'
import { type CliIo, hasColours } from '../io.ts'
import { hasLedger } from '../open-access.ts'
import { unwrap } from '../unwrap.ts'

const NODES_DEFAULT = 4
const DEFAULT_NAME = 'devnet'
const ENGINE_DEFAULT = DEFAULTS.engine.name
const PORT_MAX = 65_535

/** It stands at the same place beside the sources and beside what is built of them. */
const EXECUTABLE = fileURLToPath(new URL('../../../bin/pulseledger.js', import.meta.url))

export const devnet: Command = {
  name: 'devnet',
  summary: 'run several nodes here, to cut apart and kill',
  description: `Runs several nodes on this machine, joined through a network that can be cut, on one screen:
type readings into any of them, cut the network, kill nodes, and see them fork and agree again.
The nodes and what they stored are gone when it ends, unless --data-dir is given.`,
  argument: { name: '[n]', help: `nodes, 2 to ${NODE_LIMITS.devnetNodesMax} (default: ${NODES_DEFAULT})` },
  options: [
    { flags: '--plain', help: 'print one line an event, and read commands from stdin' },
    {
      flags: '--first-port <port>',
      help: 'terminal of the first node, the others follow (default: ports that are free)',
      parse: integer(1, PORT_MAX),
    },
    {
      flags: '-e, --engine <name>',
      help: `who makes blocks: ${Object.keys(ENGINES).join(' or ')} (default: ${ENGINE_DEFAULT})`,
      parse: oneOf(Object.keys(ENGINES)),
    },
  ],
  examples: [
    ['pulseledger devnet', 'four nodes'],
    ['pulseledger devnet 7 --first-port 9001', 'seven, with ports from 9001 on'],
    ['pulseledger devnet 3 --engine proof-of-work', 'three that mine'],
    ['pulseledger devnet --plain < commands.txt', 'as a script says: docs/DEVNET.md'],
  ],
  run,
}

async function run({ io, config, options, argument }: Call): Promise<void> {
  const nodeCount = nodeCountOf(argument)
  const firstPort = firstPortOf(options.firstPort as number | undefined, nodeCount)
  const { text, from } = config.origins.dataDir
  // Only a directory that was named for this: a node of its own may live in the one that .env names.
  const isKept = from === 'flag' && text !== undefined
  const directory = isKept ? config.values.dataDir : mkdtempSync(join(tmpdir(), 'pulseledger-devnet-'))
  try {
    const choice = choiceOf(config.values.genesis, options.engine as string | undefined)
    const genesis = prepareGenesis(directory, choice, io)
    const made = new Devnet({
      nodeCount,
      directory,
      clock: io.clock,
      environment: ownEnvironment(io.environment),
      commandOf: nodeCommand(genesis, firstPort),
      askStatus: (path) => askStatus(path, io.clock),
    })
    await runUntilInterrupted(made, io, options.plain === true)
  } finally {
    if (!isKept) rmSync(directory, { recursive: true, force: true })
  }
}

async function runUntilInterrupted(made: Devnet, io: CliIo, plain: boolean): Promise<void> {
  const { stdin, stdout, clock, environment } = io
  const interrupted = Promise.withResolvers<undefined>()
  let count = 0
  const release = io.onInterrupt(() => {
    count += 1
    if (count > 1) void made.cluster.killAll()
    interrupted.resolve(undefined)
  })
  try {
    if (!plain && stdout.isTTY === true && stdin.isTTY === true) {
      const colour = hasColours(stdout, environment)
      await runLive({
        devnet: made,
        keyboard: stdin,
        display: stdout,
        colour,
        clock,
        interrupted: interrupted.promise,
      })
      return
    }
    const write = (line: string) => stdout.write(`${line}\n`)
    // Whoever reads the lines is gone: nobody is left to be told anything.
    stdout.once('error', () => interrupted.resolve(undefined))
    const failedCount = await runPlain({
      devnet: made,
      input: stdin,
      write,
      interrupted: interrupted.promise,
    })
    if (failedCount > 0) throw new NodeFailure('DEVNET_FAILED', `${failedCount} commands failed`)
  } finally {
    release()
    stdin.destroy()
  }
}

function nodeCountOf(argument: string | undefined): number {
  if (argument === undefined) return NODES_DEFAULT
  const count = integer(2, NODE_LIMITS.devnetNodesMax)(argument)
  if (count.ok) return count.value
  throw new NodeFailure('USAGE_INVALID', `devnet: ${count.problem}`)
}

function firstPortOf(port: number | undefined, nodeCount: number): number | undefined {
  if (port === undefined || port + nodeCount - 1 <= PORT_MAX) return port
  throw new NodeFailure('USAGE_INVALID', `there are no ${nodeCount} ports from ${port} up to ${PORT_MAX}`)
}

/** Undefined: nothing was chosen. */
function choiceOf(path: string | undefined, engine: string | undefined): GenesisChoice | undefined {
  if (path !== undefined && engine !== undefined) {
    throw new NodeFailure(
      'USAGE_INVALID',
      `the engine is in the document ${path}: --engine does not go with it`,
    )
  }
  if (path !== undefined) return unwrap(readGenesisFile(path))
  return engine === undefined ? undefined : { name: DEFAULT_NAME, engine: completeEngine({ name: engine }) }
}

/** A complete document, so that all nodes begin the same ledger. One that is there is kept. */
function prepareGenesis(
  directory: string,
  choice: GenesisChoice | undefined,
  { clock, random }: CliIo,
): string {
  const path = join(directory, 'genesis.json')
  if (choice === undefined && hasLedger(join(directory, 'node-1'))) return path
  const completed = { time: clock.now(), salt: random.bytes(16), ...(choice ?? { name: DEFAULT_NAME }) }
  const document = defaultGenesis(completed)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(path, `${genesisJson(document)}\n`, { mode: 0o600 })
  return path
}

function nodeCommand(genesis: string, firstPort: number | undefined): DevnetInit['commandOf'] {
  return ({ node, directory, peerPorts }) => [
    process.execPath,
    EXECUTABLE,
    'start',
    ...['--data-dir', directory],
    ...['--genesis', genesis],
    ...['--addr', `127.0.0.1:${firstPort === undefined ? 0 : firstPort + node - 1}`],
    ...['--listen', '127.0.0.1:0'],
    ...['--peer', peerPorts.map((port) => `127.0.0.1:${port}`).join(',')],
    // They share the cores.
    ...['--mine-threads', '1'],
    ...['--no-mdns', '--no-peer-exchange', '--json', '--exit-with-parent'],
  ]
}

/** Without what configures a node: the nodes are configured by their flags alone. */
function ownEnvironment(environment: CliIo['environment']): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || /^(?:PULSELEDGER_.*|ADDR|PEERS)$/.test(name)) continue
    own[name] = value
  }
  return own
}

/** Undefined when it does not answer, as one that has just been killed. */
async function askStatus(directory: string, clock: Clock): Promise<NodeStatus | undefined> {
  const path = readHolder(directory)?.control
  if (path === undefined) return undefined
  try {
    for await (const answer of askNode(path, { command: 'status' }, clock)) {
      if (answer.kind !== 'status') continue
      const { head, pendingCount, network } = answer.status
      const sync = network?.sync
      return {
        head: { height: head.height, hash: Buffer.from(head.hash).toString('hex') },
        pendingCount,
        peerCount: network?.peerCount,
        catchingUp: sync?.kind === 'catching-up' ? sync : undefined,
      }
    }
  } catch (error) {
    if (!(error instanceof NodeFailure)) throw error
  }
  return undefined
}

import { NODE_LIMITS } from '../limits.ts'
import { CRYPTO_PREFERENCES, LOG_LEVELS } from '../options.ts'
import { parseSources, parseTerminalPorts, SOURCES_FORM, TERMINAL_PORTS_FORM } from './address.ts'
import { LISTEN_FORM, NODE_ADDRESSES_FORM, parseListen, parseNodeAddresses } from './node-address.ts'
import type { Parsed } from './parsed.ts'
import { duration, integer, oneOf, path } from './values.ts'

/**
 * The one table of what can be configured. The flags of the commands, the names of the environment and of
 * `.env`, the keys of the configuration file, `--help`, `--print-config` and docs/CONFIGURATION.md all derive
 * from it.
 */
export interface OptionRow<T> {
  /** As commander writes it. Its long form in camel case is the key of the row. */
  readonly flag: string
  readonly environment: string
  /** In the configuration file, where it is not that of the row. */
  readonly fileKey?: string
  /** What a value is in the configuration file; `list` is one text or number, or an array of them. */
  readonly kind: 'text' | 'path' | 'number' | 'switch' | 'list'
  /** The form of a value, for people. */
  readonly form: string
  /** In the same form as anyone would give it; undefined: none. */
  readonly default: string | undefined
  /** What it does, in one line; the form and the default are added to it. */
  readonly help: string
  /** The commands that have the flag. Everything else is understood, and checked, by all of them. */
  readonly commands: 'all' | readonly string[]
  readonly parse: (text: string) => Parsed<T>
}

const MINUTE_MS = 60_000
/** The commands that run a node. */
const RUNNING = ['start', 'join', 'rejoin'] as const
const SWITCH_FORM = 'true or false'
const parseSwitch = oneOf(['true', 'false'])
const DAY_MS = 24 * 60 * MINUTE_MS

export const OPTIONS = {
  addr: row({
    flag: '-a, --addr <list>',
    environment: 'ADDR',
    kind: 'list',
    form: TERMINAL_PORTS_FORM,
    default: '9000',
    help: 'ports for terminals; without a host, for this machine only',
    commands: RUNNING,
    parse: parseTerminalPorts,
  }),
  source: row({
    flag: '-s, --source <list>',
    environment: 'PULSELEDGER_SOURCE',
    kind: 'list',
    form: SOURCES_FORM,
    default: '',
    help: 'devices to connect to, each sending one reading a line',
    commands: RUNNING,
    parse: parseSources,
  }),
  listen: row({
    flag: '--listen <list>',
    environment: 'PULSELEDGER_LISTEN',
    kind: 'list',
    form: LISTEN_FORM,
    default: String(NODE_LIMITS.nodePort),
    help: 'where other nodes reach this one; off: no network',
    commands: RUNNING,
    parse: parseListen,
  }),
  peer: row({
    flag: '-p, --peer <list>',
    environment: 'PEERS',
    fileKey: 'peers',
    kind: 'list',
    form: NODE_ADDRESSES_FORM,
    default: '',
    help: 'nodes to connect to; an empty data directory gets their ledger',
    commands: RUNNING,
    parse: parseNodeAddresses,
  }),
  mdns: row({
    flag: '--mdns',
    environment: 'PULSELEDGER_MDNS',
    kind: 'switch',
    form: SWITCH_FORM,
    default: 'true',
    help: 'find nodes of the local network, or with --no-mdns not',
    commands: RUNNING,
    parse: parseSwitch,
  }),
  peerExchange: row({
    flag: '--peer-exchange',
    environment: 'PULSELEDGER_PEER_EXCHANGE',
    kind: 'switch',
    form: SWITCH_FORM,
    default: 'true',
    help: 'ask peers for other nodes, or with --no-peer-exchange not',
    commands: RUNNING,
    parse: parseSwitch,
  }),
  swarmKey: row<string | undefined>({
    flag: '--swarm-key <file>',
    environment: 'PULSELEDGER_SWARM_KEY',
    kind: 'path',
    form: 'a swarm key file',
    default: undefined,
    help: 'key of a closed group: only nodes that have it can connect',
    commands: RUNNING,
    parse: path,
  }),
  announce: row({
    flag: '--announce <list>',
    environment: 'PULSELEDGER_ANNOUNCE',
    kind: 'list',
    form: NODE_ADDRESSES_FORM,
    default: '',
    help: 'addresses to tell other nodes, where they differ from those of this machine',
    commands: RUNNING,
    parse: parseNodeAddresses,
  }),
  upnp: row({
    flag: '--upnp',
    environment: 'PULSELEDGER_UPNP',
    kind: 'switch',
    form: SWITCH_FORM,
    default: 'false',
    help: 'ask the router to let other nodes in',
    commands: RUNNING,
    parse: parseSwitch,
  }),
  relayServer: row({
    flag: '--relay-server',
    environment: 'PULSELEDGER_RELAY_SERVER',
    kind: 'switch',
    form: SWITCH_FORM,
    default: 'false',
    help: 'carry connections between nodes that cannot reach one another',
    commands: RUNNING,
    parse: parseSwitch,
  }),
  relay: row({
    flag: '--relay <list>',
    environment: 'PULSELEDGER_RELAY',
    kind: 'list',
    form: NODE_ADDRESSES_FORM,
    default: '',
    help: 'nodes with --relay-server, through which others reach this one',
    commands: RUNNING,
    parse: parseNodeAddresses,
  }),
  dataDir: row({
    flag: '-d, --data-dir <directory>',
    environment: 'PULSELEDGER_DATA_DIR',
    kind: 'path',
    form: 'a directory',
    default: './pulseledger-data',
    help: 'where the ledger, the key and the lock are kept',
    commands: 'all',
    parse: path,
  }),
  genesis: row<string | undefined>({
    flag: '-g, --genesis <file>',
    environment: 'PULSELEDGER_GENESIS',
    kind: 'path',
    form: 'a JSON file',
    default: undefined,
    help: 'genesis document to begin a ledger with; a ledger begun with another one is refused',
    commands: ['start', 'init', 'devnet'],
    parse: path,
  }),
  broadcastInterval: row({
    flag: '--broadcast-interval <time>',
    environment: 'PULSELEDGER_BROADCAST_INTERVAL',
    kind: 'text',
    form: '0 for never, or a number with ms, s, m or h, from 100ms to 24h',
    default: `${NODE_LIMITS.broadcastIntervalMs / 1_000}s`,
    help: 'how often each terminal gets the chain as JSON',
    commands: RUNNING,
    parse: duration(100, DAY_MS),
  }),
  broadcastBlocks: row({
    flag: '--broadcast-blocks <count>',
    environment: 'PULSELEDGER_BROADCAST_BLOCKS',
    kind: 'number',
    form: '1 to 10000',
    default: String(NODE_LIMITS.broadcastBlocksMax),
    help: 'latest blocks that this JSON holds at most',
    commands: RUNNING,
    parse: integer(1, 10_000),
  }),
  connectionsMax: row({
    flag: '--connections-max <count>',
    environment: 'PULSELEDGER_CONNECTIONS_MAX',
    kind: 'number',
    form: '1 to 100000',
    default: String(NODE_LIMITS.connectionsMax),
    help: 'terminals connected at once',
    commands: RUNNING,
    parse: integer(1, 100_000),
  }),
  connectionsPerAddressMax: row({
    flag: '--connections-per-address-max <count>',
    environment: 'PULSELEDGER_CONNECTIONS_PER_ADDRESS_MAX',
    kind: 'number',
    form: '1 to 100000',
    default: String(NODE_LIMITS.connectionsPerAddressMax),
    help: 'terminals connected at once from one address',
    commands: RUNNING,
    parse: integer(1, 100_000),
  }),
  json: row({
    flag: '--json',
    environment: 'PULSELEDGER_JSON',
    kind: 'switch',
    form: 'true, false or auto',
    default: 'auto',
    help: 'one JSON line an event on stdout, or with --no-json never; auto: when that is not a terminal',
    commands: RUNNING,
    parse: oneOf(['true', 'false', 'auto']),
  }),
  logLevel: row({
    flag: '-l, --log-level <level>',
    environment: 'PULSELEDGER_LOG_LEVEL',
    kind: 'text',
    form: LOG_LEVELS.join(', '),
    default: 'warn',
    help: 'which operational messages go to stderr',
    commands: RUNNING,
    parse: oneOf(LOG_LEVELS),
  }),
  crypto: row({
    flag: '--crypto <library>',
    environment: 'PULSELEDGER_CRYPTO',
    kind: 'text',
    form: CRYPTO_PREFERENCES.join(', '),
    default: 'auto',
    help: 'library for Ed25519: sodium-native is the faster one, node:crypto is always there',
    commands: [...RUNNING, 'verify'],
    parse: oneOf(CRYPTO_PREFERENCES),
  }),
  mine: row({
    flag: '--mine <choice>',
    environment: 'PULSELEDGER_MINE',
    kind: 'text',
    form: 'on or off',
    default: 'on',
    help: 'make blocks where they take work; off: leave it to other nodes',
    commands: RUNNING,
    parse: oneOf(['on', 'off']),
  }),
  mineThreads: row<number | undefined>({
    flag: '--mine-threads <count>',
    environment: 'PULSELEDGER_MINE_THREADS',
    kind: 'number',
    form: `1 to ${NODE_LIMITS.miningThreadsMax}`,
    default: undefined,
    help: 'threads that do this work; otherwise one fewer than there are cores',
    commands: RUNNING,
    parse: integer(1, NODE_LIMITS.miningThreadsMax),
  }),
  config: row<string | undefined>({
    flag: '-c, --config <file>',
    environment: 'PULSELEDGER_CONFIG',
    kind: 'path',
    form: 'a JSON file',
    default: undefined,
    help: 'configuration file instead of pulseledger.json, which may be missing',
    commands: 'all',
    parse: path,
  }),
} as const

export type OptionKey = keyof typeof OPTIONS

export type ConfigValues = {
  readonly [K in OptionKey]: (typeof OPTIONS)[K] extends OptionRow<infer T> ? T : never
}

export const OPTION_KEYS = Object.keys(OPTIONS) as OptionKey[]

/** The keys that a configuration file may have, by those of the table: it cannot name another file. */
export const FILE_KEYS: ReadonlyMap<OptionKey, string> = new Map(
  OPTION_KEYS.filter((key) => key !== 'config').map((key) => {
    const { fileKey = key }: OptionRow<unknown> = OPTIONS[key]
    return [key, fileKey]
  }),
)

/** Read from the environment alone, before anything else is: see docs/CONFIGURATION.md. */
export const DEBUG_VARIABLE = 'PULSELEDGER_DEBUG'

function row<T>(given: OptionRow<T>): OptionRow<T> {
  return given
}

import type { GenesisDocument } from '@pulseledger/core'

/**
 * What a node is told when it is made: plain data, checked and complete. `config/` makes it from flags, the
 * environment and files; tests write it by hand. Nothing below reads the environment or fills in a default.
 */
export interface NodeOptions {
  /** Absolute path of the directory that holds the ledger, the key and the lock. Made when it is missing. */
  readonly dataDirectory: string
  /** Ports on which terminals are served, at least one. No two share host and port, but for port 0. */
  readonly terminalPorts: readonly TerminalPort[]
  /** Somebody chose these ports: one that is taken is an error. Else the next free one is used instead. */
  readonly terminalPortsExplicit: boolean
  /** Devices to connect to; each sends one reading a line. */
  readonly sources: readonly SourceAddress[]
  /** How often each terminal gets the chain as JSON. 0 turns it off. */
  readonly broadcastIntervalMs: number
  /** How many of the latest blocks a broadcast holds. */
  readonly broadcastBlocksMax: number
  /** One JSON line an event on stdout; undefined decides by whether stdout is a terminal. */
  readonly json: boolean | undefined
  readonly logLevel: LogLevel
  /** Open terminal connections, over all ports. */
  readonly connectionsMax: number
  /** Open terminal connections from one address, over all ports. */
  readonly connectionsPerAddressMax: number
  /** What to begin a ledger with when the data directory has none; what to compare with when it has one. */
  readonly genesis: GenesisChoice
  /** Which Ed25519 library: `auto` takes sodium-native when it loads. */
  readonly crypto: CryptoPreference
  /** Threads that search nonces where blocks take work; 0: this node makes no blocks there. */
  readonly miningThreads: number
  /** Where other nodes reach this one, as `NodeAddress`; undefined: no network at all. Never empty. */
  readonly listen: readonly NodeAddress[] | undefined
  /** As `terminalPortsExplicit`. */
  readonly listenExplicit: boolean
  /** Nodes that are dialled again for ever. */
  readonly peers: readonly NodeAddress[]
  /** Nothing is signed or put into a block before one of them told how far it is, however long that takes. */
  readonly waitsForPeers?: boolean
  /** Find nodes of the local network, and be found by them. */
  readonly mdns: boolean
  /** Ask peers for the addresses of others, and tell them ours. */
  readonly peerExchange: boolean
  /** Absolute path of the key that all nodes of a closed group share; undefined: the group is open. */
  readonly swarmKeyFile: string | undefined
  /** Told to others instead of the addresses that the node finds by itself; empty: those. */
  readonly announce: readonly NodeAddress[]
  /** Ask the router to forward a port. */
  readonly upnp: boolean
  /** Carry the connections of others who cannot reach one another. */
  readonly relayServer: boolean
  /** Nodes that carry connections to this one. */
  readonly relays: readonly NodeAddress[]
  /** How the command line is called here, for the commands that the node suggests: `npx pulseledger`. */
  readonly invocation: string
  /** What the first terminal is told at start beside what is there. */
  readonly notes: readonly StartNote[]
}

/**
 * Where a node is or listens: `host:port`, `[IPv6 address]:port`, or a multiaddr, which begins with a slash.
 * At most `nodeAddressBytesMax` printable ASCII characters.
 */
export type NodeAddress = string

/** Something at start that is not as usual, and that somebody would otherwise wonder about. */
export type StartNote =
  /** The default directory is in use; `to` is used instead. Both absolute. */
  | { readonly kind: 'directory-moved'; readonly from: string; readonly to: string }
  /** A port that nobody chose is taken; the next free one is used. */
  | {
      readonly kind: 'port-moved'
      readonly service: 'terminals' | 'nodes'
      readonly from: number
      readonly to: number
    }
  /**
   * The directory was empty, and its ledger was fetched. `isTrusted`: nothing said which it had to be, so the
   * one that these nodes gave was taken.
   */
  | { readonly kind: 'joined'; readonly addresses: readonly NodeAddress[]; readonly isTrusted: boolean }
  /** The ledger was begun again with what it had as pending entries: see rejoin-ledger.ts. */
  | {
      readonly kind: 'rejoined'
      readonly setAside: string
      readonly offeredCount: number
      readonly erasedCount: number
    }

/**
 * What is chosen of a genesis document; the rest has defaults. With both `time` and `salt` the document, and
 * so the ledger id, is complete: a data directory with another ledger id is then refused. Without them it is
 * only used to begin a ledger, with the clock's time and a random salt.
 */
export type GenesisChoice = Pick<GenesisDocument, 'name'> & Partial<GenesisDocument>

export interface TerminalPort {
  /** An address of this machine, or a name that resolves to one. */
  readonly host: string
  /** 0..65535; 0 lets the system choose. */
  readonly port: number
  /** Absent: the first measure of the ledger. */
  readonly measure?: string
  readonly subject?: string
}

export interface SourceAddress {
  readonly host: string
  /** 1..65535 */
  readonly port: number
  /** Absent: the first measure of the ledger. */
  readonly measure?: string
  readonly subject?: string
}

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

export const CRYPTO_PREFERENCES = ['auto', 'sodium', 'node'] as const

export type CryptoPreference = (typeof CRYPTO_PREFERENCES)[number]

import type { Hash } from '@pulseledger/core'
import type { Clock, Logger, NodeCrypto, Random } from '../../ports.ts'

export interface Libp2pNetworkInit {
  readonly ledgerId: Hash
  /** The genesis document, for those who ask which ledger this is. */
  readonly genesis: Uint8Array
  /** The 32 bytes of the node's key: it is its key on the network too. */
  readonly privateSeed: Uint8Array
  /** `host:port` or multiaddrs; `/ws` at the end for WebSockets. Empty: nobody can connect to us. */
  readonly listen: readonly string[]
  /** Where else we can be reached, such as behind a port that a router forwards. */
  readonly announce?: readonly string[]
  /** Nodes that a connection is always kept to. */
  readonly peers: readonly string[]
  /** Undefined: nothing is remembered. */
  readonly addressBookPath?: string
  /** Whether to look for nodes of this ledger on the local network, and to be found there. */
  readonly mdns: boolean
  /** Whether to ask peers for other nodes, and to tell them. */
  readonly peerExchange: boolean
  /** 32 bytes, of `parseSwarmKey`. */
  readonly swarmKey?: Uint8Array
  /** Whether to ask the router to forward a port. */
  readonly upnp: boolean
  readonly relay: {
    /** Carry the connections of nodes that cannot be connected to. */
    readonly server: boolean
    /** Nodes of this ledger that do so for us. */
    readonly use: readonly string[]
  }
  /** Peers beyond which none is dialled but those in `peers`. */
  readonly targetPeers: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly crypto: NodeCrypto
}

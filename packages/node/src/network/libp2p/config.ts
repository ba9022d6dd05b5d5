import type { GossipSub } from '@libp2p/gossipsub'
import { type Identify, identify } from '@libp2p/identify'
import type { ConnectionGater, PeerInfo, PrivateKey, ServiceMap } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { type Hash, toHex } from '@pulseledger/core'
import type { Libp2pOptions } from 'libp2p'
import { NODE_LIMITS } from '../../limits.ts'
import type { Clock } from '../../ports.ts'
import type { GossipFactory } from './gossip.ts'
import { watched } from './silence.ts'
import { formatSwarmKey } from './swarm-key.ts'

/**
 * How libp2p is set up. Several of its defaults fail silently in groups like ours, and nothing but a missing
 * message tells of it: each setting that is here for that reason says what happens without it.
 */
export interface Services extends ServiceMap {
  readonly identify: Identify
  readonly ping: Ping
  readonly pubsub: GossipSub
}

export interface TransportInit {
  readonly clock: Clock
  /** 32 bytes. Undefined: anybody may connect. */
  readonly swarmKey: Uint8Array | undefined
  readonly usesRelays: boolean
}

export interface NodeInit extends TransportInit {
  readonly privateKey: PrivateKey
  readonly ledgerId: Hash
  /** Multiaddrs. */
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly gater: ConnectionGater
  readonly gossip: GossipFactory
  /** Told of nodes on the local network; undefined: neither ask nor answer there. */
  readonly onLocalPeer: ((peer: PeerInfo) => void) | undefined
  readonly isRelayServer: boolean
  readonly upnp: boolean
}

/** What every connection is made of, also that of a node that only asks for a genesis document. */
export async function transportOptions({
  clock,
  swarmKey,
  usesRelays,
}: TransportInit): Promise<Libp2pOptions> {
  const relays = usesRelays ? [(await import('@libp2p/circuit-relay-v2')).circuitRelayTransport()] : []
  return {
    // Our own: the default tells strangers the version of Node.
    nodeInfo: { name: 'pulseledger', version: '1', userAgent: 'pulseledger' },
    transports: [tcp({ backlog: NODE_LIMITS.peerInboundPendingMax }), webSockets(), ...relays],
    connectionEncrypters: [noise()],
    streamMuxers: [
      // A stream that is not read holds as many bytes here, and its sender goes on until then. The default
      // window grows to 16 MiB.
      watched(
        yamux({
          streamOptions: { maxStreamWindowSize: NODE_LIMITS.peerWindowBytes },
          // 30 s by default. It is what the other end hears of a connection that has nothing to say.
          keepAliveInterval: NODE_LIMITS.peerPingIntervalMs,
        }),
        clock,
      ),
    ],
    // It ends connections that are busy: see silence.ts.
    connectionMonitor: { enabled: false },
    ...(swarmKey === undefined ? {} : { connectionProtector: await protector(swarmKey) }),
    // Addresses expire after an hour by default, also those of connected peers; then a redial finds none.
    peerStore: { maxAddressAge: Number.POSITIVE_INFINITY, maxPeerAge: Number.POSITIVE_INFINITY },
  }
}

export async function nodeOptions(init: NodeInit): Promise<Libp2pOptions<Services>> {
  return {
    ...(await transportOptions(init)),
    privateKey: init.privateKey,
    start: false,
    addresses: { listen: [...init.listen], appendAnnounce: [...init.announce] },
    connectionGater: init.gater,
    connectionManager: {
      maxConnections: NODE_LIMITS.peerConnectionsMax,
      // 5 a second and host by default: of a class behind one router most are refused, and what they see is
      // an error of the encryption.
      inboundConnectionThreshold: NODE_LIMITS.peerInboundPerSecondMax,
      // 10 in all by default, with the same effect.
      maxIncomingPendingConnections: NODE_LIMITS.peerInboundPendingMax,
      dialTimeout: NODE_LIMITS.peerDialTimeoutMs,
      // Redials are ours: libp2p's own give up after half a minute.
      reconnectRetries: 0,
    },
    ...(init.onLocalPeer === undefined
      ? {}
      : { peerDiscovery: [await localDiscovery(init, init.onLocalPeer)] }),
    services: {
      // 5 s by default: without its answer gossip never begins with that peer.
      identify: identify({ timeout: NODE_LIMITS.peerDialTimeoutMs }),
      ping: ping(),
      pubsub: init.gossip,
      ...(await reachability(init)),
    },
  }
}

async function protector(swarmKey: Uint8Array): Promise<NonNullable<Libp2pOptions['connectionProtector']>> {
  const { preSharedKey } = await import('@libp2p/pnet')
  // 1 s by default, which a busy machine misses.
  return preSharedKey({ psk: formatSwarmKey(swarmKey), timeout: NODE_LIMITS.peerDialTimeoutMs })
}

type Discovery = NonNullable<Libp2pOptions['peerDiscovery']>[number]

/**
 * Nodes on the local network, by mDNS. They ask for their ledger alone, so that the nodes of two classes in
 * one building do not meet all the time. What is found is not only new peers, as libp2p's event tells, but
 * also known ones at a new port.
 */
async function localDiscovery(
  { ledgerId }: NodeInit,
  onLocalPeer: (peer: PeerInfo) => void,
): Promise<Discovery> {
  const { mdns } = await import('@libp2p/mdns')
  const serviceTag = `_pulseledger-${toHex(ledgerId).slice(0, 16)}._udp.local`
  return (components) => {
    const discovery = mdns({ serviceTag })(components)
    discovery.addEventListener('peer', ({ detail }) => onLocalPeer(detail))
    return discovery
  }
}

/** What helps nodes behind home routers; imported only when it is switched on. */
async function reachability({ isRelayServer, usesRelays, upnp }: NodeInit): Promise<object> {
  // By default a relayed connection ends after 128 kB or 2 minutes. Here both ends are of one ledger.
  const reservations = { applyDefaultLimit: false }
  const relays = isRelayServer ? await import('@libp2p/circuit-relay-v2') : undefined
  return {
    ...(relays ? { relay: relays.circuitRelayServer({ reservations }) } : {}),
    ...(usesRelays ? { dcutr: (await import('@libp2p/dcutr')).dcutr() } : {}),
    ...(upnp ? { upnp: (await import('@libp2p/upnp-nat')).uPnPNAT() } : {}),
  }
}

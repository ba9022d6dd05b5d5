import { join } from 'node:path'
import { bitswap } from '@helia/block-brokers'
import { Helia } from '@helia/utils'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createOrbitDB } from '@orbitdb/core'
import { LevelBlockstore } from 'blockstore-level'
import { MemoryDatastore } from 'datastore-core'
import { createLibp2p } from 'libp2p'
import type { Reading, Rival, RivalInit } from './protocol.ts'

/**
 * OrbitDB's `events` database. Every entry is signed (secp256k1), and every replica checks the signature.
 *
 * Helia is its own class with the two parts that OrbitDB needs, blocks on disk and bitswap: the package
 * `helia` would add WebRTC and HTTP gateways, and half a gigabyte. libp2p is that of pulseledger, with the
 * same transport, encryption and multiplexer.
 */
export async function startOrbitdb({ directory, database, peers, seen }: RivalInit): Promise<Rival> {
  const libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 100 },
    services: {
      identify: identify(),
      pubsub: gossipsub({ allowPublishToZeroTopicPeers: true, scoreParams: { IPColocationFactorWeight: 0 } }),
    },
  })
  const ipfs = new Helia({
    libp2p,
    blockstore: new LevelBlockstore(join(directory, 'blocks')),
    datastore: new MemoryDatastore(),
    blockBrokers: [bitswap()],
    routers: [],
  })
  await ipfs.start()
  for (const port of peers) await libp2p.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`))
  const orbitdb = await createOrbitDB({ ipfs, directory: join(directory, 'orbitdb') })
  const db = await orbitdb.open(database ?? 'readings', { type: 'events' })
  // One writer, so its clock counts the entries, and a joined entry brings all before it.
  db.events.on('update', (entry) => seen(entry.clock.time))
  db.events.on('error', (error) => console.error(error))
  return {
    port: Number(/\/tcp\/(\d+)/.exec(String(libp2p.getMultiaddrs()[0]))?.[1]),
    database: db.address,
    append: async (readings: readonly Reading[]) => {
      for (const reading of readings) await db.add(reading)
    },
    count: async () => (await db.all()).length,
    stop: async () => {
      await orbitdb.stop()
      await ipfs.stop()
    },
  }
}

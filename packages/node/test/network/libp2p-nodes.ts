import { hash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { utf8 } from '@pulseledger/core'
import { systemClock } from '../../src/adapters/clock.ts'
import { systemRandom } from '../../src/adapters/random.ts'
import { nodeCrypto } from '../../src/crypto/node-crypto.ts'
import type { Libp2pNetworkInit } from '../../src/network/libp2p/init.ts'
import { Libp2pNetwork } from '../../src/network/libp2p/network.ts'
import { eventually } from '../support/eventually.ts'
import { keepingLogger } from '../support/log.ts'
import { LEDGER, type NetworkDriver, Recorder, type TestNode } from './conformance.ts'

export const GENESIS = utf8('the document of the tests')

export interface Libp2pNode extends TestNode {
  readonly network: Libp2pNetwork
  readonly logger: ReturnType<typeof keepingLogger>
}

/** A network that is not started, on a free port of this machine, with nothing that reaches beyond it. */
export function newNetwork(init: Partial<Libp2pNetworkInit> = {}): Libp2pNetwork {
  return new Libp2pNetwork({
    ledgerId: LEDGER,
    genesis: GENESIS,
    privateSeed: new Uint8Array(randomBytes(32)),
    listen: ['127.0.0.1:0'],
    peers: [],
    mdns: false,
    peerExchange: false,
    upnp: false,
    relay: { server: false, use: [] },
    targetPeers: 8,
    clock: systemClock,
    random: systemRandom,
    logger: keepingLogger(),
    crypto: nodeCrypto(),
    ...init,
  })
}

/** Nodes that are stopped together. */
export class Libp2pNodes {
  readonly #networks: Libp2pNetwork[] = []

  async join(init: Partial<Libp2pNetworkInit> = {}): Promise<Libp2pNode> {
    const logger = keepingLogger()
    const network = newNetwork({ logger, ...init })
    const seen = new Recorder()
    await network.start(seen)
    this.#networks.push(network)
    return { network, seen, logger }
  }

  async close(): Promise<void> {
    await Promise.all(this.#networks.map((network) => network.stop()))
  }
}

export function addressOf({ network }: TestNode): string {
  return network.addresses[0] ?? 'none'
}

/** The same key for the same name. */
export function seedOf(name: string): Uint8Array {
  return new Uint8Array(hash('sha256', name, 'buffer'))
}

export async function until(look: () => boolean): Promise<void> {
  await eventually(look).toBe(true)
}

export function libp2pDriver(): NetworkDriver {
  const nodes = new Libp2pNodes()
  return {
    banMs: 1_500,
    join: ({ peers = [], ledgerId = LEDGER } = {}) => nodes.join({ ledgerId, peers: peers.map(addressOf) }),
    until,
    // Only to give what must not happen the time to happen: nothing waits for this.
    settle: () => sleep(300),
    close: () => nodes.close(),
  }
}
